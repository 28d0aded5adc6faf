"""Attacks that adapt: how many detected records could have been sent unseen, and at what price.

The attacker sees the scores of whatever he tries (more than real ones see) and knows nothing of how
they come about. For each detected record he changes what `oddflow.evaluate.evasion` lets him, one
axis at a time, keeps the few plans that score lowest, and goes on from these until one is not
flagged or his queries are used up; then he takes back whatever was not needed. It is a greedy
search: that it finds no way does not prove that there is none, so recall afterwards is an upper
bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from oddflow.core.detector import Detector
from oddflow.core.errors import InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.evaluate.attacker import is_known
from oddflow.evaluate.evaded import KindEvaded, SystemEvaded, in_words
from oddflow.evaluate.evasion import AXES, Evader, Levels

Floats = NDArray[np.float64]

BEAM = 3
"""Plans of each record that a round goes on from."""
ROUNDS = 5
BLOCK = 64
"""Records searched for at a time, which bounds memory."""
ALTERNATIVES = np.array(
    [(axis, level) for axis, levels in enumerate(AXES.values()) for level in range(len(levels))]
)
"""Every level of every axis, shape (k, 2)."""


class Evasion(NamedTuple):
    """What the search found for n detected records.

    Attributes:
        levels: the cheapest plan found, shape (n, len(AXES)); meaningless where none was.
        is_found: shape (n,).
        queries: scores asked for, shape (n,).
    """

    levels: Levels
    is_found: NDArray[np.bool_]
    queries: NDArray[np.int64]


class ScoreOf(Protocol):
    """Scores of plans, at most a block of records and their alternatives at a time."""

    def __call__(self, rows: NDArray[np.intp], levels: Levels, /) -> Floats:
        """Score of each row under its plan, shape (n,)."""
        ...


def evade(
    score_of: ScoreOf, evader: Evader, rows: NDArray[np.intp], threshold: float, *, budget: int
) -> Evasion:
    """Search for a plan for each of some detected records.

    Args:
        score_of: asks the detector.
        evader: the moves.
        rows: of the records, at most `BLOCK`.
        threshold: above it is flagged.
        budget: queries after which no further round is begun for a record.
    """
    n = len(rows)
    beam = np.zeros((n, 1, len(AXES)), dtype=np.int64)
    best, is_found = np.zeros((n, len(AXES)), dtype=np.int64), np.zeros(n, dtype=np.bool_)
    queries = np.zeros(n, dtype=np.int64)
    for _ in range(ROUNDS):
        live = np.flatnonzero(~is_found & (queries < budget))
        if not len(live):
            break
        tried, scores = _round(score_of, evader, rows[live], beam[live])
        queries[live] += np.isfinite(scores).sum(axis=1)
        effort = _effort(evader, rows[live], tried)
        passes = scores <= threshold
        chosen = np.argmin(np.where(passes, effort, np.inf), axis=1)
        hit = passes.any(axis=1)
        best[live[hit]], is_found[live[hit]] = tried[hit, chosen[hit]], True
        order = np.argsort(scores, axis=1, kind="stable")[:, :BEAM]
        kept = np.take_along_axis(tried, order[:, :, None], axis=1)
        beam = np.repeat(beam[:, :1], kept.shape[1], axis=1)
        beam[live] = kept
    found = np.flatnonzero(is_found)
    best[found], more = _taken_back(score_of, evader, rows[found], best[found], threshold)
    queries[found] += more
    return Evasion(best, is_found, queries)


def _round(
    score_of: ScoreOf, evader: Evader, rows: NDArray[np.intp], beam: Levels
) -> tuple[Levels, Floats]:
    """All plans one level away from those of the beam, (n, m, axes), and their scores, (n, m).

    What cannot be done, or changes nothing, scores infinity and is not asked for.
    """
    n, width, _ = beam.shape
    tried = np.repeat(beam, len(ALTERNATIVES), axis=1)
    which = np.tile(np.arange(len(ALTERNATIVES)), width)
    tried[:, np.arange(tried.shape[1]), ALTERNATIVES[which, 0]] = ALTERNATIVES[which, 1]
    was = np.repeat(beam, len(ALTERNATIVES), axis=1)
    every = np.repeat(rows, tried.shape[1])
    flat = tried.reshape(-1, len(AXES))
    possible = (evader.changes(every, flat) == (flat > 0)).all(axis=1)
    is_new = (flat != was.reshape(-1, len(AXES))).any(axis=1)
    scores = np.full(len(flat), np.inf)
    asked = np.flatnonzero(possible & is_new)
    scores[asked] = score_of(every[asked], flat[asked])
    return tried, scores.reshape(n, -1)


def _taken_back(
    score_of: ScoreOf, evader: Evader, rows: NDArray[np.intp], levels: Levels, threshold: float
) -> tuple[Levels, NDArray[np.int64]]:
    """Plans that still pass with the least effort, by single levels lower, and queries for it."""
    levels, queries = levels.copy(), np.zeros(len(rows), dtype=np.int64)
    live = np.arange(len(rows))
    while len(live):
        tried, scores = _round(score_of, evader, rows[live], levels[live, None])
        queries[live] += np.isfinite(scores).sum(axis=1)
        effort = np.where(scores <= threshold, _effort(evader, rows[live], tried), np.inf)
        chosen = np.argmin(effort, axis=1)
        at = np.arange(len(live))
        now = evader.cost(rows[live], levels[live]).effort
        is_less = effort[at, chosen] < now - 1e-9
        levels[live[is_less]] = tried[is_less, chosen[is_less]]
        live = live[is_less]
    return levels, queries


def _effort(evader: Evader, rows: NDArray[np.intp], tried: Levels) -> Floats:
    """Effort of plans (n, m, axes), shape (n, m)."""
    n, m, _ = tried.shape
    flat = tried.reshape(-1, len(AXES))
    return evader.cost(np.repeat(rows, m), flat).effort.reshape(n, m)


def run_adversary(
    detector: Detector,
    test: LabelledMatrix,
    *,
    seed: int,
    per_kind: int,
    budget: int,
    on_records: Callable[[int], None] | None = None,
) -> SystemEvaded:
    """Let the attacker search against a fitted detector.

    Args:
        detector: whose scores he sees.
        test: records with labels; profile kdd41 or traffic28.
        seed: of the records drawn.
        per_kind: most records of each kind of attack that are searched for.
        budget: queries after which no further round is begun for a record.
        on_records: told how many records of the draw are done.

    Raises:
        InputError: other features than KDD's, no attack, or a number below 1.
    """
    if not is_known(test.features.schema):
        raise InputError(
            "what an attacker can change is known for the profiles kdd41 and traffic28; the "
            f"features of {test.name} are {test.features.schema.profile!r}"
        )
    if min(per_kind, budget) < 1 or not test.labels.is_attack.any():
        raise InputError(
            "expected attacks, and at least 1 record of each and 1 query, received "
            f"{int(test.labels.is_attack.sum())}, {per_kind} and {budget}"
        )
    drawn = _draw(test, per_kind, seed)
    attacks = test.take(drawn)
    evader = Evader(attacks.features, attacks.labels)

    def score_of(rows: NDArray[np.intp], levels: Levels) -> Floats:
        return detector.score_samples(evader.apply(rows, levels))

    threshold = detector.threshold_
    detected = detector.score_samples(attacks.features) > threshold
    levels = np.zeros((len(drawn), len(AXES)), dtype=np.int64)
    is_found = np.zeros(len(drawn), dtype=np.bool_)
    queries = np.zeros(len(drawn), dtype=np.int64)
    todo = np.flatnonzero(detected)
    for start in range(0, len(todo), BLOCK):
        rows = todo[start : start + BLOCK]
        found = evade(score_of, evader, rows, threshold, budget=budget)
        levels[rows], is_found[rows], queries[rows] = found
        if on_records is not None:
            on_records(start + len(rows))
    kinds = tuple(_kinds(test, attacks, evader, detected, Evasion(levels, is_found, queries)))
    return SystemEvaded(seed, kinds, float(queries[todo].mean()) if len(todo) else 0.0)


def _draw(test: LabelledMatrix, per_kind: int, seed: int) -> NDArray[np.intp]:
    """Rows of at most `per_kind` records of each attack."""
    rng = np.random.default_rng(seed)
    kinds = sorted(set(test.labels.attack[test.labels.is_attack]))
    rows = [
        rng.permutation(np.flatnonzero(test.labels.attack == kind))[:per_kind] for kind in kinds
    ]
    return np.concatenate(rows)


def _kinds(
    test: LabelledMatrix,
    attacks: LabelledMatrix,
    evader: Evader,
    detected: NDArray[np.bool_],
    evasion: Evasion,
) -> Iterator[KindEvaded]:
    """What was found, kind by kind, the most frequent first."""
    names, counts = np.unique(test.labels.attack[test.labels.is_attack], return_counts=True)
    for i in np.argsort(-counts, kind="stable"):
        rows = np.flatnonzero(attacks.labels.attack == names[i])
        found = rows[evasion.is_found[rows]]
        effort = evader.cost(found, evasion.levels[found]).effort
        least = int(np.argmin(effort)) if len(found) else -1
        yield KindEvaded(
            attack=str(names[i]),
            n_records=int(counts[i]),
            n_tried=len(rows),
            n_detected=int(detected[rows].sum()),
            n_evaded=len(found),
            median_effort=float(np.median(effort)) if len(found) else None,
            cheapest=in_words(evasion.levels[found[least]]) if len(found) else "",
            cheapest_effort=float(effort[least]) if len(found) else None,
        )

"""A fitted model that goes on learning what is normal while it scores. State in, state out.

Each block of records is scored with what was learnt from the blocks before it, and learnt from
after that. No label is used. What may be learnt, and how:

- a record that is somewhat odd, but not among the oddest, and whose exchange was clean (see
  `oddflow.detect.clean_exchange`) **waits**;
- a waiting record is **adopted** once enough others like it have waited for a while: normal traffic
  that has changed keeps coming, and so does a patient attacker;
- the score of a clean record with adopted records near it is **lowered**, down to the median of
  normal traffic if there are enough of them. No score rises, and none of the oddest is lowered.

The network and its calibration stay as they are. What is remembered is bounded by
`OnlineSettings.capacity`, whatever the traffic. Whoever sends enough of an attack that looks like a
clean exchange teaches the model to pass it; with `oddest` at the rate that alerts are given at,
which is the default, what would alert is neither learnt nor silenced. docs/online.md has the
measured gain, which is little, and the measured risk, which without that guard is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.calibrate import Calibration
from oddflow.detect.clean_exchange import is_clean_exchange
from oddflow.detect.model import Model

Array = NDArray[np.float32]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ages = NDArray[np.int64]

REACH_SD = 5.0
"""Encoded numbers are clipped to so many standard deviations before distances are taken, lest one
wild number make all records equally far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineSettings:
    """How eagerly to learn; docs/online.md says how the defaults came about.

    Attributes:
        radius: encoded records at most this far apart (Euclidean, in standard deviations) are
            alike.
        n_neighbors: so many alike are enough: waiting ones to be adopted, adopted ones to have the
            score lowered to the median; fewer lower it in proportion.
        min_age: records that must have come since those others; a burst teaches nothing.
        adoption_rate: share of all records seen that may ever have been adopted.
        capacity: records that wait at most, and adopted ones that are remembered at most; the
            latest stay.
        oddest: a record with a p-value of this or below is never adopted nor lowered. At the rate
            that alerts are given at, no alert is ever silenced.
        oddish: only records with a p-value of at most this are adopted; others need no help.

    Raises:
        InputError: a value out of range.
    """

    radius: float = 3.0
    n_neighbors: int = 5
    min_age: int = 500
    adoption_rate: float = 0.05
    capacity: int = 2_000
    oddest: float = 0.05
    oddish: float = 0.3

    def __post_init__(self) -> None:
        counts = self.n_neighbors >= 1 and self.min_age >= 0 and self.capacity >= 1
        rates = 0 < self.adoption_rate <= 1 and 0 <= self.oddest < self.oddish <= 1
        if not (self.radius > 0 and counts and rates):
            raise InputError(
                "expected radius, n_neighbors and capacity above 0, min_age from 0, adoption_rate "
                f"above 0 and up to 1, and 0 <= oddest < oddish <= 1; received {self}"
            )


EAGER = OnlineSettings(oddest=0.01)
"""Silences false alarms too: the best choice on KDDTrain+, and a bad one on KDDTest+, where attacks
are learnt as well."""


@dataclass(frozen=True, eq=False, slots=True)
class OnlineState:
    """What was learnt so far.

    Attributes:
        n_seen: records scored.
        n_adopted: records ever adopted.
        waiting: encoded, shape (m, columns), m at most `capacity`; the oldest first.
        waiting_since: number of the record in the stream, shape (m,), ascending.
        adopted: encoded, shape (k, columns), k at most `capacity`; the oldest first.
    """

    n_seen: int
    n_adopted: int
    waiting: Array
    waiting_since: Ages
    adopted: Array


class Block(NamedTuple):
    """Records that are scored together.

    Attributes:
        encoded: clipped to `REACH_SD`, shape (n, columns).
        scores: of the frozen model, shape (n,).
        is_clean: whether a record may be adopted or lowered at all, shape (n,).
    """

    encoded: Array
    scores: Floats
    is_clean: Bools

    def take(self, rows: NDArray[np.intp]) -> Block:
        """The records of some rows, in the order given."""
        return Block(self.encoded[rows], self.scores[rows], self.is_clean[rows])


@dataclass(frozen=True, eq=False)
class OnlineModel:
    """A model, and how it learns on.

    Attributes:
        model: as it was trained; it is not changed.
        settings: how eagerly to learn.
        is_clean: features -> whether each record may be learnt at all, shape (n,).
    """

    model: Model
    settings: OnlineSettings = OnlineSettings()
    is_clean: Callable[[FeatureMatrix], Bools] = is_clean_exchange

    def start(self) -> OnlineState:
        """Nothing learnt yet."""
        return started(self.model.encoder.n_columns)

    def step(self, state: OnlineState, records: FeatureMatrix) -> tuple[Floats, OnlineState]:
        """Score a block of records, then learn from it.

        Returns:
            Scores in the units of the model's own, shape (n,), which depend on `state` and on each
            record alone; and the state with which to score the next block.

        Raises:
            SchemaMismatch: other features than the model was trained on.
        """
        block = self.look_at(records)
        calibration = self.model.calibration
        scores = adapted_scores(state, block, calibration, self.settings)
        return scores, learnt(state, block, calibration, self.settings)

    def score_samples(self, state: OnlineState, records: FeatureMatrix) -> Floats:
        """The scores that `step` gives, shape (n,); nothing is learnt."""
        block = self.look_at(records)
        return adapted_scores(state, block, self.model.calibration, self.settings)

    def look_at(self, records: FeatureMatrix) -> Block:
        """What `adapted_scores` and `learnt` take of records; no state comes into it."""
        encoded = self.model.encoder.transform(records)
        scores = self.model.scorer.scores(encoded)
        return Block(np.clip(encoded, -REACH_SD, REACH_SD), scores, self.is_clean(records))


def started(n_columns: int) -> OnlineState:
    """The state before the first record, for encoded records of so many columns."""
    nothing = np.empty((0, n_columns), dtype=np.float32)
    return OnlineState(0, 0, nothing, np.empty(0, dtype=np.int64), nothing)


def adapted_scores(
    state: OnlineState, block: Block, calibration: Calibration, settings: OnlineSettings
) -> Floats:
    """Scores of a block, those of clean records lowered where adopted records are near."""
    scores, median = block.scores.copy(), float(calibration.scores[len(calibration) // 2])
    p_values = calibration.p_values(scores)
    open_to = np.flatnonzero(block.is_clean & (p_values > settings.oddest) & (scores > median))
    if len(state.adopted) and len(open_to):
        alike = are_alike(block.encoded[open_to], state.adopted, settings.radius)
        share = np.minimum(alike.sum(axis=1) / settings.n_neighbors, 1.0)
        scores[open_to] -= share * (scores[open_to] - median)
    return scores


def learnt(
    state: OnlineState, block: Block, calibration: Calibration, settings: OnlineSettings
) -> OnlineState:
    """The state after a block: what of it waits, and what of it is adopted."""
    p_values = calibration.p_values(block.scores)
    may_wait = block.is_clean & (p_values > settings.oddest) & (p_values <= settings.oddish)
    rows = np.flatnonzero(may_wait)
    n_seen = state.n_seen + len(block.scores)
    if not len(rows):
        return replace(state, n_seen=n_seen)
    came = block.encoded[rows]
    is_old = state.waiting_since <= state.n_seen - settings.min_age
    taken = came[:0]
    if is_old.any():
        alike = are_alike(came, state.waiting[is_old], settings.radius).sum(axis=1)
        n_left = int(settings.adoption_rate * n_seen) - state.n_adopted
        taken = came[alike >= settings.n_neighbors][: max(n_left, 0)]
    last = slice(-settings.capacity, None)
    return OnlineState(
        n_seen,
        state.n_adopted + len(taken),
        np.concatenate([state.waiting, came])[last],
        np.concatenate([state.waiting_since, state.n_seen + rows])[last],
        np.concatenate([state.adopted, taken])[last],
    )


def are_alike(records: Array, others: Array, radius: float) -> Bools:
    """Whether each of n records is within the radius of each of m others, shape (n, m)."""
    squared = np.square(records).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    return np.asarray(squared - 2 * (records @ others.T) <= radius**2, dtype=np.bool_)

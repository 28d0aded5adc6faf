"""Kinds of attack: which are alerted at all, how soon, and what luck alone would give.

A kind counts as alerted when one of its records is flagged. Of n records a system flags one by luck
with probability 1 - (1 - FPR)^n, where FPR is the share of the normal test records that it flags:
at 1 %, that is 63 % for 100 records and certain for 1,000. A kind is found beyond luck when as many
of its records as are flagged, or more, would be flagged with a probability below `SIGNIFICANT` if
each were flagged as often as a normal one (one-sided binomial test). Records of one kind often come
in one burst and are flagged together, so that the test is somewhat too ready to say so; and of 100
kinds that are not found, it says so of one.

An alert is given when a record is known (`Times.known_s`), which is after it began.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from oddflow.core.errors import InputError
from oddflow.core.evaluation import KindFound, KindsFound, Run
from oddflow.core.matrix import Labels, Times
from oddflow.evaluate.counts import Bools

SIGNIFICANT = 0.01
"""Below this probability, luck does not count as an explanation."""


def kinds_found(labels: Labels, runs: Sequence[Run], times: Times | None) -> KindsFound:
    """How a system finds each kind of attack among the records of a test set.

    Args:
        labels: of the records.
        runs: of the system, one a seed.
        times: of the records, in any order; None if they are not known.

    Raises:
        InputError: no run.
    """
    if not runs:
        raise InputError("expected at least one run, received none")
    flagged = [run.scores > run.threshold for run in runs]
    normal = ~labels.is_attack
    rates = [float(one[normal].mean()) if normal.any() else 0.0 for one in flagged]
    attacks = sorted(set(labels.attack[labels.is_attack].astype(str)))
    members = [np.asarray(labels.attack == attack, dtype=np.bool_) for attack in attacks]
    seeds = [
        [_seed(of_kind, one, rate) for of_kind in members]
        for one, rate in zip(flagged, rates, strict=True)
    ]
    kinds = []
    for i, (attack, of_kind) in enumerate(zip(attacks, members, strict=True)):
        alerts = [_first_alert(of_kind, normal, one, times) for one in flagged]
        kinds.append(_kind(attack, int(of_kind.sum()), [seed[i] for seed in seeds], alerts))
    return KindsFound(
        kinds=tuple(sorted(kinds, key=lambda kind: (-kind.recall, -kind.n_records, kind.attack))),
        alerted=tuple(sum(kind.n_flagged > 0 for kind in seed) for seed in seeds),
        by_luck=tuple(sum(kind.by_luck for kind in seed) for seed in seeds),
        beyond_luck=tuple(sum(kind.is_beyond_luck for kind in seed) for seed in seeds),
        is_timed=times is not None,
    )


def summary(found: KindsFound) -> str:
    """How many kinds are alerted, with what luck alone would give, in one sentence."""
    n_kinds, n_seeds = len(found.kinds), len(found.alerted)
    seeds = "" if n_seeds == 1 else f" (means of {n_seeds} seeds)"
    return (
        f"{_counted(found.alerted)} of {n_kinds} kinds alerted at least once; luck alone would "
        f"alert {_counted(found.by_luck)}; {_counted(found.beyond_luck)} are found beyond luck"
        f"{seeds}"
    )


def at_least(n_flagged: int, n: int, rate: float) -> float:
    """Probability that of n records that are each flagged at a rate, so many or more are.

    >>> at_least(1, 2, 0.5), at_least(0, 5, 0.1), at_least(3, 3, 0.0)
    (0.75, 1.0, 0.0)
    """
    if n_flagged <= 0 or rate >= 1:
        return 1.0
    if rate <= 0:
        return 0.0
    chosen = np.arange(1, n + 1)
    log_ways = np.concatenate([[0.0], np.cumsum(np.log((n - chosen + 1) / chosen))])
    k = np.arange(n_flagged, n + 1)
    logs = log_ways[n_flagged:] + k * math.log(rate) + (n - k) * math.log1p(-rate)
    return min(float(np.exp(logs).sum()), 1.0)


class _Seed(NamedTuple):
    """A kind under one seed."""

    n_flagged: int
    by_luck: float
    is_beyond_luck: bool


class _Alert(NamedTuple):
    """The first alert of a kind: seconds since it began, and false alerts since then."""

    after_s: float
    n_false: int


def _seed(of_kind: Bools, flagged: Bools, rate: float) -> _Seed:
    n, n_flagged = int(of_kind.sum()), int(flagged[of_kind].sum())
    by_luck = at_least(1, n, rate)
    return _Seed(n_flagged, by_luck, at_least(n_flagged, n, rate) < SIGNIFICANT)


def _first_alert(
    of_kind: Bools, normal: Bools, flagged: Bools, times: Times | None
) -> _Alert | None:
    alerted = of_kind & flagged
    if times is None or not alerted.any():
        return None
    began_s, alert_s = times.start_s[of_kind].min(), times.known_s[alerted].min()
    known_s = times.known_s[normal & flagged]
    n_false = int(((began_s <= known_s) & (known_s <= alert_s)).sum())
    return _Alert(float(alert_s - began_s), n_false)


def _kind(
    attack: str, n: int, seeds: Sequence[_Seed], alerts: Sequence[_Alert | None]
) -> KindFound:
    given = [alert for alert in alerts if alert is not None]
    return KindFound(
        attack=attack,
        n_records=n,
        recall=float(np.mean([seed.n_flagged / n for seed in seeds])),
        n_alerted=sum(seed.n_flagged > 0 for seed in seeds),
        n_beyond_luck=sum(seed.is_beyond_luck for seed in seeds),
        by_luck=float(np.mean([seed.by_luck for seed in seeds])),
        first_alert_s=float(np.median([alert.after_s for alert in given])) if given else None,
        false_alerts_before=float(np.median([alert.n_false for alert in given])) if given else None,
    )


def _counted(values: Sequence[float]) -> str:
    """A mean, without decimals where it is a whole number."""
    return f"{np.mean(values):.1f}".removesuffix(".0")

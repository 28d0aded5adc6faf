"""Figures side by side: ours and the published ones, one protocol and another."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from oddflow.core.evaluation import Evaluation, TestSetResult
from oddflow.core.reproduction import Published, Reproduction, System
from oddflow.evaluate.metrics import best_of

EASY = "random-split"
"""The protocol that flatters: near-copies of test records are in training."""
DECIMALS = 4
"""Of shares, as far as figures are told apart: hundredths of a percent."""


class Difference(NamedTuple):
    """The accuracy of a system on a test set, ours and the published one, as shares."""

    system: str
    test_set: str
    ours: float
    published: Published
    theirs: float

    @property
    def points(self) -> float:
        """Ours less theirs, in percentage points."""
        return 100 * (self.ours - self.theirs)


class Fall(NamedTuple):
    """What systems lose between two protocols.

    corpus: of both, empty if it is not known; easy, hard: the test sets, each with the name of its
    protocol; accuracy: system -> (on the easy one, on the hard one), as shares.
    """

    corpus: str
    easy: str
    hard: str
    accuracy: Mapping[str, tuple[float, float]]


def published_beside(system: System, evaluation: Evaluation, test_set: str) -> Published | None:
    """What was published of a system, if it may stand beside our figures of a test set.

    It may if its protocol begins with the name of ours. Of several test sets it belongs to the one
    that its protocol names, and to the first if it names none: a figure for KDDTest+ says nothing
    of KDDTest-21.
    """
    published = system.published
    if published is None or not published.protocol.startswith(evaluation.protocol):
        return None
    named = [name for name in evaluation.test_sets if name in published.protocol]
    meant = named or list(evaluation.test_sets)[:1]
    return published if test_set in meant else None


def mean_of(result: TestSetResult, system: str, metric: str) -> float:
    """The mean of a metric over the seeds; NaN if the system or the metric is not there."""
    estimate = result.metrics.get(system, {}).get(metric)
    return math.nan if estimate is None else estimate.mean


def best_systems(result: TestSetResult, metric: str) -> tuple[str, ...]:
    """The systems that are best by a metric of which more is better, as far as can be told."""
    values = {system: mean_of(result, system, metric) for system in result.metrics}
    best = best_of(values, higher_is_better=True, decimals=DECIMALS)
    return tuple(system for system in result.metrics if system in best)


def most_frequent_share(result: TestSetResult) -> float:
    """Accuracy of naming the most frequent class of the test set throughout; NaN if unknown."""
    if result.truth is None or not len(result.truth):
        return math.nan
    return max(Counter(result.truth.tolist()).values()) / len(result.truth)


def differences(reproduction: Reproduction) -> tuple[Difference, ...]:
    """Every accuracy that may stand beside a published one, the largest difference first."""
    found = [
        Difference(name, result.name, ours, published, published.metrics["accuracy"])
        for evaluation in reproduction.evaluations
        for result in evaluation.test_sets.values()
        for name, system in reproduction.systems.items()
        if (published := published_beside(system, evaluation, result.name)) is not None
        and "accuracy" in published.metrics
        and not math.isnan(ours := mean_of(result, name, "accuracy"))
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.points)))


def falls(reproduction: Reproduction) -> tuple[Fall, ...]:
    """For each corpus, its random split beside each test set of its other protocols.

    Where the corpora are not known, two evaluations are taken to be of one corpus; of more, nothing
    is said.
    """
    places = list(_places(reproduction))
    return tuple(
        fall
        for corpus, easy in places
        if easy.protocol == EASY
        for other, hard in places
        if other == corpus and hard.protocol != EASY
        for fall in _falls(corpus, easy, hard)
        if fall.accuracy
    )


def _places(reproduction: Reproduction) -> Iterator[tuple[str, Evaluation]]:
    """Each evaluation with the name of its corpus."""
    if reproduction.corpora:
        yield from zip(reproduction.corpora, reproduction.evaluations, strict=True)
    elif len(reproduction.evaluations) == 2:
        yield from (("", evaluation) for evaluation in reproduction.evaluations)


def _falls(corpus: str, easy: Evaluation, hard: Evaluation) -> Iterator[Fall]:
    for before in easy.test_sets.values():
        for after in hard.test_sets.values():
            pairs = {
                system: (
                    mean_of(before, system, "accuracy"),
                    mean_of(after, system, "accuracy"),
                )
                for system in before.metrics
            }
            yield Fall(
                corpus,
                easy=f"{before.name} ({easy.protocol})",
                hard=f"{after.name} ({hard.protocol})",
                accuracy={s: pair for s, pair in pairs.items() if not any(map(math.isnan, pair))},
            )

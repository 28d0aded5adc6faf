"""How many attacks and normals lie above a score: all that a metric needs to know.

Every count takes a weight for each record, so that a bootstrap resample is a weight vector: records
are sorted once, and a resample costs a few cumulative sums.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Weights = NDArray[np.float64] | NDArray[np.int64]


class Confusion(NamedTuple):
    """Weight of the records flagged rightly, falsely, missed, and rightly passed.

    Where nothing was flagged, precision is 0 and not undefined, as with scikit-learn's
    `zero_division=0`; a rate over a class of which there is no record is NaN.

    >>> round(Confusion(tp=90, fp=10, fn=10, tn=190).f1, 2)
    0.9
    """

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def accuracy(self) -> float:
        """Share of the records that were judged rightly (the paper's equation 12)."""
        return _ratio(self.tp + self.tn, sum(self))

    @property
    def precision(self) -> float:
        """Share of the flagged records that are attacks (equation 13); 0 if none is flagged."""
        return _ratio(self.tp, self.tp + self.fp, undefined=0.0)

    @property
    def recall(self) -> float:
        """Share of the attacks that are flagged (equation 14); NaN without attacks."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall (equation 15); 0 where both are 0."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn, undefined=0.0)

    @property
    def fpr(self) -> float:
        """Share of the normal records that are flagged; NaN without normal records."""
        return _ratio(self.fp, self.fp + self.tn)

    @property
    def mcc(self) -> float:
        """Matthews' correlation of verdict and truth, -1 to 1; 0 if either is constant."""
        tp, fp, fn, tn = self
        spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
        return _ratio(tp * tn - fp * fn, float(np.sqrt(spread)), undefined=0.0)

    def precision_at(self, base_rate: float) -> float:
        """Precision if attacks were the share `base_rate` of traffic, recall and fpr as here.

        Test sets hold about as many attacks as normals; networks do not, and there most alerts are
        false even at a small fpr. 0 if nothing is flagged.
        """
        found, false = self.recall * base_rate, self.fpr * (1 - base_rate)
        return _ratio(found, found + false, undefined=0.0)


class Curve(NamedTuple):
    """Attacks and normals flagged at every possible threshold, from none flagged to all.

    Records of equal score are flagged together: there is one point for each distinct score, and
    one for a threshold above them all.

    Attributes:
        tp: weight of the attacks flagged, rising, shape (distinct scores + 1,).
        fp: weight of the normal records flagged, same shape.
    """

    tp: Floats
    fp: Floats

    @property
    def recall(self) -> Floats:
        """Share of the attacks flagged at each point; NaN without attacks."""
        return _shares(self.tp)

    @property
    def fpr(self) -> Floats:
        """Share of the normal records flagged at each point; NaN without normal records."""
        return _shares(self.fp)

    @property
    def precision(self) -> Floats:
        """Share of attacks among the flagged at each point; 0 where nothing is flagged."""
        flagged = self.tp + self.fp
        return np.divide(self.tp, flagged, out=np.zeros_like(flagged), where=flagged > 0)

    def auroc(self) -> float:
        """Area under the ROC curve; ties count half. NaN unless there are both classes."""
        area = np.dot(np.diff(self.fp), self.tp[1:] + self.tp[:-1]) / 2
        return _ratio(float(area), float(self.tp[-1] * self.fp[-1]))

    def average_precision(self) -> float:
        """Area under the precision-recall curve, by steps as in scikit-learn; NaN without attacks.

        The trapezoid rule would be too kind: precision does not vary linearly between thresholds.
        """
        area = np.dot(np.diff(self.tp), self.precision[1:])
        return _ratio(float(area), float(self.tp[-1]))

    def recall_at_fpr(self, rate: float) -> float:
        """Largest recall of the thresholds that flag at most the share `rate` of the normals.

        A reading of the curve of the test set itself, without interpolation: it compares
        rankings, and is not what a threshold set beforehand will reach.
        """
        if not (self.tp[-1] > 0 and self.fp[-1] > 0):
            return float("nan")
        last = int(np.searchsorted(self.fpr, rate, side="right")) - 1
        return float(self.tp[last] / self.tp[-1])

    def best_accuracy(self) -> float:
        """Largest accuracy over all thresholds. An oracle: the test labels choose the threshold."""
        right = self.tp - self.fp + self.fp[-1]
        return _ratio(float(right.max()), float(self.tp[-1] + self.fp[-1]))

    def best_f1(self) -> float:
        """Largest F1 over all thresholds. An oracle, as `best_accuracy`; 0 without attacks."""
        if self.tp[-1] == 0:
            return 0.0
        return float((2 * self.tp / (self.tp + self.fp + self.tp[-1])).max())


class Reading(NamedTuple):
    """The counts of one set of scored records under one set of weights.

    Attributes:
        curve: over all thresholds.
        confusion: at the threshold given.
        novel: the same, of attacks that are novel alone (its fp and tn are 0).
    """

    curve: Curve
    confusion: Confusion
    novel: Confusion


@final
class ScoredRecords:
    """Scores beside the truth, sorted once and counted under any weights.

    Args:
        scores: higher is odder, shape (n,).
        truth: True for an attack, shape (n,).
        threshold: a record scored above it is flagged.
        novel: True for an attack that training has none of, shape (n,); by default nothing is.

    Raises:
        InputError: no records, shapes that disagree, or a score or threshold that is NaN.
    """

    def __init__(
        self, scores: Floats, truth: Bools, *, threshold: float, novel: Bools | None = None
    ) -> None:
        novel = np.zeros(len(truth), dtype=np.bool_) if novel is None else novel
        _check(scores, truth, novel, threshold)
        self._order = np.argsort(-scores, kind="stable")
        ranked = scores[self._order]
        self._ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
        self._attack = truth[self._order].astype(np.float64)
        flagged, novel = scores > threshold, novel & truth
        cells = (truth & flagged, ~truth & flagged, truth & ~flagged, ~truth & ~flagged)
        self._cells = np.array([*cells, novel & flagged, novel & ~flagged], dtype=np.float64)

    def __len__(self) -> int:
        return len(self._order)

    def read(self, weights: Weights | None = None) -> Reading:
        """Count the records, each as often as its weight says (by default once).

        Args:
            weights: how often each record counts, not negative, in the order of the scores,
                shape (n,).

        Raises:
            InputError: weights of another shape, or a negative one.
        """
        if weights is None:
            weights = np.ones(len(self))
        if weights.shape != self._order.shape or weights.min() < 0:
            raise InputError(
                f"expected {len(self)} weights that are not negative, received shape "
                f"{weights.shape}, smallest {weights.min(initial=np.inf)}"
            )
        weights = weights.astype(np.float64, copy=False)
        tp, fp, fn, tn, novel_tp, novel_fn = (self._cells @ weights).tolist()
        return Reading(
            self._curve(weights),
            Confusion(tp, fp, fn, tn),
            Confusion(tp=novel_tp, fp=0.0, fn=novel_fn, tn=0.0),
        )

    def _curve(self, weights: Floats) -> Curve:
        ranked = weights[self._order]
        flagged, tp = np.zeros((2, len(self._ends) + 1))
        flagged[1:] = np.cumsum(ranked)[self._ends]
        tp[1:] = np.cumsum(ranked * self._attack)[self._ends]
        return Curve(tp, flagged - tp)


def _check(scores: Floats, truth: Bools, novel: Bools, threshold: float) -> None:
    if scores.ndim != 1 or not len(scores) or not scores.shape == truth.shape == novel.shape:
        raise InputError(
            "expected scores, truth and novel marks of one shape (n,) with n > 0, received "
            f"{scores.shape}, {truth.shape} and {novel.shape}"
        )
    if np.isnan(scores).any() or np.isnan(threshold):
        raise InputError("a score or the threshold is NaN, which cannot be ranked; fix the scorer")


def _ratio(part: float, whole: float, *, undefined: float = float("nan")) -> float:
    return part / whole if whole != 0 else undefined


def _shares(counts: Floats) -> Floats:
    return counts / counts[-1] if counts[-1] > 0 else np.full_like(counts, np.nan)

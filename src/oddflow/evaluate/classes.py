"""Metrics of verdicts that name one of several classes, from how often each was taken for each.

Precision, recall and F1 of the classes are averaged in two ways, as in scikit-learn: weighted by
how many records a class has, and plainly (macro), where a rare class counts as much as a common
one. They are over the classes in truth or verdict; one that was never named has precision 0, one
without records recall 0 (`zero_division=0`). Unlike there, a record of weight 0 is as good as not
there, so that a class all of whose records weigh 0 does not count: a weight says how often a
record was drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Estimate
from oddflow.evaluate.bootstrap import estimate_from
from oddflow.evaluate.counts import Floats, Weights

Names = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class ClassMetric:
    """A number that says how well classes are told apart: its label and a sentence on it."""

    label: str
    meaning: str


CLASS_METRICS: Mapping[str, ClassMetric] = MappingProxyType(
    {
        "accuracy": ClassMetric("Accuracy", "Share of the records whose class was named rightly."),
        "precision_weighted": ClassMetric(
            "Precision, weighted",
            "Share of the records named a class that are of it; mean over the classes, each "
            "weighted by its records.",
        ),
        "recall_weighted": ClassMetric(
            "Recall, weighted",
            "Share of the records of a class that were named it; mean over the classes, each "
            "weighted by its records, which makes it the accuracy.",
        ),
        "f1_weighted": ClassMetric(
            "F1, weighted",
            "Harmonic mean of precision and recall of a class; mean over the classes, each "
            "weighted by its records.",
        ),
        "precision_macro": ClassMetric(
            "Precision, macro",
            "Share of the records named a class that are of it; mean over the classes, rare ones "
            "counting as much as common ones.",
        ),
        "recall_macro": ClassMetric(
            "Recall, macro",
            "Share of the records of a class that were named it; mean over the classes, rare ones "
            "counting as much as common ones.",
        ),
        "f1_macro": ClassMetric(
            "F1, macro",
            "Harmonic mean of precision and recall of a class; mean over the classes, rare ones "
            "counting as much as common ones.",
        ),
    }
)
"""Every metric of classes, in the order of the tables."""


@final
class NamedRecords:
    """Classes named beside the true ones, counted under any weights.

    Args:
        truth: class of each record, strings, shape (n,).
        predicted: class named for each, strings, shape (n,).

    Raises:
        InputError: no records, or shapes that disagree.
    """

    def __init__(self, truth: Names, predicted: Names) -> None:
        if truth.shape != predicted.shape or truth.ndim != 1 or not len(truth):
            raise InputError(
                f"expected true and named classes of one shape (n,) with n > 0, received "
                f"{truth.shape} and {predicted.shape}"
            )
        self.classes = tuple(sorted({*truth.tolist(), *predicted.tolist()}))
        slot = {name: i for i, name in enumerate(self.classes)}
        rows, columns = (
            np.fromiter(map(slot.__getitem__, names.tolist()), np.intp, len(names))
            for names in (truth, predicted)
        )
        self._cells = rows * len(self.classes) + columns

    def __len__(self) -> int:
        return len(self._cells)

    def confusion(self, weights: Weights | None = None) -> Floats:
        """Weight of the records of each class (row) that were named each class (column).

        Raises:
            InputError: weights of another shape, or a negative one.
        """
        if weights is not None and (weights.shape != self._cells.shape or weights.min() < 0):
            raise InputError(
                f"expected {len(self)} weights that are not negative, received shape "
                f"{weights.shape}, smallest {weights.min(initial=np.inf)}"
            )
        k = len(self.classes)
        counts = np.bincount(self._cells, weights=weights, minlength=k * k)
        return counts.reshape(k, k).astype(np.float64)

    def measure(self, weights: Weights | None = None) -> dict[str, float]:
        """Every metric of `CLASS_METRICS`, in that order; NaN if no record weighs anything."""
        confusion = self.confusion(weights)
        right, true, named = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
        present = true + named > 0
        if not present.any():
            return dict.fromkeys(CLASS_METRICS, math.nan)
        precision, recall = _ratios(right, named), _ratios(right, true)
        f1 = _ratios(2 * right, true + named)
        share = true / true.sum()
        return {
            "accuracy": float(right.sum() / true.sum()),
            "precision_weighted": float(precision @ share),
            "recall_weighted": float(recall @ share),
            "f1_weighted": float(f1 @ share),
            "precision_macro": float(precision[present].mean()),
            "recall_macro": float(recall[present].mean()),
            "f1_macro": float(f1[present].mean()),
        }


def measure_classes(
    truth: Names, predicted: Names, weights: Weights | None = None
) -> dict[str, float]:
    """Every metric of `CLASS_METRICS`, in that order; NaN if no record weighs anything.

    Args:
        truth: class of each record, strings, shape (n,).
        predicted: class named for each, strings, shape (n,).
        weights: how often each record counts, shape (n,); by default once.

    >>> truth = np.array(["dos", "dos", "probe", "normal"], dtype=object)
    >>> named = np.array(["dos", "probe", "probe", "normal"], dtype=object)
    >>> measure_classes(truth, named)["accuracy"]
    0.75

    Raises:
        InputError: no records, shapes that disagree, or a negative weight.
    """
    return NamedRecords(truth, predicted).measure(weights)


def estimate_classes(
    predicted: Sequence[Names], truth: Names, *, n_resamples: int = 200, seed: int
) -> dict[str, Estimate]:
    """Every metric of one system on one test set over its seeds, with intervals.

    Args:
        predicted: for each seed the class named for each record, shape (n,).
        truth: class of each record, shape (n,).
        n_resamples: how often to resample, at least 40.
        seed: of the resampling, see `oddflow.evaluate.bootstrap.estimate`.

    Raises:
        InputError: no seed, no records, or shapes that disagree.
    """
    records = [NamedRecords(truth, named) for named in predicted]
    return estimate_from(
        [one.measure for one in records], len(truth), n_resamples=n_resamples, seed=seed
    )


def _ratios(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

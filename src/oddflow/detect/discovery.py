"""Which records of a batch to flag so that few of the flagged ones are normal.

A false-positive rate bounds the share of *normal* records that are flagged. Where attacks are rare
most alerts may still be false. The procedure of Benjamini and Hochberg (Journal of the Royal
Statistical Society B 57, 1995) bounds the share of *flagged* records that are normal, on average
over batches: the false discovery rate. It flags more boldly the more odd records a batch holds, so
it needs the whole batch and makes no sense record by record.

It was proved for independent p-values. Ours come from one calibration set and depend on each other
through it; Bates, Candes, Lei, Romano and Sesia ("Testing for outliers with conformal p-values",
Annals of Statistics 51, 2023) show that such p-values are positively dependent in the sense (PRDS)
under which the bound still holds, for scores without ties; a tie makes our p-values larger, which
is the safe side. The bound is an average over calibration sets too: with an unlucky one it is
exceeded batch after batch. And it holds for normal records that are exchangeable with those of the
calibration; a burst of normal traffic of a new kind breaks it as it breaks every other rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.verdicts import Origin, Threshold
from oddflow.detect.calibrate import Calibration

Floats = NDArray[np.float64]

_ROUNDING = 1 + 1e-12
"""Rates are decimal fractions that floats miss: 3 * .1 / 3 must reach .1."""


def benjamini_hochberg(p_values: Floats, fdr: float) -> NDArray[np.bool_]:
    """True for the records to flag, shape as `p_values`.

    These are the records of the k smallest p-values, with the largest k for which the k-th
    smallest is at most `fdr * k / n`; records of equal p-value are flagged together.

    >>> benjamini_hochberg(np.array([0.2, 0.01, 0.03, 0.9]), 0.1).tolist()
    [False, True, True, False]

    Raises:
        InputError: a rate outside (0, 1), or a p-value outside [0, 1].
    """
    _require_rate(fdr)
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise InputError("expected p-values from 0 to 1, received others among them")
    ascending = np.sort(p_values)
    allowed = fdr * np.arange(1, len(ascending) + 1) / max(len(ascending), 1) * _ROUNDING
    kept = np.flatnonzero(ascending <= allowed)
    largest = ascending[kept[-1]] if len(kept) else -1.0
    return np.asarray(p_values <= largest, dtype=np.bool_)


def fewest_flagged(n_records: int, n_calibration: int, fdr: float) -> int:
    """The smallest number of records that can be flagged in a batch, if any are.

    No p-value is smaller than 1 / (n_calibration + 1), so fewer odd records than this, however odd
    they are, are never flagged.

    >>> fewest_flagged(1000, 999, 0.1), fewest_flagged(1_000_000, 9_999, 0.1)
    (10, 1000)
    """
    _require_rate(fdr)
    return max(1, math.ceil(n_records / (fdr * (n_calibration + 1)) / _ROUNDING))


@dataclass(frozen=True, eq=False)
class PValueCounts:
    """How many records of a batch have each of the p-values that a calibration can give.

    A batch of any length is counted block by block: memory depends on the calibration alone.

    Attributes:
        calibration: that the p-values come from.
        counts: records with p-value (i + 1) / (len(calibration) + 1), shape
            (len(calibration) + 1,).
    """

    calibration: Calibration
    counts: NDArray[np.int64]

    @classmethod
    def none(cls, calibration: Calibration) -> Self:
        """Of a batch without records."""
        return cls(calibration, np.zeros(len(calibration) + 1, dtype=np.int64))

    @property
    def n_records(self) -> int:
        """Records counted."""
        return int(self.counts.sum())

    def with_scores(self, scores: Floats) -> Self:
        """The counts with more records, given by their scores, shape (n,)."""
        below = np.searchsorted(self.calibration.scores, scores, side="left")
        more = np.bincount(len(self.calibration) - below, minlength=len(self.counts))
        return type(self)(self.calibration, self.counts + more)

    def threshold(self, fdr: float) -> Threshold:
        """Scores above it are those that `benjamini_hochberg` flags in the records counted.

        Its `target_fpr` is the p-value that the procedure stopped at: the rate that this batch is
        judged by. Where nothing can be flagged it is 0 and the value is infinite.

        Raises:
            InputError: a rate outside (0, 1).
        """
        _require_rate(fdr)
        n = len(self.calibration)
        ranks = np.arange(1, n + 2)
        flagged = np.cumsum(self.counts)
        is_kept = ranks * self.n_records <= fdr * flagged * (n + 1) * _ROUNDING
        kept = np.flatnonzero(is_kept & (flagged > 0))
        rank = int(ranks[kept[-1]]) if len(kept) else 0
        return Threshold(
            value=float(self.calibration.scores[n - rank]) if rank else math.inf,
            target_fpr=rank / (n + 1),
            n_reference=n,
            origin=Origin.HELD_OUT,
        )


def _require_rate(fdr: float) -> None:
    if not 0 < fdr < 1:
        raise InputError(
            f"expected a false discovery rate above 0 and below 1, received {fdr}; 0.1 lets one "
            "alert in ten be false"
        )

"""From scores to p-values and thresholds: split-conformal calibration on held-out normals.

A record's p-value is the share of normal records at least as odd, counted on records that neither
training nor early stopping saw (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random
World", 2005, chapter 2; split form: Papadopoulos et al. 2002). If the record is normal and
exchangeable with them, a p-value of at most `a` comes up with probability at most `a`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, ResolutionError
from oddflow.core.verdicts import Origin, Threshold

TAIL = 0.02
"""Share of the calibration scores from which the tail beyond them is continued."""


@dataclass(frozen=True)
class Split:
    """Row indices of the normals, by what may see them. The parts are disjoint."""

    fit: NDArray[np.intp]
    validation: NDArray[np.intp]
    calibration: NDArray[np.intp]


def split_normals(n_records: int, *, validation: float, calibration: float, seed: int) -> Split:
    """Shuffle the normals and part them for training, early stopping and calibration.

    Args:
        n_records: number of normal records.
        validation: share kept for early stopping and the statistics of the residual.
        calibration: share kept for p-values and thresholds.
        seed: of the shuffle; detectors given the same seed are calibrated on the same records.

    Raises:
        InputError: too few records, or shares that leave nothing to train on.
    """
    n_validation, n_calibration = round(n_records * validation), round(n_records * calibration)
    n_fit = n_records - n_validation - n_calibration
    if min(n_validation, n_calibration, n_fit) < 1:
        raise InputError(
            f"{n_records} normal records cannot be split into training, validation "
            f"({validation:.0%}) and calibration ({calibration:.0%}); give more records, or "
            "shares that leave some for each part"
        )
    order = np.random.default_rng(seed).permutation(n_records)
    return Split(order[:n_fit], order[n_fit : n_fit + n_validation], order[n_fit + n_validation :])


class Calibration:
    """The sorted scores of held-out normal records.

    Attributes:
        scores: shape (n,), ascending.

    Raises:
        InputError: no score, or one that is not finite.
    """

    def __init__(self, scores: NDArray[np.float64]) -> None:
        if len(scores) == 0 or not np.isfinite(scores).all():
            raise InputError(
                f"calibration needs finite scores of held-out normal records, received "
                f"{len(scores)}, {int((~np.isfinite(scores)).sum())} of them not finite"
            )
        self.scores: NDArray[np.float64] = np.sort(np.asarray(scores, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.scores)

    def p_values(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of normal traffic at least as odd, in [1/(n+1), 1], shape as `scores`."""
        below = np.searchsorted(self.scores, scores, side="left")
        return (1 + len(self) - below) / (1 + len(self))

    def threshold(self, target_fpr: float) -> Threshold:
        """Scores above it are exactly those whose p-value is at most `target_fpr`.

        >>> Calibration(np.arange(99.0)).threshold(0.05).value
        94.0

        Raises:
            InputError: a rate outside (0, 1).
            ResolutionError: a rate that so few records cannot resolve.
        """
        n = len(self)
        return Threshold(
            value=float(self.scores[n - count_flagged(n, target_fpr)]),
            target_fpr=target_fpr,
            n_reference=n,
            origin=Origin.HELD_OUT,
        )


def surprisal(calibration: Calibration, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """-log10 of the p-value of each score, shape as `scores`.

    Beyond the largest calibration score, where all p-values are the same, the tail of the
    calibration scores is continued exponentially, so that odder records rank higher.
    """
    reference, n = calibration.scores, len(calibration)
    surprise = -np.log10(calibration.p_values(scores))
    n_tail = max(1, round(TAIL * n))
    start = reference[-n_tail]
    scale = float((reference[-n_tail:] - start).mean())
    if scale <= 0:
        return surprise
    # Decades that the exponential tail falls from its start, where the share n_tail / n is left.
    beyond = (scores - start) / scale * np.log10(np.e) - np.log10(n_tail / (n + 1))
    return np.where(scores > reference[-1], np.maximum(beyond, surprise), surprise)


def count_flagged(n_records: int, target_fpr: float) -> int:
    """How many of n calibration records lie above the threshold or at it, at least 1.

    Raises:
        InputError: a rate outside (0, 1).
        ResolutionError: a rate that so few records cannot resolve.
    """
    if not 0 < target_fpr < 1:
        raise InputError(
            f"expected a false-positive rate above 0 and below 1, received {target_fpr}; "
            "0.01 flags one normal connection in a hundred"
        )
    # The tolerance keeps 0.05 * 20 at 1: rates are decimal fractions that floats miss.
    n_flagged = math.floor(target_fpr * (n_records + 1) + 1e-9)
    if n_flagged < 1:
        raise ResolutionError(
            f"a false-positive rate of {target_fpr:g} cannot be told from 0 on {n_records:,} "
            f"calibration records: it takes {math.ceil(1 / target_fpr - 1e-9) - 1:,}. "
            f"Train on more normal traffic, or ask for at least {1 / (n_records + 1):.2g}"
        )
    return n_flagged


def budget_to_fpr(alerts_per_day: float, records_per_day: float) -> float:
    """The false-positive rate at which normal traffic gives that many alerts a day.

    >>> budget_to_fpr(50, 1_000_000)
    5e-05

    Raises:
        InputError: a number that is not positive, or a budget above the traffic.
    """
    if not (0 < alerts_per_day < records_per_day and math.isfinite(records_per_day)):
        raise InputError(
            f"expected a budget above 0 and below the {records_per_day:g} connections of a day, "
            f"received {alerts_per_day:g} alerts a day"
        )
    return alerts_per_day / records_per_day

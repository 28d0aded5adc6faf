"""What detection says: thresholds that know their origin, and explained verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Origin(StrEnum):
    """Where a threshold came from."""

    HELD_OUT = "held-out normal traffic"
    """Normal records that neither training nor early stopping saw."""
    LIKELIER = "an attack is likelier than normal"
    """Where a classifier finds the odds even; not set for any rate."""
    ORACLE = "oracle: chosen with the test labels in sight"
    """Not attainable in use; only ever reported in a column of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A record whose score is above `value` is flagged.

    Attributes:
        value: in units of the score.
        target_fpr: the share of normal traffic that may be flagged.
        n_reference: number of records the threshold was read from.
        origin: what those records were.
    """

    value: float
    target_fpr: float
    n_reference: int
    origin: Origin

    def flags(self, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
        """True where a score is above the threshold, shape as `scores`."""
        return np.asarray(scores > self.value, dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One feature's part in a score.

    Attributes:
        feature: its name.
        share: its part of all that is odd about the record, 0 to 1.
        observed: value in original units, or the name of the category.
        expected: the value that the model would have found normal, given the other features.
    """

    feature: str
    share: float
    observed: float | str
    expected: float | str

    def __str__(self) -> str:
        return f"{self.feature} {shown(self.observed)}, expected {shown(self.expected)}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record is odd: its causes, the largest share first."""

    causes: tuple[Cause, ...]

    def __str__(self) -> str:
        return "; ".join(f"{cause} ({cause.share:.0%})" for cause in self.causes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A record's score with its meaning.

    Attributes:
        row: zero-based position in the input.
        score: how badly the record could be reconstructed; higher is odder.
        p_value: share of normal traffic at least as odd (split-conformal).
        threshold: the score above which a record is flagged.
        explanation: what was odd about it.
    """

    row: int
    score: float
    p_value: float
    threshold: float
    explanation: Explanation


def shown(value: float | str) -> str:
    """A feature's value as an analyst would write it.

    >>> shown(1.0), shown(0.0213), shown(1379963888.0), shown("S0")
    ('1', '0.0213', '1,379,963,888', 'S0')
    """
    if isinstance(value, str):
        return value
    if math.isfinite(value) and (abs(value) >= 1000 or value == round(value)):
        return f"{value:,.0f}"
    return f"{value:.3g}"

"""What detection says: thresholds that know their origin, and explained verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.opinions import Opinion


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


class Span(NamedTuple):
    """From a low to a high value, both included, in original units."""

    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return shown(self.low)
        return f"{shown(self.low)} to {shown(self.high)}"


Usual = Span | tuple[str, ...]
"""What similar normal records hold: a span of numbers, or names, the commonest first; an empty
tuple where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One feature's part in a score.

    Attributes:
        feature: its name.
        share: its part of all that is odd about the record, 0 to 1.
        observed: value in original units, or the name of the category.
        expected: the value that the model would have found normal, given the other features.
        usual: what normal records hold that are like this one in all that is not odd about it.
    """

    feature: str
    share: float
    observed: float | str
    expected: float | str
    usual: Usual = ()

    def __str__(self) -> str:
        return f"{self.feature} {shown(self.observed)}, expected {shown(self.expected)}"


class StepShare(NamedTuple):
    """One step of the sequence that the network read, and its part in the error, 0 to 1."""

    name: str
    share: float


class SimilarAttack(NamedTuple):
    """The most similar attack of the training corpus, and how similar: 1 is the same."""

    name: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """The smallest change found that would have made a record pass.

    Attributes:
        features: whose values are replaced by those of a normal record.
        aspects: what they are about, see `oddflow.detect.aspects`.
        score: of the record so changed.
        passes: True if that is no longer above the threshold.
        distance: of that normal record in all other features, in standard deviations added up.
        normal: its values of the features in `causes`, by name.
    """

    features: tuple[str, ...]
    aspects: tuple[str, ...]
    score: float
    passes: bool
    distance: float
    normal: tuple[tuple[str, float | str], ...]

    def to_json(self) -> dict[str, object]:
        """Plain data, without the normal record."""
        return {
            "features": list(self.features),
            "aspects": list(self.aspects),
            "score": self.score,
            "passes": self.passes,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record is odd.

    Attributes:
        causes: features, the largest share first.
        sentence: the same for people, in the units of the features.
        counterfactual: what would have made it pass, and the nearest normal record.
        similar: the known attack it is most like; None if the model knows none.
        steps: where in the sequence the error lies, the largest share first; empty for a network
            that reads no steps.
    """

    causes: tuple[Cause, ...]
    sentence: str = ""
    counterfactual: Counterfactual | None = None
    similar: SimilarAttack | None = None
    steps: tuple[StepShare, ...] = ()

    @property
    def listed(self) -> str:
        """The causes in a row."""
        return "; ".join(f"{cause} ({cause.share:.0%})" for cause in self.causes)

    def __str__(self) -> str:
        return self.sentence or self.listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A record's score with its meaning.

    Attributes:
        row: zero-based position in the input.
        score: how badly the record could be reconstructed; higher is odder.
        p_value: share of normal traffic at least as odd (split-conformal).
        threshold: the score above which a record is flagged.
        explanation: what was odd about it.
        members: what each member of an ensemble says; empty for a single detector.
    """

    row: int
    score: float
    p_value: float
    threshold: float
    explanation: Explanation
    members: tuple[Opinion, ...] = ()


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

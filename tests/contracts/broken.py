"""A right detector, and one wrong one for each check: each breaks a single promise."""

from __future__ import annotations

from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import NotFittedError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.calibrate import Calibration, split_normals
from oddflow.features.encode import Encoder
from tests.contracts.checks import CALIBRATION_FRACTION, TARGET_FPR

Scores = NDArray[np.float64]


class Plain:
    """Squared distance from the mean of the training normals. Keeps every promise."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.is_fitted = False

    @property
    def threshold_(self) -> float:
        if not self.is_fitted:
            raise NotFittedError("call fit() first")
        return self.threshold

    def fit(self, records: FeatureMatrix, /) -> Self:
        split = split_normals(
            len(records), validation=0.1, calibration=CALIBRATION_FRACTION, seed=self.seed
        )
        self.encoder = Encoder.fit(records.take(split.fit))
        self.mean = self.encoder.transform(records.take(split.fit)).mean(axis=0)
        self.is_fitted = True
        held_out = self.raw(records.take(split.calibration))
        self.threshold = Calibration(held_out).threshold(TARGET_FPR).value
        return self

    def raw(self, records: FeatureMatrix) -> Scores:
        """The distance of each record, added up in the order of the columns."""
        total = np.zeros(len(records))
        for column in (self.encoder.transform(records) - self.mean).T:
            total += np.square(column, dtype=np.float64)
        return total

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        if not self.is_fitted:
            raise NotFittedError("call fit() first")
        return self.raw(records)


@final
class LearnsWhileScoring(Plain):
    """Moves its mean towards what it scored last."""

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        scores = super().score_samples(records)
        if len(records):
            self.mean = 0.9 * self.mean + 0.1 * self.encoder.transform(records).mean(axis=0)
        return scores


@final
class MovesItsThreshold(Plain):
    """Scores as before, but tightens its threshold with every call."""

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        scores = super().score_samples(records)
        self.threshold *= 0.99
        return scores


@final
class StandardisesTheBatch(Plain):
    """Scores relative to the records scored together."""

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        scores = super().score_samples(records)
        return scores - (scores.mean() if len(scores) else 0)


@final
class LosesDigits(Plain):
    """Scores differ in the last digit between a record alone and in company."""

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        scores = super().score_samples(records)
        return np.nextafter(scores, np.inf) if len(scores) == 1 else scores


@final
class IgnoresItsSeed(Plain):
    """The same whatever the seed."""

    def __init__(self, seed: int) -> None:
        del seed
        super().__init__(0)


@final
class DrawsFromNowhere(Plain):
    """Uses randomness that no seed governs."""

    def fit(self, records: FeatureMatrix, /) -> Self:
        super().fit(records)
        self.mean = self.mean + np.random.default_rng().normal(0, 1e-3, len(self.mean))
        return self


@final
class HasTheOppositeSign(Plain):
    """The sign of scikit-learn's outlier detectors."""

    def raw(self, records: FeatureMatrix) -> Scores:
        return -super().raw(records)


@final
class FlagsHalfOfTraffic(Plain):
    """Takes the median for its threshold."""

    def fit(self, records: FeatureMatrix, /) -> Self:
        super().fit(records)
        self.threshold = float(np.median(self.raw(records)))
        return self


@final
class FlagsNothing(Plain):
    """Takes the largest score for its threshold."""

    def fit(self, records: FeatureMatrix, /) -> Self:
        super().fit(records)
        self.threshold = float(self.raw(records).max())
        return self


@final
class Overflows(Plain):
    """Multiplies large numbers without care."""

    def raw(self, records: FeatureMatrix) -> Scores:
        with np.errstate(over="ignore"):
            return super().raw(records) + np.square(records.numeric[:, 0]) * 1e-12


@final
class ClipsItsInput(Plain):
    """Prepares the records of `fit` in place."""

    def fit(self, records: FeatureMatrix, /) -> Self:
        np.clip(records.numeric, 0, 1000, out=records.numeric)
        return super().fit(records)


@final
class AnswersUnfitted(Plain):
    """Says that everything is normal before it has learnt anything."""

    threshold = np.inf

    @property
    def threshold_(self) -> float:
        return self.threshold

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        return self.raw(records) if self.is_fitted else np.zeros(len(records))


@final
class HasAThresholdUnfitted(Plain):
    """Refuses to score unfitted, yet has a threshold."""

    threshold = np.inf

    @property
    def threshold_(self) -> float:
        return self.threshold


@final
class ScoresAnything(Plain):
    """Takes other columns for silence."""

    def raw(self, records: FeatureMatrix) -> Scores:
        if records.schema.sha256 != self.encoder.schema.sha256:
            return np.zeros(len(records))
        return super().raw(records)


@final
class GivesARowForNothing(Plain):
    """Returns another shape when there is no record."""

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        return super().score_samples(records) if len(records) else np.zeros((0, 1))

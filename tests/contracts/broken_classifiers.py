"""A right classifier, and one wrong one for each check: each breaks a single promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.evaluation import TrainingHistory
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.calibrate import Calibration, split_normals
from oddflow.features.encode import Encoder
from oddflow.models.classifier import Network
from tests.contracts.checks import CALIBRATION_FRACTION, TARGET_FPR

Floats = NDArray[np.float64]
Names = NDArray[np.object_]


class NearestMean:
    """The class whose mean record is nearest; log odds are distances. Keeps every promise."""

    losses: tuple[float, ...] = (2.0, 1.0)

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.network_ = Network(None, {"training": TrainingHistory(self.losses, (1.0,), 0, 0.0)})

    @property
    def threshold_(self) -> float:
        if not hasattr(self, "threshold"):
            raise NotFittedError("call fit() first")
        return self.threshold

    def fit(self, records: FeatureMatrix, names: Sequence[str], /) -> Self:
        self.refuse(records, names)
        given = np.array(names, dtype=object)
        normals = np.flatnonzero(given == "normal")
        split = split_normals(
            len(normals), validation=0.1, calibration=CALIBRATION_FRACTION, seed=self.seed
        )
        self.encoder = Encoder.fit(records.take(normals[split.fit]))
        self.classes_: Names = self.classes(set(names))
        encoded = self.encoder.transform(records)
        rows = [
            normals[split.fit] if name == "normal" else np.flatnonzero(given == name)
            for name in self.classes_
        ]
        self.means = np.stack([encoded[part].mean(axis=0, dtype=np.float64) for part in rows])
        held_out = self.score_samples(records.take(normals[split.calibration]))
        self.threshold = Calibration(held_out).threshold(TARGET_FPR).value
        return self

    def refuse(self, records: FeatureMatrix, names: Sequence[str]) -> None:
        if len(names) != len(records) or "normal" not in names or len(set(names)) < 2:
            raise InputError("names do not fit the records, or there is nothing to tell apart")

    def classes(self, names: set[str]) -> Names:
        return np.array(["normal", *sorted(names - {"normal"})], dtype=object)

    def logits(self, records: FeatureMatrix) -> Floats:
        """Minus half the squared distance from each mean, added up in the order of columns."""
        if not hasattr(self, "encoder"):
            raise NotFittedError("call fit() first")
        total = np.zeros((len(records), len(self.means)))
        for column, means in zip(self.encoder.transform(records).T, self.means.T, strict=True):
            total -= np.square(column[:, None] - means[None], dtype=np.float64) / 2
        return total

    def score_samples(self, records: FeatureMatrix, /) -> Floats:
        logits = self.logits(records)
        return np.asarray(logits[:, 1:].max(axis=1) - logits[:, 0], dtype=np.float64)

    def predict_proba(self, records: FeatureMatrix, /) -> Floats:
        logits = self.logits(records)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)

    def predict(self, records: FeatureMatrix, /) -> Names:
        return np.asarray(self.classes_[self.logits(records).argmax(axis=1)])


@final
class GivesLogOdds(NearestMean):
    """Forgets the softmax."""

    def predict_proba(self, records: FeatureMatrix, /) -> Floats:
        return self.logits(records)


@final
class GivesOneProbabilityTooFew(NearestMean):
    """Leaves normal out."""

    def predict_proba(self, records: FeatureMatrix, /) -> Floats:
        return super().predict_proba(records)[:, 1:]


@final
class SumsToMore(NearestMean):
    """One probability for each class against the rest."""

    def predict_proba(self, records: FeatureMatrix, /) -> Floats:
        return np.sqrt(super().predict_proba(records))


@final
class NamesTheSecond(NearestMean):
    """Takes the second of the classes where it is in doubt."""

    def predict(self, records: FeatureMatrix, /) -> Names:
        second = np.argsort(self.logits(records), axis=1)[:, -2]
        return np.asarray(self.classes_[second])


@final
class SortsNormalAmongTheOthers(NearestMean):
    """Classes in alphabetical order, normal among them."""

    def classes(self, names: set[str]) -> Names:
        return np.array(sorted(names), dtype=object)


@final
class FlagsLess(NearestMean):
    """An attack must be a good deal likelier than normal."""

    def score_samples(self, records: FeatureMatrix, /) -> Floats:
        return super().score_samples(records) - 100


@final
class LearnsNames(NearestMean):
    """Weighs a class by the length of its name."""

    def logits(self, records: FeatureMatrix) -> Floats:
        return super().logits(records) + np.array([len(name) for name in self.classes_]) / 1e6


@final
class KnowsNamesByHeart(NearestMean):
    """Gives the names that it expects, whatever they were."""

    def predict(self, records: FeatureMatrix, /) -> Names:
        known = np.array(["normal", "guess_passwd", "neptune", "portsweep"], dtype=object)
        return np.asarray(known[self.logits(records).argmax(axis=1)])


@final
class TakesAnyLength(NearestMean):
    """Fills up what is missing with normal."""

    def refuse(self, records: FeatureMatrix, names: Sequence[str]) -> None:
        super().refuse(records, [*names, *["normal"] * len(records)][: len(records)])


@final
class NeedsNoNormal(NearestMean):
    """Learns attacks alone."""

    def fit(self, records: FeatureMatrix, names: Sequence[str], /) -> Self:
        return super().fit(records, names) if "normal" in names else self


@final
class NeedsNoAttack(NearestMean):
    """Learns normal records alone."""

    def fit(self, records: FeatureMatrix, names: Sequence[str], /) -> Self:
        return super().fit(records, names) if set(names) != {"normal"} else self


@final
class NamesTheCommonest(NearestMean):
    """Says normal unless there is no doubt at all."""

    def logits(self, records: FeatureMatrix) -> Floats:
        logits = super().logits(records)
        logits[:, 0] += 1e6
        return logits


@final
class LearnsNothing(NearestMean):
    """Its loss stays where it is."""

    losses = (2.0, 2.0)


@final
class StopsAtOnce(NearestMean):
    """One epoch."""

    losses = (2.0,)

"""Trivial one-class detectors, on the same records, encoding and calibration as the network.

A network that does not beat them is not worth its cost, so they stand in every table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.detector import DetectorFactory
from oddflow.core.errors import NotFittedError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.calibrate import Calibration, split_normals
from oddflow.detect.heads import Parts, Whitened
from oddflow.features.encode import Encoder

Array = NDArray[np.float32]
Score = Callable[[Array], NDArray[np.float64]]
"""Encoded records (n, columns) to scores (n,)."""
Learn = Callable[[Array, int], Score]
"""Encoded normals and a seed to a score."""

RIDGE = 1e-3
N_NEIGHBORS = 5
CHUNK = 1024


@final
class Baseline:
    """A score learnt from encoded normals, calibrated as the network is.

    Args:
        learn: how the score is learnt.
        target_fpr: share of normal records that may be flagged.
        validation_fraction: share of the normals left out, as the network leaves it out.
        calibration_fraction: share of the normals to calibrate on.
        seed: of the split and of `learn`.

    Attributes:
        threshold_: score above which a record is flagged.
    """

    def __init__(
        self,
        learn: Learn,
        *,
        target_fpr: float = 0.05,
        validation_fraction: float = 0.1,
        calibration_fraction: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.learn = learn
        self.target_fpr = target_fpr
        self.validation_fraction = validation_fraction
        self.calibration_fraction = calibration_fraction
        self.seed = seed

    def fit(self, records: FeatureMatrix, /) -> Self:
        """Learn from normal records alone."""
        split = split_normals(
            len(records),
            validation=self.validation_fraction,
            calibration=self.calibration_fraction,
            seed=self.seed,
        )
        self.encoder_ = Encoder.fit(records.take(split.fit))
        self.score_ = self.learn(self.encoder_.transform(records.take(split.fit)), self.seed)
        held_out = self.score_(self.encoder_.transform(records.take(split.calibration)))
        self.operating_point_ = Calibration(held_out).threshold(self.target_fpr)
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,)."""
        if not hasattr(self, "score_"):
            raise NotFittedError("this Baseline has learnt nothing; call fit() first")
        return self.score_(self.encoder_.transform(records))

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged."""
        if not hasattr(self, "score_"):
            raise NotFittedError("this Baseline has learnt nothing; call fit() first")
        return self.operating_point_.value


def mahalanobis(normals: Array, seed: int, *, cap: float = np.inf) -> Score:
    """Squared Mahalanobis distance of the encoded record, each whitened direction capped."""
    del seed
    parts = Parts(normals, normals, normals)
    head = Whitened.fit(("encoded",), parts, cap=cap, ridge=RIDGE)
    return lambda encoded: head.score(Parts(encoded, encoded, encoded)).astype(np.float64)


def mahalanobis_capped(normals: Array, seed: int) -> Score:
    """The same with whitened directions capped at 4 standard deviations."""
    return mahalanobis(normals, seed, cap=4.0)


def nearest_neighbours(normals: Array, seed: int) -> Score:
    """Mean Euclidean distance to the 5 nearest training normals."""
    del seed
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=N_NEIGHBORS, algorithm="brute").fit(normals)

    def score(encoded: Array) -> NDArray[np.float64]:
        distances = [
            index.kneighbors(encoded[start : start + CHUNK])[0].mean(axis=1)
            for start in range(0, len(encoded), CHUNK)
        ]
        return np.concatenate([np.empty(0), *distances])

    return score


def principal_components(normals: Array, seed: int) -> Score:
    """Squared error of the record rebuilt from the components with 95 % of the variance."""
    from sklearn.decomposition import PCA

    pca = PCA(n_components=0.95, svd_solver="full", random_state=seed).fit(normals)

    def score(encoded: Array) -> NDArray[np.float64]:
        if not len(encoded):
            return np.empty(0)
        rebuilt = pca.inverse_transform(pca.transform(encoded))
        return np.asarray(np.square(encoded - rebuilt).mean(axis=1), dtype=np.float64)

    return score


def isolation_forest(normals: Array, seed: int) -> Score:
    """Isolation forest of 200 trees (Liu, Ting and Zhou, 2008)."""
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=200, random_state=seed).fit(normals)

    def score(encoded: Array) -> NDArray[np.float64]:
        if not len(encoded):
            return np.empty(0)
        return np.asarray(-forest.score_samples(encoded), dtype=np.float64)

    return score


LEARNERS: dict[str, Learn] = {
    "mahalanobis": mahalanobis,
    "mahalanobis_capped": mahalanobis_capped,
    "knn": nearest_neighbours,
    "pca": principal_components,
    "isolation_forest": isolation_forest,
}
"""The baselines by the name under which tables show them."""


def baselines(target_fpr: float) -> dict[str, DetectorFactory]:
    """Factories of all baselines, calibrated for `target_fpr`."""

    def factory(learn: Learn) -> DetectorFactory:
        return lambda seed: Baseline(learn, target_fpr=target_fpr, seed=seed)

    return {name: factory(learn) for name, learn in LEARNERS.items()}

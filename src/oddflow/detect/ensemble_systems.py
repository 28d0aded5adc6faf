"""The ensembles that stand in a table beside single detectors: of normals alone, and informed."""

from __future__ import annotations

from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.detector import DetectorFactory
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.detect.ensemble import EnsembleDetector

ENSEMBLE = "ensemble"
INFORMED = "ensemble_known_attacks"
NAMES = (ENSEMBLE, INFORMED)
"""In tables; the second has learnt labelled attacks of the training file, and is no one-class
detector."""


@final
class Informed:
    """An ensemble that learns from labelled records in place of the normal ones it is given.

    Args:
        ensemble: not fitted.
        labelled: training records with the family of each.
    """

    def __init__(self, ensemble: EnsembleDetector, labelled: LabelledMatrix) -> None:
        self.ensemble, self.labelled = ensemble, labelled

    def fit(self, normals: FeatureMatrix, /) -> Self:
        """Learn from the labelled records; those given are among them."""
        del normals
        self.ensemble.fit(self.labelled.features, self.labelled.labels.family)
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,)."""
        return self.ensemble.score_samples(records)

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged."""
        return float(self.ensemble.threshold_)


def ensemble_systems(target_fpr: float, labelled: LabelledMatrix) -> dict[str, DetectorFactory]:
    """Factories of both, calibrated for `target_fpr`."""

    def plain(seed: int) -> EnsembleDetector:
        return EnsembleDetector(target_fpr=target_fpr, seed=seed)

    return {ENSEMBLE: plain, INFORMED: lambda seed: Informed(plain(seed), labelled)}

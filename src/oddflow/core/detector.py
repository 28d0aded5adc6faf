"""The contract that every detector keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import FeatureMatrix


class Detector(Protocol):
    """Learns normal traffic, then says how odd a record is.

    Scores rise with oddness, as in PyOD and River (scikit-learn's own outlier detectors use the
    opposite sign). `score_samples` changes nothing in the detector, and the score of a record does
    not depend on the records scored with it.
    """

    @property
    def threshold_(self) -> float:
        """Scores above it are flagged; set by `fit` from normals that training did not see."""
        ...

    def fit(self, X: FeatureMatrix, /) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from normal records alone."""
        ...

    def score_samples(self, X: FeatureMatrix, /) -> NDArray[np.float64]:  # noqa: N803
        """Oddness of each record, shape (n,)."""
        ...


DetectorFactory = Callable[[int], Detector]
"""Builds an unfitted detector from a seed."""

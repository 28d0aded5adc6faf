"""The systems of protocol `online`: our detector as it was trained, and learning on two ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from oddflow.core.detector import DetectorFactory
    from oddflow.core.matrix import FeatureMatrix
    from oddflow.detect.model import Model
    from oddflow.detect.online import OnlineModel, OnlineSettings

ADAPTIVE = ("online", "online_eager")
"""What is put behind the name of our detector."""


class WithModel(Protocol):
    """A detector that has a `Model` once it is fitted."""

    @property
    def model_(self) -> Model:
        """What scores."""
        ...

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged."""
        ...

    def fit(self, records: FeatureMatrix, /) -> Self:
        """Learn from normal records alone."""
        ...

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,)."""
        ...


@final
class FittedOnce:
    """A detector that several systems share: the first `fit` counts."""

    def __init__(self, detector: WithModel) -> None:
        self.detector, self.is_fitted = detector, False

    def fit(self, records: FeatureMatrix, /) -> Self:
        """Fit unless that was done."""
        if not self.is_fitted:
            self.detector.fit(records)
            self.is_fitted = True
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,)."""
        return self.detector.score_samples(records)

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged."""
        return self.detector.threshold_


def online_systems(
    name: str, new_detector: Callable[[int], WithModel], *, block_size: int
) -> Mapping[str, DetectorFactory]:
    """The frozen detector and the adaptive ones, which share one training for each seed."""
    from oddflow.detect.online import EAGER, OnlineModel, OnlineSettings
    from oddflow.evaluate.online import InOrder

    @cache
    def fitted(seed: int) -> FittedOnce:
        return FittedOnce(new_detector(seed))

    def adaptive(settings: OnlineSettings) -> DetectorFactory:
        def learner(seed: int, records: FeatureMatrix) -> tuple[OnlineModel, float]:
            frozen = fitted(seed).fit(records)
            return OnlineModel(frozen.detector.model_, settings), frozen.threshold_

        return lambda seed: InOrder(lambda records: learner(seed, records), block_size=block_size)

    settings = zip(ADAPTIVE, (OnlineSettings(), EAGER), strict=True)
    return {name: fitted, **{f"{name}_{how}": adaptive(chosen) for how, chosen in settings}}

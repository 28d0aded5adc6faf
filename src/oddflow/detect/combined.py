"""Detectors of anomalies and a classifier of what they are blind to, under one alert budget.

A detector that knows normal traffic alone finds new attacks, and misses those that look normal in
all features. The labels of training attacks say which families these are: a specialist learns
them, and them alone, since a classifier of everything else would add its false alarms and little
besides. Several detectors, which differ in their seeds, are taken together by the mean of their
surprisals (-log10 of a p-value), since which normal records one of them finds odd varies from seed
to seed. Detectors and specialist each give a split-conformal p-value; with shares w of the budget
a, a record is flagged where

    p_detectors <= (1 - w) a    or    p_specialist <= w a

so that, by the union bound, at most the share a of normal traffic is flagged (weighted p-values:
Genovese, Roeder and Wasserman, Biometrika 93, 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.calibrate import Calibration, count_flagged, surprisal
from oddflow.detect.classifier import NORMAL, NetworkClassifier
from oddflow.detect.intake import to_matrix
from oddflow.detect.model import Model
from oddflow.models.classifier import OnEpoch

TOLERANCE = 1e-9
"""A score this much below the threshold counts as at it: logarithms round."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CombinedModel:
    """Several models in use as one; each may come from a model directory of its own.

    Attributes:
        detectors: of anomalies, at least one.
        calibration: mean surprisals of normal records that no detector has seen.
        specialist: of the attacks that the detectors miss; None if they miss none.
        specialist_share: of the budget, from 0 to 1.
    """

    detectors: tuple[Model, ...]
    calibration: Calibration
    specialist: Model | None
    specialist_share: float

    def score_samples(self, records: FeatureMatrix) -> Floats:
        """-log10 of the smaller weighted p-value of each record, shape (n,); higher is odder.

        Raises:
            SchemaMismatch: other features than the models were trained on.
        """
        surprise = surprisal(self.calibration, mean_surprisal(self.detectors, records))
        surprise = np.asarray(surprise + np.log10(1 - self.specialist_share))
        if self.specialist is None:
            return surprise
        known = surprisal(self.specialist.calibration, self.specialist.score_samples(records))
        weighted = known + np.log10(self.specialist_share)
        return np.asarray(np.maximum(surprise, weighted), dtype=np.float64)


class CombinedDetector(BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """LSTM autoencoders, and a classifier of the attack families that they miss.

    Args:
        network: of the classifier, a name of `oddflow.detect.recipes.RECIPES`.
        target_fpr: share of normal records that may be flagged.
        specialist_share: of that, what the classifier may spend.
        weak_recall: families of which the detectors flag a smaller share in training are learnt.
        n_detectors: how many; more vary less from seed to seed.
        calibration_fraction: share of the normal records held out to calibrate on.
        epochs: most passes of each part; None for their own numbers.
        seed: of all parts.

    Attributes:
        detectors_: the fitted `LSTMAutoencoderDetector`s.
        specialist_: the fitted `NetworkClassifier`; None if the detectors miss no family.
        weak_families_: what the specialist learnt.
        model_: what scores, see `CombinedModel`.
        threshold_: score above which a record is flagged.
    """

    def __init__(
        self,
        network: str = "rnn",
        *,
        target_fpr: float = 0.05,
        specialist_share: float = 0.1,
        weak_recall: float = 0.5,
        n_detectors: int = 3,
        calibration_fraction: float = 0.15,
        epochs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.network = network
        self.target_fpr = target_fpr
        self.specialist_share = specialist_share
        self.weak_recall = weak_recall
        self.n_detectors = n_detectors
        self.calibration_fraction = calibration_fraction
        self.epochs = epochs
        self.seed = seed

    def fit(
        self,
        X: Any,  # noqa: ANN401, N803 - scikit-learn's name
        y: Sequence[str] | NDArray[np.object_],
        *,
        on_epoch: OnEpoch | None = None,
    ) -> Self:
        """Learn from labelled records.

        Args:
            X: FeatureMatrix, data frame or two-dimensional array.
            y: the family of each record, `normal` for those that are no attack.
            on_epoch: told the stage of training and the epoch, after each.

        Raises:
            InputError: lengths that disagree, a share outside (0, 1), no detector, or what the
                parts refuse.
            ResolutionError: the budget of a part is too small for its calibration records.
            MissingExtra: Keras is not installed.
        """
        records, families = to_matrix(X), np.array([str(name) for name in y], dtype=object)
        if len(families) != len(records) or not 0 < self.specialist_share < 1:
            raise InputError(
                f"expected a family for each of {len(records)} records and a specialist_share "
                f"between 0 and 1, received {len(families)} and {self.specialist_share}"
            )
        normals = records.take(families == NORMAL)
        order = np.random.default_rng(self.seed).permutation(len(normals))
        held_out = order[: round(self.calibration_fraction * len(normals))]
        detector_rate = self.target_fpr * (1 - self.specialist_share)
        count_flagged(len(held_out), detector_rate)  # refuses early
        self.detectors_ = self._fit_detectors(
            normals.take(np.sort(order[len(held_out) :])), on_epoch
        )
        models = tuple(detector.model_ for detector in self.detectors_)
        calibration = Calibration(mean_surprisal(models, normals.take(held_out)))
        attacks = families != NORMAL
        surprise = mean_surprisal(models, records.take(attacks))
        flagged = calibration.threshold(detector_rate).flags(surprise)
        self.weak_families_ = weak_families(families[attacks], flagged, self.weak_recall)
        self.specialist_ = self._fit_specialist(records, families, on_epoch)
        specialist = None if self.specialist_ is None else self.specialist_.model_
        self.model_ = CombinedModel(models, calibration, specialist, self.specialist_share)
        return self

    def score_samples(self, X: Any) -> Floats:  # noqa: ANN401, N803
        """-log10 of the smaller weighted p-value, shape (n,); higher is odder.

        Raises:
            NotFittedError: `fit` was not called.
            SchemaMismatch: other features than `fit` saw.
        """
        model = self._fitted()
        return model.score_samples(to_matrix(X, model.detectors[0].encoder.schema))

    def predict(self, X: Any) -> NDArray[np.int64]:  # noqa: ANN401, N803
        """1 for an attack or anomaly, 0 for normal, shape (n,)."""
        return (self.score_samples(X) > self.threshold_).astype(np.int64)

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged."""
        self._fitted()
        return float(-np.log10(self.target_fpr)) - TOLERANCE

    def _fitted(self) -> CombinedModel:
        if not hasattr(self, "model_"):
            raise NotFittedError("this CombinedDetector has learnt nothing; call fit() first")
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _fit_detectors(
        self, normals: FeatureMatrix, on_epoch: OnEpoch | None
    ) -> list[LSTMAutoencoderDetector]:
        if self.n_detectors < 1:
            raise InputError(f"n_detectors must be at least 1, received {self.n_detectors}")
        seeds = np.random.SeedSequence(self.seed).generate_state(self.n_detectors).tolist()
        detectors = []
        for number, seed in enumerate(seeds, start=1):
            detector = LSTMAutoencoderDetector(calibration_fraction=0.1, seed=seed)
            if self.epochs is not None:
                detector.set_params(epochs=self.epochs)
            told = None if on_epoch is None else partial(on_epoch, f"detector {number}")
            detectors.append(detector.fit(normals, on_epoch=told))
        return detectors

    def _fit_specialist(
        self, records: FeatureMatrix, families: NDArray[np.object_], on_epoch: OnEpoch | None
    ) -> NetworkClassifier | None:
        if not self.weak_families_:
            return None
        chosen = np.isin(families, [NORMAL, *self.weak_families_])
        return NetworkClassifier(
            self.network,
            epochs=self.epochs,
            target_fpr=self.target_fpr * self.specialist_share,
            calibration_fraction=0.2,
            seed=self.seed,
        ).fit(records.take(chosen), families[chosen], on_epoch=on_epoch)


def weak_families(
    families: NDArray[np.object_], flagged: NDArray[np.bool_], recall: float
) -> tuple[str, ...]:
    """The families of attacks of which a smaller share than `recall` is flagged, sorted.

    >>> families = np.array(["dos", "dos", "r2l", "r2l"], dtype=object)
    >>> weak_families(families, np.array([True, True, True, False]), 0.6)
    ('r2l',)
    """
    return tuple(
        family for family in sorted(set(families)) if flagged[families == family].mean() < recall
    )


def mean_surprisal(detectors: Sequence[Model], records: FeatureMatrix) -> Floats:
    """Mean over the detectors of the surprisal of each record, shape (n,)."""
    each = [surprisal(d.calibration, d.score_samples(records)) for d in detectors]
    return np.asarray(np.mean(each, axis=0), dtype=np.float64)

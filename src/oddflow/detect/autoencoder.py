"""The LSTM autoencoder as a detector, with the habits of scikit-learn and PyOD."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator

from oddflow.core.errors import InputError
from oddflow.core.evaluation import TrainingHistory
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.answers import AnswersByModel
from oddflow.detect.build import ScoreKind, build_model
from oddflow.detect.calibrate import count_flagged, split_normals
from oddflow.detect.intake import to_matrix
from oddflow.detect.network import NetworkSettings, Prepared, prepare, train_autoencoder
from oddflow.detect.trimmed import trim
from oddflow.features.windows import Steps
from oddflow.models.lstm_autoencoder import Widths, autoencoder_weights
from oddflow.models.train import Epoch, TrainSettings

Choice = TypeVar("Choice", bound=StrEnum)


class LSTMAutoencoderDetector(AnswersByModel, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Learns to rebuild normal records; flags those that it rebuilds badly.

    The records given to `fit` are parted three ways: to train on, to stop training by (and to take
    the statistics of the residual from), and to calibrate p-values and the threshold on.

    Scores rise with oddness, as in PyOD; `predict` gives 1 for an anomaly and 0 for normal. (The
    outlier detectors of scikit-learn itself use the opposite sign, and -1 and +1.)

    It fails to see attacks that look like normal traffic in every feature, and flags normal traffic
    of a kind that training did not contain.

    Args:
        steps: "groups" (each feature group is a step) or "record" (one step).
        score_kind: "whitened", "combined", "residual", "latent" or "error", see `ScoreKind`.
        encoder_widths: units of the encoder's LSTM layers; the last is the width of the code.
        decoder_widths: units of the decoder's LSTM layers.
        epochs: most passes over the training records.
        batch_size: records of a gradient step.
        learning_rate: of Adam, at the start.
        decay: "constant" or "cosine".
        loss: that training minimises, "squared" (the paper's) or "student", see
            `oddflow.models.lstm_autoencoder.LOSSES`.
        patience: epochs without a better validation loss before training stops.
        target_fpr: share of normal records that may be flagged, from 0 to 1.
        validation_fraction: share of the records to stop training by.
        calibration_fraction: share of the records to calibrate on.
        contamination: share of the records that may be attacks; as many, the oddest, are left out
            before anything is learnt, see `oddflow.detect.trimmed`.
        seed: of split, weights and order; the same seed gives the same detector.

    Attributes:
        threshold_: score above which a record is flagged.
        model_: what scores, see `Model`.
        network_: the trained `keras.Model`.
        history_: losses of each epoch.
        n_features_in_: number of features.
        feature_names_in_: their names, shape (n_features_in_,).

    Reference:
        Elazmazy and Nabil, "Enhanced Network Security using LSTM-Based Autoencoder Models", 2024.
    """

    def __init__(
        self,
        *,
        steps: str = "groups",
        score_kind: str = "whitened",
        encoder_widths: tuple[int, ...] = (64, 16),
        decoder_widths: tuple[int, ...] = (32, 64),
        epochs: int = 30,
        batch_size: int = 128,
        learning_rate: float = 2e-3,
        decay: str = "cosine",
        loss: str = "squared",
        patience: int = 6,
        target_fpr: float = 0.05,
        validation_fraction: float = 0.1,
        calibration_fraction: float = 0.2,
        contamination: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.steps = steps
        self.score_kind = score_kind
        self.encoder_widths = encoder_widths
        self.decoder_widths = decoder_widths
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.decay = decay
        self.loss = loss
        self.patience = patience
        self.target_fpr = target_fpr
        self.validation_fraction = validation_fraction
        self.calibration_fraction = calibration_fraction
        self.contamination = contamination
        self.seed = seed

    def fit(
        self,
        X: Any,  # noqa: ANN401, N803 - scikit-learn's name
        y: Any = None,  # noqa: ANN401
        *,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Self:
        """Learn from normal records.

        Args:
            X: FeatureMatrix, data frame or two-dimensional array; normal records alone.
            y: ignored, as in scikit-learn's other outlier detectors.
            on_epoch: called after each epoch.

        Raises:
            InputError: too few records, or a parameter out of range.
            ResolutionError: `target_fpr` is too small for the calibration records.
            MissingExtra: Keras is not installed.
        """
        del y
        records = to_matrix(X)
        kind = _choice(ScoreKind, "score_kind", self.score_kind)
        prepared = self._prepare(records)
        count_flagged(len(prepared.split.calibration), self.target_fpr)  # refuses early
        self.network_, self.history_ = self._train(prepared, on_epoch)
        encoder, layout, encoded, split = prepared
        self.model_, self.scorer_graph_ = build_model(
            encoder,
            layout,
            autoencoder_weights(self.network_),
            kind=kind,
            fit=encoded[split.fit],
            held_out=encoded[split.validation],
            calibration=encoded[split.calibration],
            target_fpr=self.target_fpr,
            seed=self.seed,
        )
        self.operating_point_ = self.model_.calibration.threshold(self.target_fpr)
        self.training_records_, self.training_fingerprint_ = len(records), records.fingerprint()
        self.n_features_in_ = len(records.schema.names)
        self.feature_names_in_ = np.array(records.schema.names, dtype=object)
        return self

    def train_network(
        self,
        X: Any,  # noqa: ANN401, N803
        *,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> tuple[Any, TrainingHistory]:
        """Train the network as `fit` does and stop there: network and losses, detector unchanged.

        For searches over settings, which need no calibration.
        """
        return self._train(self._prepare(to_matrix(X)), on_epoch)

    def _prepare(self, records: FeatureMatrix) -> Prepared:
        records = trim(records, self.contamination)
        split = split_normals(
            len(records),
            validation=self.validation_fraction,
            calibration=self.calibration_fraction,
            seed=self.seed,
        )
        return prepare(records, split, _choice(Steps, "steps", self.steps))

    def _train(
        self, prepared: Prepared, on_epoch: Callable[[Epoch], None] | None
    ) -> tuple[Any, TrainingHistory]:
        settings = NetworkSettings(
            Widths(encoder=tuple(self.encoder_widths), decoder=tuple(self.decoder_widths)),
            TrainSettings(
                epochs=self.epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                decay=self.decay,
                patience=self.patience,
            ),
            self.loss,
        )
        return train_autoencoder(prepared, settings, seed=self.seed, on_epoch=on_epoch)


def _choice(kind: type[Choice], name: str, value: str) -> Choice:
    """The member of an enumeration, or an error that lists them."""
    try:
        return kind(value)
    except ValueError as error:
        raise InputError(f"{name} must be one of {', '.join(kind)}, received {value!r}") from error

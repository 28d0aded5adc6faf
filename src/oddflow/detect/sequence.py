"""The detector whose score of a connection rests on what its host did before."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.calibrate import Calibration, count_flagged
from oddflow.detect.runtime import GraphRunner
from oddflow.detect.sequence_graph import (
    HISTORY,
    NOW,
    SCORE,
    STATE,
    mean_graph,
    parts_of,
    state_graph,
    state_width,
    window_graph,
)
from oddflow.detect.sequence_head import SequenceHead
from oddflow.detect.sequence_model import (
    SequenceModel,
    memory_for,
    require_context,
    scorer_of,
    with_interval,
)
from oddflow.detect.sequence_reasons import Reasons
from oddflow.detect.sequence_training import (
    Material,
    OnEpoch,
    Trained,
    sample,
    train_stateful,
    train_windowed,
)
from oddflow.detect.stretches import part_in_time
from oddflow.features.encode import Encoder
from oddflow.features.hosts import By, IntervalCode, Rows, keys_of, new_seats, seat
from oddflow.models.lstm_autoencoder import Widths, autoencoder_weights
from oddflow.models.sequence_stateful import stateful_weights
from oddflow.models.train import TrainSettings

Choice = TypeVar("Choice", bound=StrEnum)


class MemoryKind(StrEnum):
    """What is kept of a host."""

    WINDOW = "window"
    """Its last connections, which the network reads anew for each."""
    STATE = "state"
    """The state of a network that has read each once."""
    MEANS = "means"
    """Means alone, without a network: the trivial detector that the others must better."""


class SequenceDetector(BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Learns how normal hosts go on; flags connections that are odd in their host's history.

    Records must have a context (`FeatureMatrix.context`) and stand in the order in which they were
    known; each call of a method takes them for one whole recording, and `model_.start()` scores a
    stream block by block. The score adds how odd the connection is, rebuilt in its context, and how
    odd the mean of the history that ends with it, see `SequenceHead`. So it depends on the
    connections of the same host before it, and on no others.

    Training, validation and calibration connections are parted by stretches of time, see
    `part_in_time`.

    Args:
        steps: "hosts" (the history is the originator's) or "pairs" (with this responder).
        memory: "window", "state" or "means", see `MemoryKind`.
        length: steps of a history; but for "window", those that count before they are forgotten.
        encoder_widths: units of the encoder's LSTM layers, the last the width of the code; with
            "state", units of the LSTM and width of the code.
        decoder_widths: units of the decoder's LSTM layers; with "state", of one dense layer.
        epochs: most passes over the training rows.
        batch_size: rows of a gradient step; with "state" a row is a stretch of 64 connections, of
            which there are few: 16 is better there, and 20 epochs.
        learning_rate: of Adam, at the start; it falls by a cosine.
        patience: epochs without a better validation loss before training stops.
        target_fpr: share of normal records that may be flagged, from 0 to 1.
        validation_fraction, calibration_fraction: shares of the time kept for these.
        seed: of parting, weights and order; the same seed gives the same detector.

    Attributes:
        threshold_: score above which a connection is flagged.
        model_: what scores, see `SequenceModel`.
        network_: the trained `keras.Model`; None for "means".
        history_: losses of each epoch; None for "means".
    """

    def __init__(
        self,
        *,
        steps: str = "hosts",
        memory: str = "window",
        length: int = 20,
        encoder_widths: tuple[int, ...] = (64, 16),
        decoder_widths: tuple[int, ...] = (64,),
        epochs: int = 10,
        batch_size: int = 128,
        learning_rate: float = 2e-3,
        patience: int = 6,
        target_fpr: float = 0.05,
        validation_fraction: float = 0.1,
        calibration_fraction: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.steps = steps
        self.memory = memory
        self.length = length
        self.encoder_widths = encoder_widths
        self.decoder_widths = decoder_widths
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.target_fpr = target_fpr
        self.validation_fraction = validation_fraction
        self.calibration_fraction = calibration_fraction
        self.seed = seed

    def fit(
        self,
        X: FeatureMatrix,  # noqa: N803 - scikit-learn's name
        y: Any = None,  # noqa: ANN401
        *,
        on_epoch: OnEpoch | None = None,
    ) -> Self:
        """Learn from normal connections, in order of time.

        Args:
            X: normal connections alone.
            y: ignored, as in scikit-learn's other outlier detectors.
            on_epoch: called after each epoch.

        Raises:
            InputError: no context, too few connections, or a parameter out of range.
            ResolutionError: `target_fpr` is too small for the calibration connections.
            MissingExtra: Keras is not installed.
        """
        del y
        by, kind = _choice(By, "steps", self.steps), _choice(MemoryKind, "memory", self.memory)
        if self.length < 1:
            raise InputError(f"length must be at least 1, received {self.length}")
        encoder, interval, material = self._prepare(X, by)
        count_flagged(len(material.split.calibration), self.target_fpr)  # refuses early
        centre = material.steps[material.split.fit].mean(axis=0)
        widths = Widths(encoder=tuple(self.encoder_widths), decoder=tuple(self.decoder_widths))
        self.network_, self.history_ = self._train(material, kind, widths, on_epoch)
        n_state = {
            MemoryKind.WINDOW: 0,
            MemoryKind.STATE: state_width(len(centre), widths.encoder[0]),
            MemoryKind.MEANS: len(centre),
        }[kind]
        head = self._fit_head(material, self._graph(kind, centre, None), n_state)
        self.scorer_graph_ = self._graph(kind, centre, head)
        runner = scorer_of(self.scorer_graph_, n_state)
        (scores,) = _run(self.length, n_state, runner, material, (SCORE,))
        calibration = Calibration(scores[material.split.calibration].astype(np.float64))
        self.model_ = SequenceModel(
            encoder, interval, by, self.length, runner, n_state, calibration, Reasons.of(head)
        )
        self.training_records_, self.training_fingerprint_ = len(X), X.fingerprint()
        self.operating_point_ = calibration.threshold(self.target_fpr)
        self.n_features_in_ = len(X.schema.names)
        self.feature_names_in_ = np.array(X.schema.names, dtype=object)
        return self

    def score_samples(self, X: FeatureMatrix) -> NDArray[np.float64]:  # noqa: N803
        """Oddness of each connection of a recording, shape (n,); higher is odder.

        Raises:
            NotFittedError: `fit` was not called.
            SchemaMismatch: other features than `fit` saw.
            InputError: no context.
        """
        return self._fitted().score_samples(X)

    def predict(self, X: FeatureMatrix) -> NDArray[np.int64]:  # noqa: N803
        """1 for an anomaly, 0 for normal, shape (n,)."""
        return (self.score_samples(X) > self.threshold_).astype(np.int64)

    def p_values(self, X: FeatureMatrix) -> NDArray[np.float64]:  # noqa: N803
        """Share of normal traffic at least as odd as each connection, shape (n,)."""
        return self._fitted().calibration.p_values(self.score_samples(X))

    @property
    def threshold_(self) -> float:
        """Score above which a connection is flagged."""
        self._fitted()
        return self.operating_point_.value

    def _fitted(self) -> SequenceModel:
        if not hasattr(self, "model_"):
            raise NotFittedError("this SequenceDetector has learnt nothing; call fit() first")
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _prepare(self, records: FeatureMatrix, by: By) -> tuple[Encoder, IntervalCode, Material]:
        context = require_context(records)
        split, stretch = part_in_time(
            len(records),
            validation=self.validation_fraction,
            calibration=self.calibration_fraction,
            seed=self.seed,
        )
        encoder = Encoder.fit(records.take(split.fit))
        seated = seat(new_seats(), keys_of(context, by), context.start_s)
        interval = IntervalCode.fit(seated.take(split.fit))
        steps = with_interval(encoder.transform(records), seated, interval)
        return encoder, interval, Material(steps, split, keys_of(context, by, stretch), seated)

    def _train(
        self, material: Material, kind: MemoryKind, widths: Widths, on_epoch: OnEpoch | None
    ) -> Trained:
        if kind is MemoryKind.MEANS:
            return Trained(None, None)
        settings = TrainSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay="cosine",
            patience=self.patience,
        )
        if kind is MemoryKind.STATE:
            return train_stateful(material, widths, settings, self.seed, on_epoch)
        return train_windowed(material, self.length, widths, settings, self.seed, on_epoch)

    def _graph(self, kind: MemoryKind, centre: Rows, head: SequenceHead | None) -> bytes:
        if kind is MemoryKind.MEANS:
            return mean_graph(self.length, centre, head)
        if kind is MemoryKind.STATE:
            return state_graph(self.length, centre, stateful_weights(self.network_), head)
        return window_graph(self.length, centre, autoencoder_weights(self.network_), head)

    def _fit_head(self, material: Material, graph: bytes, n_state: int) -> SequenceHead:
        runner = GraphRunner(graph, {NOW: 2, HISTORY: 2, **({STATE: 2} if n_state else {})})
        now, history = _run(self.length, n_state, runner, material, (NOW, HISTORY))
        fit, held_out = (
            sample(rows, self.seed) for rows in (material.split.fit, material.split.validation)
        )
        n_columns = material.steps.shape[1]
        return SequenceHead.fit(
            parts_of(now[fit], history[fit], n_columns),
            parts_of(now[held_out], history[held_out], n_columns),
        )


def _run(
    length: int, n_state: int, runner: GraphRunner, material: Material, names: tuple[str, ...]
) -> list[NDArray[np.float32]]:
    """The named outputs for all training connections, histories from the beginning."""
    memory = memory_for(length, material.steps.shape[1], n_state)
    return memory.run(runner, material.seated, material.steps, names)


def _choice(kind: type[Choice], name: str, value: str) -> Choice:
    """The member of an enumeration, or an error that lists them."""
    try:
        return kind(value)
    except ValueError as error:
        raise InputError(f"{name} must be one of {', '.join(kind)}, received {value!r}") from error

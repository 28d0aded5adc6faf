"""Layers of Keras whose initial weights and dropped units one seed decides."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from oddflow.models.backend import import_keras

MAX_DRAWS = 256
"""Seeds that one network may use."""


@final
class SeededLayers:
    """Makes layers; each takes the next seeds of a sequence that starts from one number.

    Args:
        seed: the same seed gives the same layers in the same order.
    """

    def __init__(self, seed: int) -> None:
        self._keras = import_keras()
        self._seeds = iter(np.random.SeedSequence(seed).generate_state(MAX_DRAWS).tolist())

    def dense(self, units: int, activation: str = "linear", **options: Any) -> Any:  # noqa: ANN401
        """A fully connected layer, Glorot's uniform weights, or He's for `relu`."""
        initializers = self._keras.initializers
        initial = initializers.HeUniform if activation == "relu" else initializers.GlorotUniform
        kernel = initial(seed=next(self._seeds))
        return self._keras.layers.Dense(
            units, activation=activation, kernel_initializer=kernel, **options
        )

    def convolution(self, filters: int, width: int, **options: Any) -> Any:  # noqa: ANN401
        """A 1-D convolution with ReLU that keeps the length of its input."""
        return self._keras.layers.Conv1D(
            filters,
            width,
            padding="same",
            activation="relu",
            kernel_initializer=self._keras.initializers.HeUniform(seed=next(self._seeds)),
            **options,
        )

    def lstm(self, units: int, *, every_step: bool, name: str | None = None) -> Any:  # noqa: ANN401
        """An LSTM layer that gives its state at every step, or at the last alone."""
        return self._recurrent(self._keras.layers.LSTM, units, every_step, name)

    def simple_rnn(self, units: int, *, every_step: bool) -> Any:  # noqa: ANN401
        """Elman's recurrent layer, tanh."""
        return self._recurrent(self._keras.layers.SimpleRNN, units, every_step, None)

    def dropout(self, rate: float) -> Any:  # noqa: ANN401
        """Sets a share of its inputs to 0 while training."""
        return self._keras.layers.Dropout(rate, seed=next(self._seeds))

    def noise(self, spread: float) -> Any:  # noqa: ANN401
        """Adds Gaussian noise while training."""
        return self._keras.layers.GaussianNoise(spread, seed=next(self._seeds))

    def _recurrent(self, kind: Any, units: int, every_step: bool, name: str | None) -> Any:  # noqa: ANN401
        return kind(
            units,
            return_sequences=every_step,
            kernel_initializer=self._keras.initializers.GlorotUniform(seed=next(self._seeds)),
            recurrent_initializer=self._keras.initializers.Orthogonal(seed=next(self._seeds)),
            name=name,
        )

"""Untrained networks of Keras with weights that leave nothing at its initial value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.models.backend import import_keras
from oddflow.models.chain import Keras

N_COLUMNS = 122
"""Width of an encoded record of NSL-KDD."""
POSITIONS = (61, 16)
"""Positions and channels between the two convolutions of a network for such records."""
STEPS = (4, 90)
"""Feature groups of such records, and columns of the widest."""


def network(shape: tuple[int, ...], *layers: Keras, seed: int = 0) -> Keras:
    """The layers one after the other, with random weights."""
    keras = import_keras()
    model = keras.Sequential([keras.Input(shape), *layers])
    randomise(model, seed=seed)
    return model


def randomise(model: Keras, *, seed: int) -> None:
    """Give a model weights that keep numbers near 1, biases and moving statistics included."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        fan_in = max(int(np.prod(variable.shape[:-1])), 4)
        values = rng.normal(0, 1 / np.sqrt(fan_in), variable.shape)
        if variable.name in ("gamma", "moving_variance"):
            values = 0.3 + np.abs(values)
        if variable.name != "seed_generator_state":
            variable.assign(values.astype(np.float32))


def inputs_of(model: Keras, n: int, *, seed: int = 1) -> NDArray[np.float32]:
    """Random inputs of a model, shape (n, ...)."""
    shape = (n, *model.inputs[0].shape[1:])
    return np.random.default_rng(seed).normal(0, 1.5, shape).astype(np.float32)


def _of_kind(shape: tuple[int, ...], kind: str, *args: Any, **settings: Any) -> Callable[[], Keras]:  # noqa: ANN401
    """What builds the network of one layer."""
    return lambda: network(shape, getattr(import_keras().layers, kind)(*args, **settings))


FLAT = (N_COLUMNS,)
KINDS: dict[str, Callable[[], Keras]] = {
    "dense": _of_kind(FLAT, "Dense", 64),
    "dense relu": _of_kind(FLAT, "Dense", 64, activation="relu"),
    "dense sigmoid": _of_kind(FLAT, "Dense", 23, activation="sigmoid"),
    "dense tanh": _of_kind(FLAT, "Dense", 64, activation="tanh"),
    "dense softmax": _of_kind(FLAT, "Dense", 23, activation="softmax"),
    "dense to one": _of_kind(FLAT, "Dense", 1),
    "dense without bias": _of_kind(FLAT, "Dense", 5, use_bias=False),
    "dense at each step": _of_kind(STEPS, "Dense", 7, activation="softmax"),
    "batch norm": _of_kind(FLAT, "BatchNormalization"),
    "batch norm of channels": _of_kind(POSITIONS, "BatchNormalization", epsilon=0.1),
    "batch norm without scale": _of_kind(FLAT, "BatchNormalization", scale=False, axis=1),
    "batch norm without shift": _of_kind(FLAT, "BatchNormalization", center=False),
    "convolution": _of_kind((N_COLUMNS, 1), "Conv1D", 16, 3, padding="same", activation="relu"),
    "convolution of channels": _of_kind(POSITIONS, "Conv1D", 32, 5, activation="tanh"),
    "convolution of even width": _of_kind(POSITIONS, "Conv1D", 8, 4, padding="same"),
    "convolution without bias": _of_kind(POSITIONS, "Conv1D", 3, 1, use_bias=False),
    "largest of pairs": _of_kind(POSITIONS, "MaxPooling1D", 2),
    "largest, padded": _of_kind((60, 16), "MaxPooling1D", 5, strides=2, padding="same"),
    "largest, with gaps": _of_kind(POSITIONS, "MaxPooling1D", 2, strides=3, padding="same"),
    "mean of pairs": _of_kind(POSITIONS, "AveragePooling1D", 2),
    "mean, padded": _of_kind((60, 16), "AveragePooling1D", 4, strides=3, padding="same"),
    "largest of all": _of_kind(POSITIONS, "GlobalMaxPooling1D"),
    "mean of all": _of_kind(POSITIONS, "GlobalAveragePooling1D"),
    "lstm": _of_kind(STEPS, "LSTM", 64),
    "lstm at each step": _of_kind(STEPS, "LSTM", 64, return_sequences=True),
    "lstm of one step": _of_kind((1, N_COLUMNS), "LSTM", 33, use_bias=False),
    "recurrent": _of_kind(STEPS, "SimpleRNN", 80),
    "recurrent relu": _of_kind(STEPS, "SimpleRNN", 64, activation="relu", use_bias=False),
    "recurrent at each step": _of_kind(STEPS, "SimpleRNN", 33, return_sequences=True),
    "recurrent of one step": _of_kind((1, N_COLUMNS), "SimpleRNN", 5, return_sequences=True),
    "recurrent over columns": _of_kind((41, 1), "SimpleRNN", 16),
    "repeat": _of_kind((32,), "RepeatVector", 4),
    "reshape": _of_kind(FLAT, "Reshape", (-1, 2)),
    "flatten": _of_kind(STEPS, "Flatten"),
    "activation": _of_kind(POSITIONS, "Activation", "sigmoid"),
}
"""One layer each -> what builds the network of it; widths are those of real records."""


def cnn() -> Keras:
    """Convolutions, pooling of both kinds, dropout, dense layers; class probabilities."""
    layers = import_keras().layers
    return network(
        FLAT,
        layers.Reshape((N_COLUMNS, 1)),
        layers.Conv1D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling1D(2),
        layers.Conv1D(32, 3, activation="relu"),
        layers.SpatialDropout1D(0.2),
        layers.GlobalMaxPooling1D(),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(5, activation="softmax"),
    )


def flat_cnn() -> Keras:
    """Two convolutions each followed by pooling, then all positions side by side; logits."""
    layers = import_keras().layers
    return network(
        FLAT,
        layers.Reshape((N_COLUMNS, 1)),
        layers.Conv1D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling1D(2),
        layers.Conv1D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling1D(2),
        layers.Flatten(),
        layers.Dropout(0.2),
        layers.Dense(64, activation="relu"),
        layers.Dense(5),
    )


def dnn() -> Keras:
    """Dense layers with batch normalisation and noise; class probabilities."""
    layers = import_keras().layers
    hidden = [
        layer
        for units in (128, 64, 32)
        for layer in (
            layers.Dense(units, activation="relu"),
            layers.BatchNormalization(),
            layers.GaussianDropout(0.1),
        )
    ]
    last = layers.Dense(23), layers.Activation("softmax")
    return network(FLAT, layers.GaussianNoise(0.1), *hidden, *last)


def lstm() -> Keras:
    """Stacked LSTM layers; logits."""
    layers = import_keras().layers
    return network(
        STEPS,
        layers.LSTM(64, return_sequences=True),
        layers.LSTM(32),
        layers.Dropout(0.1),
        layers.Dense(5),
    )


def rnn() -> Keras:
    """Stacked simple recurrent layers; class probabilities."""
    layers = import_keras().layers
    return network(
        STEPS,
        layers.SimpleRNN(64, return_sequences=True),
        layers.SimpleRNN(32, activation="relu"),
        layers.Dense(5, activation="softmax"),
    )


def autoencoder() -> Keras:
    """An LSTM autoencoder, folded into one code and unfolded again, flat; no classifier."""
    layers = import_keras().layers
    return network(
        STEPS,
        layers.LSTM(16),
        layers.RepeatVector(STEPS[0]),
        layers.LSTM(32, return_sequences=True),
        layers.Dense(STEPS[1]),
    )


CHAINS = {
    "cnn": cnn,
    "flat cnn": flat_cnn,
    "dnn": dnn,
    "lstm": lstm,
    "rnn": rnn,
    "autoencoder": autoencoder,
}
"""Whole networks of the kinds that are classifiers here -> what builds them."""


def with_two_outputs() -> Keras:
    """A code of which `logits` and, on a branch of its own, a reconstruction are made."""
    keras = import_keras()
    windows = keras.Input(STEPS)
    code = keras.layers.LSTM(8, name="encoder")(windows)
    repeated = keras.layers.RepeatVector(STEPS[0])(code)
    decoded = keras.layers.LSTM(9, return_sequences=True, name="decoder")(repeated)
    rebuilt = keras.layers.Dense(STEPS[1], name="reconstruction")(decoded)
    hidden = keras.layers.Dense(7, activation="relu")(code)
    logits = keras.layers.Dense(5, name="logits")(hidden)
    model = keras.Model(windows, [logits, rebuilt])
    randomise(model, seed=2)
    return model

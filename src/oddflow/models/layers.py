"""The layers of a trained network as plain arrays, in the order in which a record passes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from oddflow.core.errors import OddflowError
from oddflow.models.weights import Array, LSTMWeights

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")
SILENT = frozenset({"InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise"})
"""Layers that do nothing once training is over."""


class Affine(NamedTuple):
    """A dense layer: kernel (k, m), bias (m,), and the name of the activation after it."""

    kernel: Array
    bias: Array
    activation: str


class Scaled(NamedTuple):
    """Batch normalisation after training: factor (k,) and shift (k,)."""

    factor: Array
    shift: Array


class Convolution(NamedTuple):
    """A 1-D convolution that keeps the length: kernel (width, k, m), bias (m,), activation."""

    kernel: Array
    bias: Array
    activation: str


class Recurrent(NamedTuple):
    """A simple recurrent layer, tanh: kernel (k, u), recurrent (u, u), bias (u,)."""

    kernel: Array
    recurrent: Array
    bias: Array
    every_step: bool


class LongShortTerm(NamedTuple):
    """An LSTM layer."""

    weights: LSTMWeights
    every_step: bool


class PairMaximum(NamedTuple):
    """Maximum over pairs of positions; an odd one at the end is left out."""


class Shaped(NamedTuple):
    """Numbers of a record put into another shape, the axis of records left out."""

    shape: tuple[int, ...]


Layer = Affine | Scaled | Convolution | Recurrent | LongShortTerm | PairMaximum | Shaped


class UnsupportedLayer(OddflowError):
    """A layer that cannot be turned into a scorer graph."""


def layers_of(model: Any, *, until: str) -> tuple[Layer, ...]:  # noqa: ANN401 - a keras.Model
    """The chain of layers from the input of a Keras model to the layer named `until`.

    Raises:
        UnsupportedLayer: a layer that has two inputs, or is of a kind that is not listed here.
    """
    return tuple(read for layer in _chain(model, until) for read in _read(layer))


def _chain(model: Any, until: str) -> list[Any]:  # noqa: ANN401
    """Keras layers from the input to the one of that name."""
    layer, chain = model.get_layer(until), []
    while True:
        chain.append(layer)
        if type(layer).__name__ == "InputLayer":
            return chain[::-1]
        before = _before(layer)
        if len(before) != 1:
            raise UnsupportedLayer(
                f"layer {layer.name}: expected a layer of one input, received one of {len(before)}"
            )
        layer = before[0]


def _before(layer: Any) -> list[Any]:  # noqa: ANN401
    """The layers whose outputs a layer was last applied to."""
    return [tensor._keras_history.operation for tensor in layer._inbound_nodes[-1].input_tensors]  # noqa: SLF001


def _read(layer: Any) -> Iterator[Layer]:  # noqa: ANN401, C901 - one case a kind of layer
    """The description of one Keras layer; nothing for one that is silent."""
    weights = [np.asarray(weight, dtype=np.float32) for weight in layer.get_weights()]
    kind = type(layer).__name__
    if kind in SILENT:
        return
    match kind:
        case "Dense":
            yield Affine(*weights, _activation(layer))
        case "BatchNormalization":
            factor, shift, mean, variance = (weight.astype(np.float64) for weight in weights)
            factor = factor / np.sqrt(variance + layer.epsilon)
            shift = shift - mean * factor
            yield Scaled(factor.astype(np.float32), shift.astype(np.float32))
        case "Conv1D" if layer.padding == "same" and layer.strides == (1,):
            yield Convolution(*weights, _activation(layer))
        case "MaxPooling1D" if layer.pool_size == layer.strides == (2,):
            yield PairMaximum()
        case "SimpleRNN" if _activation(layer) == "tanh":
            yield Recurrent(*weights, layer.return_sequences)
        case "LSTM":
            yield LongShortTerm(LSTMWeights(*weights), layer.return_sequences)
        case "Reshape" | "Flatten":
            yield Shaped(tuple(int(width) for width in layer.output.shape[1:]))
        case _:
            raise UnsupportedLayer(
                f"layer {layer.name}: a {kind} with these settings cannot be exported; expected "
                "Dense, BatchNormalization, Conv1D (same, stride 1), MaxPooling1D (2), SimpleRNN "
                "(tanh), LSTM, Reshape, Flatten or dropout"
            )


def _activation(layer: Any) -> str:  # noqa: ANN401
    name = str(layer.activation.__name__)
    if name not in ACTIVATIONS:
        raise UnsupportedLayer(
            f"layer {layer.name}: activation {name} cannot be exported; expected one of "
            f"{', '.join(ACTIVATIONS)}"
        )
    return name

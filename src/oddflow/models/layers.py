"""The layers of a trained network as plain arrays, in the order in which a record passes them.

Axes are Keras': records first (left out of all shapes here), then steps or positions, then columns
or channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from oddflow.models.chain import Keras, UnsupportedLayer, chain_of
from oddflow.models.weights import Array, LSTMWeights

ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "softmax")
SILENT = frozenset(
    {"InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout"}
)
"""Layers that do nothing once training is over."""


class Affine(NamedTuple):
    """A dense layer without its activation: kernel (k, m), bias (m,)."""

    kernel: Array
    bias: Array


class Scaled(NamedTuple):
    """Batch normalisation after training: factor (k,) and shift (k,)."""

    factor: Array
    shift: Array


class Convolution(NamedTuple):
    """A 1-D convolution of stride 1 without its activation.

    kernel (width, k, m); bias (m,); pads: zero positions put before and after the others.
    """

    kernel: Array
    bias: Array
    pads: tuple[int, int]


class Pooled(NamedTuple):
    """Largest or mean of `width` positions, every `stride` positions, each channel by itself.

    pads: positions before the first and after the last that windows may reach into; they count
    neither as numbers nor in the mean.
    """

    kind: Literal["largest", "mean"]
    width: int
    stride: int
    pads: tuple[int, int]


class Recurrent(NamedTuple):
    """A simple recurrent layer: kernel (k, u), recurrent (u, u), bias (u,).

    activation: of the state, `tanh` or `relu`; n_steps: of its input; every_step: whether it gives
    its state at all of them, or the last alone.
    """

    kernel: Array
    recurrent: Array
    bias: Array
    activation: str
    n_steps: int
    every_step: bool


class LongShortTerm(NamedTuple):
    """An LSTM layer; every_step: whether it gives all its hidden states, or the last alone."""

    weights: LSTMWeights
    every_step: bool


class Repeated(NamedTuple):
    """The same columns at each of n steps."""

    n_steps: int


class Shaped(NamedTuple):
    """Numbers of a record put into another shape."""

    shape: tuple[int, ...]


class Activated(NamedTuple):
    """An activation other than linear, by its name; softmax is over the last axis."""

    name: str


Layer = (
    Affine
    | Scaled
    | Convolution
    | Pooled
    | Recurrent
    | LongShortTerm
    | Repeated
    | Shaped
    | Activated
)


def layers_of(model: Keras, *, until: str | None = None) -> tuple[Layer, ...]:
    """The layers from the input of a Keras model to its output.

    Args:
        model: functional or sequential, a chain.
        until: name of the layer to stop after; the model may then have other branches and outputs.

    Raises:
        UnsupportedLayer: the layers are no chain, there is no layer of that name, or one is of a
            kind or has a setting that is not among those read here.
    """
    return tuple(read for node in chain_of(model, until) for read in _read(node))


def _read(node: Keras) -> Iterator[Layer]:
    """The description of one layer; nothing for one that is silent."""
    kind = _own_name(type(node.operation))
    if kind in SILENT:
        return
    if kind not in READERS:
        raise UnsupportedLayer(
            f"layer {node.operation.name}: a {kind} cannot be exported; expected one of "
            f"{', '.join(sorted({*READERS, *SILENT}))}"
        )
    yield from READERS[kind](node.operation, node)


def _dense(layer: Keras, _: Keras) -> Iterator[Layer]:
    yield Affine(_array(layer.kernel), _bias(layer.bias, layer.units))
    yield from _activation(layer, "activation", ACTIVATIONS)


def _batch_normalization(layer: Keras, node: Keras) -> Iterator[Layer]:
    last = len(node.input_tensors[0].shape) - 1
    _require(layer, axis=(-1, last))
    mean, variance = (
        np.asarray(part, dtype=np.float64) for part in (layer.moving_mean, layer.moving_variance)
    )
    factor = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        factor = factor * np.asarray(layer.gamma)
    shift = -mean * factor
    if layer.center:
        shift = shift + np.asarray(layer.beta)
    yield Scaled(factor.astype(np.float32), shift.astype(np.float32))


def _convolution(layer: Keras, _: Keras) -> Iterator[Layer]:
    _require(
        layer,
        strides=((1,),),
        dilation_rate=((1,),),
        groups=(1,),
        padding=("same", "valid"),
        data_format=("channels_last",),
    )
    kernel = _array(layer.kernel)
    added = len(kernel) - 1 if layer.padding == "same" else 0
    pads = (added // 2, added - added // 2)
    yield Convolution(kernel, _bias(layer.bias, layer.filters), pads)
    yield from _activation(layer, "activation", ACTIVATIONS)


def _pool(layer: Keras, node: Keras) -> Iterator[Layer]:
    """Padding `same` makes ceil(length / stride) windows; an odd position is added at the end."""
    _require(layer, padding=("same", "valid"), data_format=("channels_last",))
    length, (width,), (stride,) = node.input_tensors[0].shape[1], layer.pool_size, layer.strides
    reach = (-(-length // stride) - 1) * stride + width
    added = max(reach - length, 0) if layer.padding == "same" else 0
    yield Pooled(_pool_kind(layer), width, stride, (added // 2, added - added // 2))


def _global_pool(layer: Keras, node: Keras) -> Iterator[Layer]:
    _require(layer, keepdims=(False,), data_format=("channels_last",))
    _, length, n_channels = node.input_tensors[0].shape
    yield Pooled(_pool_kind(layer), length, length, (0, 0))
    yield Shaped((n_channels,))


def _pool_kind(layer: Keras) -> Literal["largest", "mean"]:
    return "largest" if "Max" in type(layer).__name__ else "mean"


def _recurrent(layer: Keras, node: Keras) -> Iterator[Layer]:
    _require_ordinary(layer)
    (activated,) = _activation(layer, "activation", ("tanh", "relu"))
    yield Recurrent(
        _array(layer.cell.kernel),
        _array(layer.cell.recurrent_kernel),
        _bias(layer.cell.bias, layer.units),
        activated.name,
        node.input_tensors[0].shape[1],
        layer.return_sequences,
    )


def _lstm(layer: Keras, _: Keras) -> Iterator[Layer]:
    _require_ordinary(layer)
    for which, only in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        list(_activation(layer, which, (only,)))
    kernel, recurrent = _array(layer.cell.kernel), _array(layer.cell.recurrent_kernel)
    bias = _bias(layer.cell.bias, 4 * layer.units)
    yield LongShortTerm(LSTMWeights(kernel, recurrent, bias), layer.return_sequences)


def _require_ordinary(layer: Keras) -> None:
    """Raise unless a recurrent layer reads forwards, from nothing, and gives one value."""
    _require(layer, go_backwards=(False,), stateful=(False,), return_state=(False,))


def _repeat(layer: Keras, _: Keras) -> Iterator[Layer]:
    yield Repeated(layer.n)


def _reshape(_: Keras, node: Keras) -> Iterator[Layer]:
    yield Shaped(tuple(node.outputs[0].shape[1:]))


def _flatten(layer: Keras, node: Keras) -> Iterator[Layer]:
    _require(layer, data_format=("channels_last",))
    yield from _reshape(layer, node)


def _only_activation(layer: Keras, _: Keras) -> Iterator[Layer]:
    yield from _activation(layer, "activation", ACTIVATIONS)


READERS: dict[str, Callable[[Keras, Keras], Iterator[Layer]]] = {
    "Activation": _only_activation,
    "AveragePooling1D": _pool,
    "BatchNormalization": _batch_normalization,
    "Conv1D": _convolution,
    "Dense": _dense,
    "Flatten": _flatten,
    "GlobalAveragePooling1D": _global_pool,
    "GlobalMaxPooling1D": _global_pool,
    "LSTM": _lstm,
    "MaxPooling1D": _pool,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "SimpleRNN": _recurrent,
}
"""Class of a Keras layer -> what reads it."""


def _activation(layer: Keras, setting: str, known: tuple[str, ...]) -> Iterator[Activated]:
    """The activation in this setting of a layer; nothing for a linear one."""
    name = _own_name(getattr(layer, setting))
    if name not in known:
        raise UnsupportedLayer(
            f"layer {layer.name}: {setting} {name} cannot be exported; expected one of "
            f"{', '.join(known)}"
        )
    if name != "linear":
        yield Activated(name)


def _require(layer: Keras, **allowed: tuple[object, ...]) -> None:
    """Raise unless each setting of the layer is among those allowed."""
    for setting, values in allowed.items():
        received = getattr(layer, setting)
        if received not in values:
            raise UnsupportedLayer(
                f"layer {layer.name}: a {type(layer).__name__} with {setting} {received} cannot "
                f"be exported; expected {' or '.join(map(str, values))}"
            )


def _own_name(thing: Keras) -> str:
    """Name of a class or function; with its module where it is not Keras' own."""
    name = str(getattr(thing, "__name__", type(thing).__name__))
    module = str(thing.__module__)
    return name if module.partition(".")[0] == "keras" else f"{module}.{name}"


def _array(variable: Keras) -> Array:
    return np.asarray(variable, dtype=np.float32)


def _bias(variable: Keras | None, width: int) -> Array:
    """Zeros where a layer has no bias."""
    return np.zeros(width, dtype=np.float32) if variable is None else _array(variable)

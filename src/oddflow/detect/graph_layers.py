"""Layers of a classifying network as ONNX operators.

As everywhere in a scorer graph, a record gets the same bits in any batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oddflow.detect.graph import Graph, gates_first
from oddflow.features.windows import StepLayout
from oddflow.models.layers import (
    Affine,
    Convolution,
    Layer,
    LongShortTerm,
    PairMaximum,
    Recurrent,
    Scaled,
    Shaped,
)
from oddflow.models.weights import LSTMWeights


def add_windows(graph: Graph, encoded: str, layout: StepLayout) -> str:
    """Encoded records (n, columns) as windows (n, steps, width), padded with zeros."""
    n_columns = layout.slices[-1].stop
    places = np.full((layout.n_steps, layout.width), n_columns, dtype=np.int64)
    for step, columns in enumerate(layout.slices):
        places[step, : columns.stop - columns.start] = np.arange(columns.start, columns.stop)
    padded = graph.op("Pad", encoded, graph.constant([0, 0, 0, 1]))  # one zero to point at
    gathered = graph.op("Gather", padded, graph.constant(places.ravel()), axis=1)
    return graph.op("Reshape", gathered, graph.constant([-1, layout.n_steps, layout.width]))


def add_layers(graph: Graph, value: str, layers: Sequence[Layer]) -> str:
    """Add the layers one after the other; the name of the last value."""
    for layer in layers:
        value = _add(graph, value, layer)
    return value


def _add(graph: Graph, value: str, layer: Layer) -> str:
    match layer:
        case Affine(kernel, bias, activation):
            product = graph.op("MatMul", value, graph.constant(kernel))
            return _activated(graph, graph.op("Add", product, graph.constant(bias)), activation)
        case Scaled(factor, shift):
            product = graph.op("Mul", value, graph.constant(factor))
            return graph.op("Add", product, graph.constant(shift))
        case Convolution():
            return _convolution(graph, value, layer)
        case PairMaximum():
            return _pair_maximum(graph, value)
        case Recurrent():
            return _recurrent(graph, value, layer)
        case LongShortTerm(weights, every_step):
            return _lstm(graph, value, weights, every_step=every_step)
        case Shaped(shape):
            return graph.op("Reshape", value, graph.constant([-1, *shape]))


def _activated(graph: Graph, value: str, activation: str) -> str:
    names = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
    return value if activation == "linear" else graph.op(names[activation], value)


def _convolution(graph: Graph, value: str, layer: Convolution) -> str:
    """ONNX has channels before positions, Keras after them."""
    width = layer.kernel.shape[0]
    before = (width - 1) // 2
    channels_first = graph.op("Transpose", value, perm=[0, 2, 1])
    found = graph.op(
        "Conv",
        channels_first,
        graph.constant(np.transpose(layer.kernel, (2, 1, 0))),
        graph.constant(layer.bias),
        kernel_shape=[width],
        pads=[before, width - 1 - before],
    )
    return _activated(graph, graph.op("Transpose", found, perm=[0, 2, 1]), layer.activation)


def _pair_maximum(graph: Graph, value: str) -> str:
    channels_first = graph.op("Transpose", value, perm=[0, 2, 1])
    # ceil_mode is off: as in Keras, an odd position at the end is left out.
    largest = graph.op("MaxPool", channels_first, kernel_shape=[2], strides=[2])
    return graph.op("Transpose", largest, perm=[0, 2, 1])


def _recurrent(graph: Graph, value: str, layer: Recurrent) -> str:
    bias = np.concatenate([layer.bias, np.zeros_like(layer.bias)])
    every, last = graph.ops(
        "RNN",
        graph.op("Transpose", value, perm=[1, 0, 2]),
        graph.constant(np.transpose(layer.kernel)[None]),
        graph.constant(np.transpose(layer.recurrent)[None]),
        graph.constant(bias[None]),
        n_outputs=2,
        hidden_size=len(layer.bias),
    )
    return _states(graph, every, last, every_step=layer.every_step)


def _lstm(graph: Graph, value: str, layer: LSTMWeights, *, every_step: bool) -> str:
    bias = np.concatenate([gates_first(layer.bias[None]).ravel(), np.zeros_like(layer.bias)])
    every, last, _ = graph.ops(
        "LSTM",
        graph.op("Transpose", value, perm=[1, 0, 2]),
        graph.constant(gates_first(layer.kernel)[None]),
        graph.constant(gates_first(layer.recurrent)[None]),
        graph.constant(bias[None]),
        n_outputs=3,
        hidden_size=layer.units,
    )
    return _states(graph, every, last, every_step=every_step)


def _states(graph: Graph, every: str, last: str, *, every_step: bool) -> str:
    """Hidden states (steps, 1, n, units) as (n, steps, units), or the last as (n, units)."""
    if not every_step:
        return graph.op("Squeeze", last, graph.constant([0]))
    by_step = graph.op("Squeeze", every, graph.constant([1]))
    return graph.op("Transpose", by_step, perm=[1, 0, 2])

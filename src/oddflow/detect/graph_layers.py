"""Layers of a classifying network as ONNX operators.

As everywhere in a scorer graph, a record gets the same bits in any batch. ONNX Runtime's RNN
operator does not keep to that, so a simple recurrent layer is written out step by step.
"""

from __future__ import annotations

from collections.abc import Sequence

from oddflow.detect.graph import Graph, add_lstm
from oddflow.features.windows import StepLayout
from oddflow.models.layers import (
    Activated,
    Affine,
    Convolution,
    Layer,
    LongShortTerm,
    Pooled,
    Recurrent,
    Repeated,
    Scaled,
    Shaped,
)

ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax", "tanh": "Tanh"}
"""Name of an activation in Keras -> ONNX's operator; its Softmax is over the last axis, too."""


def add_windows(graph: Graph, encoded: str, layout: StepLayout) -> str:
    """Encoded records (n, columns) as windows (n, steps, width), padded with zeros."""
    widths = [s.stop - s.start for s in layout.slices]
    shape = graph.constant([-1, layout.n_steps, layout.width])
    if min(widths) == layout.width:
        return graph.op("Reshape", encoded, shape)
    steps = graph.ops("Split", encoded, graph.constant(widths), n_outputs=len(widths), axis=1)
    wide = [
        graph.op("Pad", step, graph.constant([0, 0, 0, layout.width - width]))
        if width < layout.width
        else step
        for step, width in zip(steps, widths, strict=True)
    ]
    return graph.op("Reshape", graph.op("Concat", *wide, axis=1), shape)


def add_layers(graph: Graph, value: str, layers: Sequence[Layer]) -> str:
    """Add layers one after the other; the name of the last value.

    Args:
        graph: to add to.
        value: name of the input of the first layer, (n, columns) or (n, steps, columns).
        layers: as `oddflow.models.layers.layers_of` reads them.
    """
    for layer in layers:
        value = _add(graph, value, layer)
    return value


def _add(graph: Graph, value: str, layer: Layer) -> str:
    match layer:
        case Affine(kernel, bias):
            product = graph.op("MatMul", value, graph.constant(kernel))
            return graph.op("Add", product, graph.constant(bias))
        case Scaled(factor, shift):
            product = graph.op("Mul", value, graph.constant(factor))
            return graph.op("Add", product, graph.constant(shift))
        case Convolution():
            return _convolution(graph, value, layer)
        case Pooled():
            return _pooled(graph, value, layer)
        case Recurrent():
            return _recurrent(graph, value, layer)
        case LongShortTerm():
            return _lstm(graph, value, layer)
        case Repeated(n_steps):
            once = graph.op("Unsqueeze", value, graph.constant([1]))
            return graph.op("Concat", *[once] * n_steps, axis=1)
        case Shaped(shape):
            return graph.op("Reshape", value, graph.constant([-1, *shape]))
        case Activated(name):
            return graph.op(ACTIVATIONS[name], value)


def _convolution(graph: Graph, value: str, layer: Convolution) -> str:
    """Channels stand before positions in ONNX, after them in Keras."""
    channels_first = graph.op("Transpose", value, perm=[0, 2, 1])
    kernel, bias = graph.constant(layer.kernel.transpose(2, 1, 0)), graph.constant(layer.bias)
    width = len(layer.kernel)
    found = graph.op(
        "Conv", channels_first, kernel, bias, kernel_shape=[width], pads=list(layer.pads)
    )
    return graph.op("Transpose", found, perm=[0, 2, 1])


def _pooled(graph: Graph, value: str, layer: Pooled) -> str:
    channels_first = graph.op("Transpose", value, perm=[0, 2, 1])
    pooled = graph.op(
        {"largest": "MaxPool", "mean": "AveragePool"}[layer.kind],
        channels_first,
        kernel_shape=[layer.width],
        strides=[layer.stride],
        pads=list(layer.pads),
    )
    return graph.op("Transpose", pooled, perm=[0, 2, 1])


def _recurrent(graph: Graph, value: str, layer: Recurrent) -> str:
    """h_t = activation(x_t W + b + h_{t-1} U); all steps are multiplied by W at once."""
    sums = _add(graph, value, Affine(layer.kernel, layer.bias))
    steps = [sums]
    if layer.n_steps > 1:
        ones = graph.constant([1] * layer.n_steps)
        steps = graph.ops("Split", sums, ones, n_outputs=layer.n_steps, axis=1)
    recurrent = graph.constant(layer.recurrent)
    states = [graph.op(ACTIVATIONS[layer.activation], steps[0])]
    for step in steps[1:]:
        recurred = graph.op("MatMul", states[-1], recurrent)
        states.append(graph.op(ACTIVATIONS[layer.activation], graph.op("Add", step, recurred)))
    if layer.every_step:
        return graph.op("Concat", *states, axis=1)
    return graph.op("Squeeze", states[-1], graph.constant([1]))


def _lstm(graph: Graph, value: str, layer: LongShortTerm) -> str:
    """Steps are the outermost axis of ONNX's LSTM."""
    steps = graph.op("Transpose", value, perm=[1, 0, 2])
    every, last, _ = add_lstm(graph, steps, layer.weights)
    if layer.every_step:
        by_step = graph.op("Squeeze", every, graph.constant([1]))
        return graph.op("Transpose", by_step, perm=[1, 0, 2])
    return graph.op("Squeeze", last, graph.constant([0]))

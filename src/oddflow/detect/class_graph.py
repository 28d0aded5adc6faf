"""A classifier as an ONNX graph: encoded records in; score and logits out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.graph import Graph
from oddflow.detect.graph_layers import add_layers, add_windows
from oddflow.features.reduce import Reduction
from oddflow.features.windows import StepLayout
from oddflow.models.layers import Layer

NETWORK_INPUT = "network_input"
"""Name of the value in the graph that the network itself is given."""

LOGITS_VALUE = "logits"
"""Name of the value in the graph that the network gives."""

Floats = NDArray[np.float64]


def class_graph(
    n_columns: int,
    n_classes: int,
    layers: Sequence[Layer],
    *,
    reduction: Reduction | None,
    layout: StepLayout | None,
) -> bytes:
    """The graph of a network that ends in logits, as a serialised ONNX model.

    The score is the largest logit of an attack less that of normal, which is class 0: it is above
    0 exactly where some attack is likelier than normal.

    Args:
        n_columns: of an encoded record.
        n_classes: width of the logits.
        layers: of the trained network, input to logits.
        reduction: of the columns, before all else; None for all of them.
        layout: how records become steps; None for flat input.
    """
    graph = Graph()
    score = add_classes(graph, n_classes, layers, reduction=reduction, layout=layout)
    graph.op("Identity", score, output="score")
    model = graph.model({"encoded": n_columns}, {"score": None, LOGITS_VALUE: n_classes})
    serialized: bytes = model.SerializeToString()
    return serialized


def add_classes(
    graph: Graph,
    n_classes: int,
    layers: Sequence[Layer],
    *,
    reduction: Reduction | None,
    layout: StepLayout | None,
) -> str:
    """Add the network of `class_graph` to a graph with a value `encoded`; name of its score."""
    value = "encoded"
    if reduction is not None:
        kernel, bias = graph.constant(reduction.kernel), graph.constant(reduction.bias)
        value = graph.op("Gemm", value, kernel, bias)
    if layout is not None:
        value = add_windows(graph, value, layout)
    value = graph.op("Identity", value, output=NETWORK_INPUT)
    value = add_layers(graph, value, layers)
    logits = graph.op("Identity", value, output=LOGITS_VALUE)
    sizes = graph.constant([1, n_classes - 1])
    normal, attacks = graph.ops("Split", logits, sizes, n_outputs=2, axis=1)
    likeliest, _ = graph.ops("TopK", attacks, graph.constant([1]), n_outputs=2, axis=1)
    odds = graph.op("Sub", likeliest, normal)
    return graph.op("Squeeze", odds, graph.constant([1]))


def softmax(logits: NDArray[np.float32]) -> Floats:
    """Probabilities of the classes, shape as the logits."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)

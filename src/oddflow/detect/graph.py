"""The scorer as an ONNX graph: encoded records in; score, residual and code out.

Built by hand from ONNX's own operators, because its LSTM operator is a fused kernel in ONNX Runtime
while an exported Keras graph is a loop. Steps are the outermost axis throughout, so that nothing is
ever transposed, and the output layer computes no padded column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from oddflow.features.windows import StepLayout
from oddflow.models.weights import AutoencoderWeights, LSTMWeights

OPSET = 17
IR_VERSION = 8


class Graph:
    """Collects nodes and constants; each call returns the name of a value."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Add a node with one output, named `output` where given; the output's name."""
        name = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def ops(self, kind: str, *inputs: str, n_outputs: int, **attributes: Any) -> list[str]:  # noqa: ANN401
        """Add a node; the names of its outputs."""
        outputs = [f"{kind.lower()}_{len(self._nodes)}_{i}" for i in range(n_outputs)]
        self._nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def constant(self, array: NDArray[Any] | np.generic | Sequence[int]) -> str:
        """Add a constant; lists of whole numbers become int64."""
        name = f"constant_{len(self._constants)}"
        is_typed = isinstance(array, np.ndarray | np.generic)
        values = np.asarray(array, dtype=None if is_typed else np.int64)
        self._constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def weighted_sum(self, value: str, weights: NDArray[np.floating[Any]]) -> str:
        """Sum over the last axis, as a product.

        Unlike ONNX Runtime's reductions it gives a record the same bits wherever in a batch the
        record stands.
        """
        column = self.op("MatMul", value, self.constant(weights.astype(np.float32)[:, None]))
        return self.op("Squeeze", column, self.constant([-1]))

    def model(self, inputs: dict[str, int], outputs: dict[str, int | None]) -> Any:  # noqa: ANN401
        """The checked model; widths of inputs and outputs, None for one number a record."""

        def info(name: str, width: int | None) -> Any:  # noqa: ANN401 - a protobuf
            shape: list[str | int | None] = ["n"] if width is None else ["n", width]
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self._nodes,
            "oddflow_scorer",
            [info(*item) for item in inputs.items()],
            [info(*item) for item in outputs.items()],
            self._constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="oddflow",
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def add_autoencoder(
    graph: Graph, encoded: str, layout: StepLayout, weights: AutoencoderWeights
) -> tuple[str, str]:
    """Add the network; it gives `residual` (n, columns) and `code` (n, latent).

    Args:
        graph: to add to.
        encoded: name of the encoded records, (n, columns).
        layout: how records become steps.
        weights: of the trained network.
    """
    hidden = _steps(graph, encoded, layout)
    for layer in weights.encoder[:-1]:
        hidden = _lstm(graph, hidden, layer)
    code = _lstm(graph, hidden, weights.encoder[-1], last=True)
    hidden = graph.op("Concat", *[code] * layout.n_steps, axis=0)
    for layer in weights.decoder:
        hidden = _lstm(graph, hidden, layer)
    reconstruction = _output(graph, hidden, layout, weights)
    residual = graph.op("Sub", encoded, reconstruction, output="residual")
    return residual, graph.op("Squeeze", code, graph.constant([0]), output="code")


def _steps(graph: Graph, encoded: str, layout: StepLayout) -> str:
    """(n, columns) to (steps, n, width), padded with zeros."""
    widths = [s.stop - s.start for s in layout.slices]
    if len(widths) == 1:
        return graph.op("Unsqueeze", encoded, graph.constant([0]))
    parts = graph.ops("Split", encoded, graph.constant(widths), n_outputs=len(widths), axis=1)
    steps = []
    for part, width in zip(parts, widths, strict=True):
        missing = layout.width - width
        padded = graph.op("Pad", part, graph.constant([0, 0, 0, missing])) if missing else part
        steps.append(graph.op("Unsqueeze", padded, graph.constant([0])))
    return graph.op("Concat", *steps, axis=0)


def _lstm(graph: Graph, inputs: str, layer: LSTMWeights, *, last: bool = False) -> str:
    """(steps, n, k) to (steps, n, units), or (1, n, units) where only the last step is wanted."""
    bias = np.concatenate([_gates(layer.bias[None]).ravel(), np.zeros_like(layer.bias)])
    every, final, _ = graph.ops(
        "LSTM",
        inputs,
        graph.constant(_gates(layer.kernel)[None]),
        graph.constant(_gates(layer.recurrent)[None]),
        graph.constant(bias[None]),
        n_outputs=3,
        hidden_size=layer.units,
    )
    return final if last else graph.op("Squeeze", every, graph.constant([1]))


def _gates(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keras' (k, input|forget|candidate|output) to ONNX's (input|output|forget|candidate, k)."""
    i, f, c, o = np.split(matrix, 4, axis=1)
    return np.concatenate([i, o, f, c], axis=1).T


def _output(graph: Graph, hidden: str, layout: StepLayout, weights: AutoencoderWeights) -> str:
    """The linear layer at each step, padded columns left out: (n, columns)."""
    kernel, bias = weights.output
    steps = []
    for step, columns in enumerate(layout.slices):
        width = columns.stop - columns.start
        at_step = graph.op("Gather", hidden, graph.constant(np.int64(step)), axis=0)
        steps.append(
            graph.op(
                "Gemm", at_step, graph.constant(kernel[:, :width]), graph.constant(bias[:width])
            )
        )
    return steps[0] if len(steps) == 1 else graph.op("Concat", *steps, axis=1)

"""The scorer as an ONNX graph: encoded records in; score, residual and code out.

Built by hand from ONNX's own operators, because its LSTM operator is a fused kernel in ONNX
Runtime while an exported Keras graph is a loop. Steps are the outermost axis throughout, and no
padded column of the output is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

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


class StepValues(NamedTuple):
    """Values at each step: the first (n, k), and the rest (steps - 1, n, m).

    Where the first step is wider than the others, or the only one, it is computed apart: an LSTM's
    first step starts from nothing, so it takes three matrix products where the others take eight,
    and the rest need little padding. Elsewhere all steps are in `rest`.
    """

    first: str | None
    rest: str | None


def add_autoencoder(
    graph: Graph,
    encoded: str,
    layout: StepLayout,
    weights: AutoencoderWeights,
    *,
    suffix: str = "",
) -> tuple[str, str]:
    """Add the network; it gives `residual` (n, columns) and `code` (n, latent).

    Args:
        graph: to add to.
        encoded: name of the encoded records, (n, columns).
        layout: how records become steps.
        weights: of the trained network.
        suffix: of both names, to tell several networks in one graph apart.
    """
    widths = [s.stop - s.start for s in layout.slices]
    hidden = _steps(graph, encoded, widths)
    is_apart = hidden.first is not None
    inputs = (widths[0], max(widths[is_apart:], default=0))
    for layer in weights.encoder:
        hidden, code = _lstm(graph, hidden, layer, inputs)
        inputs = (layer.units, layer.units)
    code = graph.op("Identity", code, output=f"code{suffix}")
    hidden = _repeat(graph, code, layout.n_steps, is_apart=is_apart)
    for layer in weights.decoder:
        hidden, _ = _lstm(graph, hidden, layer, inputs)
        inputs = (layer.units, layer.units)
    reconstruction = _output(graph, hidden, widths, weights)
    return graph.op("Sub", encoded, reconstruction, output=f"residual{suffix}"), code


def _steps(graph: Graph, encoded: str, widths: list[int]) -> StepValues:
    """(n, columns) to steps; those in `rest` are padded with zeros to the widest of them."""
    if len(widths) == 1:
        return StepValues(encoded, None)
    if len(set(widths)) == 1:
        windows = graph.op("Reshape", encoded, graph.constant([-1, len(widths), widths[0]]))
        return StepValues(None, graph.op("Transpose", windows, perm=[1, 0, 2]))
    parts = graph.ops("Split", encoded, graph.constant(widths), n_outputs=len(widths), axis=1)
    is_apart = widths[0] > max(widths[1:])
    widest = max(widths[is_apart:])
    steps = []
    for part, width in zip(parts[is_apart:], widths[is_apart:], strict=True):
        pads = graph.constant([0, 0, 0, widest - width])
        wide = graph.op("Pad", part, pads) if width < widest else part
        steps.append(graph.op("Unsqueeze", wide, graph.constant([0])))
    return StepValues(parts[0] if is_apart else None, graph.op("Concat", *steps, axis=0))


def _repeat(graph: Graph, code: str, n_steps: int, *, is_apart: bool) -> StepValues:
    """The code at every step."""
    if n_steps == 1:
        return StepValues(code, None)
    once = graph.op("Unsqueeze", code, graph.constant([0]))
    rest = graph.op("Concat", *[once] * (n_steps - is_apart), axis=0)
    return StepValues(code if is_apart else None, rest)


def _lstm(
    graph: Graph, inputs: StepValues, layer: LSTMWeights, widths: tuple[int, int]
) -> tuple[StepValues, str]:
    """Hidden states at each step, and the last of them; `widths`: of first inputs and the rest."""
    first, states = None, []
    if inputs.first is not None:
        first, cell = _first_step(graph, inputs.first, layer, widths[0])
        if inputs.rest is None:
            return StepValues(first, None), first
        axis = graph.constant([0])
        states = [graph.op("Unsqueeze", first, axis), graph.op("Unsqueeze", cell, axis)]
    at_rest = layer._replace(kernel=layer.kernel[: widths[1]])
    every, last, _ = add_lstm(graph, str(inputs.rest), at_rest, states)
    rest = graph.op("Squeeze", every, graph.constant([1]))
    return StepValues(first, rest), graph.op("Squeeze", last, graph.constant([0]))


def _first_step(graph: Graph, inputs: str, layer: LSTMWeights, width: int) -> tuple[str, str]:
    """Hidden and cell state after the first step: there is nothing to forget, nothing to recur."""
    kernels = np.split(layer.kernel[:width], 4, axis=1)
    biases = np.split(layer.bias, 4)

    def gate(position: int, activation: str) -> str:
        kernel, bias = graph.constant(kernels[position]), graph.constant(biases[position])
        return graph.op(activation, graph.op("Gemm", inputs, kernel, bias))

    cell = graph.op("Mul", gate(0, "Sigmoid"), gate(2, "Tanh"))
    return graph.op("Mul", gate(3, "Sigmoid"), graph.op("Tanh", cell)), cell


def add_lstm(graph: Graph, steps: str, layer: LSTMWeights, states: Sequence[str] = ()) -> list[str]:
    """Add ONNX's LSTM; names of hidden states (steps, 1, n, u), last of them and of cell (1, n, u).

    Args:
        graph: to add to.
        steps: name of the inputs, (steps, n, k).
        layer: of k inputs.
        states: names of the hidden and the cell state to start from, (1, n, u); none for zeros.
    """
    bias = np.concatenate([_gates_first(layer.bias[None]).ravel(), np.zeros_like(layer.bias)])
    return graph.ops(
        "LSTM",
        steps,
        graph.constant(_gates_first(layer.kernel)[None]),
        graph.constant(_gates_first(layer.recurrent)[None]),
        graph.constant(bias[None]),
        # The empty input stands for the lengths of sequences, which are all the same.
        *(["", *states] if states else []),
        n_outputs=3,
        hidden_size=layer.units,
    )


def _gates_first(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keras' (k, input|forget|candidate|output) to ONNX's (input|output|forget|candidate, k)."""
    i, f, c, o = np.split(matrix, 4, axis=1)
    return np.concatenate([i, o, f, c], axis=1).T


def _output(
    graph: Graph, hidden: StepValues, widths: list[int], weights: AutoencoderWeights
) -> str:
    """The linear layer at each step, padded columns left out: (n, columns)."""
    kernel, bias = weights.output
    if len(set(widths)) == 1 and hidden.rest is not None:
        product = graph.op("MatMul", hidden.rest, graph.constant(kernel))
        windows = graph.op("Add", product, graph.constant(bias))
        by_record = graph.op("Transpose", windows, perm=[1, 0, 2])
        return graph.op("Reshape", by_record, graph.constant([-1, sum(widths)]))
    rebuilt = []
    is_apart = hidden.first is not None
    for step, width in enumerate(widths):
        if step == 0 and hidden.first is not None:
            at_step = hidden.first
        else:
            index = graph.constant(np.int64(step - is_apart))
            at_step = graph.op("Gather", str(hidden.rest), index, axis=0)
        columns = graph.constant(kernel[:, :width]), graph.constant(bias[:width])
        rebuilt.append(graph.op("Gemm", at_step, *columns))
    return rebuilt[0] if len(rebuilt) == 1 else graph.op("Concat", *rebuilt, axis=1)

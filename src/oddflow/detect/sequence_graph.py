"""Networks of sequences as ONNX graphs: one that reads windows, one that carries its state.

Both have one input `encoded`, so that `oddflow.detect.runtime.GraphRunner` runs and checks them as
all others. A step that is not there is masked within ONNX's fused LSTM: the flag of the last column
has a weight in the input gate that shuts it, so that the state stays at the zero it began with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.graph import Graph, add_lstm
from oddflow.detect.heads import Parts
from oddflow.detect.sequence_head import SequenceHead, SequenceParts
from oddflow.models.sequence_stateful import StatefulWeights
from oddflow.models.weights import AutoencoderWeights, DenseWeights, LSTMWeights

Array = NDArray[np.float32]
SHUT = np.float32(-1000)
"""Weight of the flag in the input gate: no sum of others brings the gate above 0 again."""
NOW, HISTORY, SCORE, STATE = "now", "history", "score", "state"
"""Outputs: both parts of `SequenceParts`, each encoded beside residual; the score; what is kept."""


def window_graph(
    length: int, centre: Array, weights: AutoencoderWeights, head: SequenceHead | None
) -> bytes:
    """A graph from windows (n, length * (columns + 1)) to the parts, and with a head to `score`.

    Args:
        length: steps of a window, oldest first.
        centre: mean of the encoded steps of training, shape (columns,).
        weights: of the trained network.
        head: of the score; None to have what one is fitted on.
    """
    graph, n_columns = Graph(), len(centre)
    flat = graph.constant([-1, length, n_columns + 1])
    windows = graph.op("Transpose", graph.op("Reshape", "encoded", flat), perm=[1, 0, 2])
    steps, flags = graph.ops("Split", windows, graph.constant([n_columns, 1]), n_outputs=2, axis=2)
    rebuilt = _rebuilt(graph, windows, flags, length, weights)
    backwards = graph.constant(np.arange(length - 1, -1, -1, dtype=np.int64))
    latest_first = graph.op("Gather", steps, backwards, axis=0)
    is_there = graph.op(
        "Sub",
        graph.constant(np.float32(1)),
        graph.op("Gather", flags, backwards, axis=0),
    )
    residual = graph.op("Sub", latest_first, rebuilt)
    away = graph.op("Sub", latest_first, graph.constant(centre))
    first = graph.constant(np.int64(0))
    now = [graph.op("Gather", value, first, axis=0) for value in (latest_first, residual)]
    history = [
        _mean_over_steps(graph, graph.op("Mul", value, is_there), length)
        for value in (away, residual)
    ]
    return _finished(graph, length * (n_columns + 1), now, history, n_columns, head)


def state_graph(
    length: int, centre: Array, weights: StatefulWeights, head: SequenceHead | None
) -> bytes:
    """A graph from a step and what is kept to `state`, the parts, and with a head to `score`.

    Means over the history forget by 1 / length at each step, and begin at 0.

    Args:
        length: steps that count, as their inverse in forgetting.
        centre: mean of the encoded steps of training, shape (columns,).
        weights: of the trained network.
        head: of the score; None to have what one is fitted on.
    """
    graph, n_columns, units = Graph(), len(centre), weights.memory.units
    sizes = graph.constant([n_columns, units, units, n_columns, n_columns])
    step, hidden, cell, *means = graph.ops("Split", "encoded", sizes, n_outputs=5, axis=1)
    axis = graph.constant([0])
    once = [graph.op("Unsqueeze", value, axis) for value in (step, hidden, cell)]
    _, hidden, cell = add_lstm(graph, once[0], weights.memory, once[1:])
    hidden, cell = (graph.op("Squeeze", value, axis) for value in (hidden, cell))
    inner = graph.op("Tanh", _dense(graph, _dense(graph, hidden, weights.code), weights.hidden))
    residual = graph.op("Sub", step, _dense(graph, inner, weights.output))
    away = graph.op("Sub", step, graph.constant(centre))
    history = [
        _forgetting(graph, mean, value, length)
        for mean, value in zip(means, (away, residual), strict=True)
    ]
    graph.op("Concat", hidden, cell, *history, axis=1, output=STATE)
    n_state = state_width(n_columns, units)
    now = [step, residual]
    return _finished(graph, n_columns + n_state, now, history, n_columns, head, n_state)


def mean_graph(length: int, centre: Array, head: SequenceHead | None) -> bytes:
    """The same without a network, and so without residuals: what a network must better."""
    graph, n_columns = Graph(), len(centre)
    sizes = graph.constant([n_columns, n_columns])
    step, mean = graph.ops("Split", "encoded", sizes, n_outputs=2, axis=1)
    away = graph.op("Sub", step, graph.constant(centre))
    history = graph.op("Identity", _forgetting(graph, mean, away, length), output=STATE)
    return _finished(graph, 2 * n_columns, [step], [history], n_columns, head, n_columns)


def state_width(n_columns: int, n_units: int) -> int:
    """Numbers that `state_graph` keeps of a host."""
    return 2 * n_units + 2 * n_columns


def parts_of(now: Array, history: Array, n_columns: int) -> SequenceParts[Array]:
    """What the outputs of a graph without a head say, for a head to be fitted on."""
    return SequenceParts(
        *(Parts(both[:, :n_columns], both[:, n_columns:], both[:, :0]) for both in (now, history))
    )


def _rebuilt(
    graph: Graph, windows: str, flags: str, length: int, weights: AutoencoderWeights
) -> str:
    """The reconstruction (length, n, columns), latest step first."""
    code, hidden = "", windows
    axis = graph.constant([1])
    for i, layer in enumerate(weights.encoder):
        inputs = hidden if i == 0 else graph.op("Concat", hidden, flags, axis=2)
        every, code, _ = add_lstm(graph, inputs, _with_flag(layer))
        hidden = graph.op("Squeeze", every, axis)
    hidden = graph.op("Concat", *[code] * length, axis=0)
    for layer in weights.decoder:
        every, _, _ = add_lstm(graph, hidden, layer)
        hidden = graph.op("Squeeze", every, axis)
    return _dense(graph, hidden, weights.output)


def _with_flag(layer: LSTMWeights) -> LSTMWeights:
    """The layer with one more input, which shuts the input gate."""
    row = np.zeros((1, layer.kernel.shape[1]), dtype=np.float32)
    row[0, : layer.units] = SHUT
    return layer._replace(kernel=np.concatenate([layer.kernel, row]))


def _dense(graph: Graph, value: str, layer: DenseWeights) -> str:
    product = graph.op("MatMul", value, graph.constant(layer.kernel))
    return graph.op("Add", product, graph.constant(layer.bias))


def _forgetting(graph: Graph, mean: str, value: str, length: int) -> str:
    """The mean after one more value."""
    share = np.float32(1 / length)
    kept, added = graph.constant(np.float32(1) - share), graph.constant(share)
    return graph.op("Add", graph.op("Mul", mean, kept), graph.op("Mul", value, added))


def _mean_over_steps(graph: Graph, value: str, length: int) -> str:
    """(length, n, columns) to (n, columns)."""
    by_record = graph.op("Transpose", value, perm=[1, 2, 0])
    return graph.weighted_sum(by_record, np.full(length, 1 / length))


def _finished(
    graph: Graph,
    n_inputs: int,
    now: list[str],
    history: list[str],
    n_columns: int,
    head: SequenceHead | None,
    n_state: int = 0,
) -> bytes:
    outputs: dict[str, int | None] = {STATE: n_state} if n_state else {}
    for name, values in ((NOW, now), (HISTORY, history)):
        graph.op("Concat", *values, axis=1, output=name)
        outputs[name] = len(values) * n_columns
    if head is not None:
        parts = SequenceParts(Parts(now[0], now[-1], ""), Parts(history[0], history[-1], ""))
        graph.op("Identity", head.add_to(graph, parts), output=SCORE)
        outputs[SCORE] = None
    serialized: bytes = graph.model({"encoded": n_inputs}, outputs).SerializeToString()
    return serialized

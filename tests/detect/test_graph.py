"""The scorer graph computes what plain numpy computes, whatever the widths."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.detect.build import scorer_graph
from oddflow.detect.graph import Graph
from oddflow.detect.heads import SquaredError
from oddflow.detect.runtime import Scorer
from tests.detect import oracle

SHAPES = (
    pytest.param((77,), (9, 3), (5, 9), id="77 columns in one step"),
    pytest.param((77,), (10,), (7,), id="one layer each"),
    pytest.param((33, 13, 9, 10), (12, 10), (8, 12), id="four groups"),
    pytest.param((9, 13, 33, 10), (12, 3), (8, 12), id="the widest step is not the first"),
    pytest.param((5, 5), (4, 3, 2), (3,), id="equal steps, no padding"),
    pytest.param((1, 1, 1), (1,), (1,), id="ones"),
)


def check_graph(
    widths: tuple[int, ...], encoder: tuple[int, ...], decoder: tuple[int, ...], n: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layout = oracle.layout_of(widths)
    weights = oracle.random_weights(layout.width, encoder, decoder, rng)
    encoded = rng.normal(0, 2, (n, sum(widths))).astype(np.float32)
    head = SquaredError(sum(widths))
    found = Scorer(scorer_graph(layout, weights, head)).run(encoded)
    expected = oracle.parts(encoded, layout, weights)
    np.testing.assert_allclose(found.residual, expected.residual, rtol=0, atol=2e-5)
    np.testing.assert_allclose(found.code, expected.code, rtol=0, atol=2e-6)
    np.testing.assert_allclose(found.score, head.score(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("widths", "encoder", "decoder"), SHAPES)
def test_the_graph_is_the_network(
    widths: tuple[int, ...], encoder: tuple[int, ...], decoder: tuple[int, ...]
) -> None:
    check_graph(widths, encoder, decoder, n=131, seed=0)


@settings(max_examples=40, deadline=None)
@given(
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=5).map(tuple),
    encoder=st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple),
    decoder=st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple),
    n=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_graph_is_the_network_for_any_widths(
    widths: tuple[int, ...], encoder: tuple[int, ...], decoder: tuple[int, ...], n: int, seed: int
) -> None:
    check_graph(widths, encoder, decoder, n, seed)


def test_the_oracle_follows_the_equations_step_by_step() -> None:
    """One unit, one column, two steps, worked out by hand with numbers that tell gates apart."""
    layer = oracle.LSTMWeights(
        np.array([[0.1, 0.2, 0.3, 0.4]], np.float32),
        np.array([[0.5, -0.6, 0.7, -0.8]], np.float32),
        np.array([0.01, 0.02, 0.03, 0.04], np.float32),
    )
    states = oracle.lstm(np.array([[[1.0], [-2.0]]]), layer)
    s = oracle.logistic
    c1 = s(np.float64(0.11)) * np.tanh(0.33)
    h1 = s(np.float64(0.44)) * np.tanh(c1)
    forget, write = s(-0.4 - 0.6 * h1 + 0.02), s(-0.2 + 0.5 * h1 + 0.01)
    c2 = forget * c1 + write * np.tanh(-0.6 + 0.7 * h1 + 0.03)
    h2 = s(-0.8 - 0.8 * h1 + 0.04) * np.tanh(c2)
    np.testing.assert_allclose(states[0, :, 0], [h1, h2], atol=1e-7)


def test_only_operators_of_onnx_itself_are_used() -> None:
    """Any runtime can load the graph; its LSTM is the fused operator, not a loop."""
    layout = oracle.layout_of((4, 3))
    weights = oracle.random_weights(4, (3,), (3,), np.random.default_rng(0))
    model = onnx.load_from_string(scorer_graph(layout, weights, SquaredError(7)))
    assert {opset.domain for opset in model.opset_import} == {""}
    kinds = {node.op_type for node in model.graph.node}
    assert "LSTM" in kinds
    assert not kinds & {"Loop", "Scan", "If"}


def test_a_weighted_sum_is_one() -> None:
    graph = Graph()
    weighted = graph.weighted_sum("values", np.array([1.0, -2.0, 0.5]))
    graph.op("Identity", weighted, output="sum")
    model = graph.model({"values": 3}, {"sum": None}).SerializeToString()
    import onnxruntime as ort

    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    values = np.array([[1, 2, 4], [0, -1, 2]], np.float32)
    assert session.run(None, {"values": values})[0].tolist() == [-1.0, 3.0]

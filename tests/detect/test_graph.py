import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.detect.build import scorer_graph
from oddflow.detect.heads import (
    Combination,
    Head,
    Neighbours,
    Parts,
    SquaredError,
    Whitened,
)
from oddflow.detect.runtime import CHUNK, Scorer
from oddflow.features.windows import StepLayout
from oddflow.models.weights import AutoencoderWeights, LSTMWeights
from tests.detect.oracle import autoencode, layout_of, lstm, random_weights

LAYOUTS = [layout_of(77), layout_of(31, 13, 9, 10), layout_of(5, 17), layout_of(*[7] * 6)]


def records(layout: StepLayout, n: int, *, seed: int = 0) -> np.ndarray:
    columns = layout.slices[-1].stop
    return np.random.default_rng(seed).normal(size=(n, columns)).astype(np.float32)


def parts_by_oracle(
    layout: StepLayout, weights: AutoencoderWeights, encoded: np.ndarray
) -> Parts[np.ndarray]:
    rebuilt, code = autoencode(layout.windows(encoded).astype(np.float64), weights)
    residual = encoded - layout.rows(rebuilt.astype(np.float32))
    return Parts(encoded, residual, code.astype(np.float32))


def heads(parts: Parts[np.ndarray]) -> dict[str, Head]:
    residual = Whitened.fit(("residual",), parts, cap=np.inf, ridge=1e-3)
    capped = Whitened.fit(("residual", "encoded"), parts, cap=1.5, ridge=1e-2)
    neighbours = Neighbours(parts.code[:40], 3)
    return {
        "error": SquaredError(parts.encoded.shape[1]),
        "whitened": residual,
        "capped": capped,
        "neighbours": neighbours,
        "combination": Combination.fit((residual, capped, neighbours), (1.0, 0.5, 0.2), parts),
    }


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: f"T={one.n_steps}")
def test_network_equals_the_oracle(layout: StepLayout) -> None:
    weights = random_weights(layout.width, (12, 5), (6, 9), seed=1)
    encoded = records(layout, 50)
    scored = Scorer(scorer_graph(layout, weights, SquaredError(encoded.shape[1]))).run(encoded)
    expected = parts_by_oracle(layout, weights, encoded)
    assert scored.residual == pytest.approx(expected.residual, abs=2e-5)
    assert scored.code == pytest.approx(expected.code, abs=1e-5)
    assert np.abs(scored.code).max() > 0.01


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
)
def test_any_widths(steps: list[int], encoder: list[int], decoder: list[int]) -> None:
    layout = layout_of(*steps)
    weights = random_weights(layout.width, tuple(encoder), tuple(decoder), seed=2)
    encoded = records(layout, 4)
    scored = Scorer(scorer_graph(layout, weights, SquaredError(encoded.shape[1]))).run(encoded)
    assert scored.residual == pytest.approx(
        parts_by_oracle(layout, weights, encoded).residual, abs=1e-4
    )


@pytest.mark.parametrize("name", ["error", "whitened", "capped", "neighbours", "combination"])
@pytest.mark.parametrize("layout", LAYOUTS[:2], ids=lambda one: f"T={one.n_steps}")
def test_heads_in_the_graph_equal_numpy(name: str, layout: StepLayout) -> None:
    weights = random_weights(layout.width, (12, 5), (6, 9), seed=3)
    head = heads(parts_by_oracle(layout, weights, records(layout, 300)))[name]
    encoded = records(layout, 200, seed=4)
    scored = Scorer(scorer_graph(layout, weights, head)).run(encoded)
    expected = head.score(Parts(encoded, scored.residual, scored.code))
    assert scored.score == pytest.approx(expected, rel=2e-5, abs=2e-5)
    assert scored.score.std() > 0


@pytest.mark.parametrize("name", ["error", "whitened", "capped", "neighbours", "combination"])
@pytest.mark.parametrize("layout", LAYOUTS[:3], ids=lambda one: f"T={one.n_steps}")
def test_a_record_scores_the_same_bits_wherever_it_stands(name: str, layout: StepLayout) -> None:
    weights = random_weights(layout.width, (11, 3), (6, 9), seed=5)
    head = heads(parts_by_oracle(layout, weights, records(layout, 300)))[name]
    scorer = Scorer(scorer_graph(layout, weights, head))
    encoded = records(layout, 400, seed=6)
    whole = scorer.run(encoded)
    for size in (1, 2, 3, 7, 64, 127, 128, 129, 300):
        for start in range(0, 400, size):
            part = scorer.run(encoded[start : start + size])
            assert (part.score == whole.score[start : start + size]).all()
            assert (part.residual == whole.residual[start : start + size]).all()
    order = np.random.default_rng(7).permutation(400)
    assert (scorer.scores(encoded[order]) == whole.score[order]).all()


def test_every_place_in_a_chunk_gives_the_same_bits() -> None:
    layout = layout_of(31, 13, 9, 10)
    weights = random_weights(layout.width, (11, 3), (6, 9), seed=5)
    encoded = records(layout, CHUNK + 1)
    head = heads(parts_by_oracle(layout, weights, records(layout, 300)))["combination"]
    scorer = Scorer(scorer_graph(layout, weights, head))
    places = scorer.scores(np.repeat(encoded[:1], CHUNK + 1, axis=0))
    assert len(set(places.tolist())) == 1


def test_only_operators_of_onnx_itself_are_used() -> None:
    """Any runtime can load the graph, and its LSTM is the fused operator, not a loop."""
    layout = layout_of(4, 3)
    weights = random_weights(layout.width, (3,), (3,), seed=0)
    model = onnx.load_from_string(scorer_graph(layout, weights, SquaredError(7)))
    assert {opset.domain for opset in model.opset_import} == {""}
    kinds = {node.op_type for node in model.graph.node}
    assert "LSTM" in kinds
    assert not kinds & {"Loop", "Scan", "If"}


def test_the_oracle_follows_the_equations() -> None:
    """One unit, one column, two steps, worked out by hand with numbers that tell gates apart."""
    layer = LSTMWeights(
        np.array([[0.1, 0.2, 0.3, 0.4]], np.float32),
        np.array([[0.5, -0.6, 0.7, -0.8]], np.float32),
        np.array([0.01, 0.02, 0.03, 0.04], np.float32),
    )
    first, second = lstm(np.array([[[1.0], [-2.0]]]), layer)[0, :, 0]

    def s(x: float) -> float:
        return float(1 / (1 + np.exp(-x)))

    cell = s(0.11) * np.tanh(0.33)
    h = s(0.44) * np.tanh(cell)
    assert first == pytest.approx(h, abs=1e-7)
    cell = s(-0.38 - 0.6 * h) * cell + s(-0.19 + 0.5 * h) * np.tanh(-0.57 + 0.7 * h)
    assert second == pytest.approx(s(-0.76 - 0.8 * h) * np.tanh(cell), abs=1e-7)

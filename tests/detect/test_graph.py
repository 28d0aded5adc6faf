import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.detect.build import scorer_graph
from oddflow.detect.heads import (
    CodeNeighbours,
    Combination,
    Head,
    Parts,
    SquaredError,
    Whitened,
)
from oddflow.detect.runtime import Scorer
from oddflow.features.windows import StepLayout
from oddflow.models.weights import AutoencoderWeights
from tests.detect.oracle import autoencode, layout_of, random_weights

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
    neighbours = CodeNeighbours(parts.code[:40], 3)
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

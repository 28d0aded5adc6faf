"""Graphs of sequences equal the equations, and mask what is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.detect.runtime import GraphRunner
from oddflow.detect.sequence_graph import (
    HISTORY,
    NOW,
    SCORE,
    STATE,
    mean_graph,
    parts_of,
    state_graph,
    state_width,
    window_graph,
)
from oddflow.detect.sequence_head import SequenceHead
from oddflow.models.sequence_stateful import StatefulWeights
from oddflow.models.weights import DenseWeights
from tests.detect.oracle import Doubles, autoencode, lstm, random_weights

LENGTH, N_COLUMNS = 5, 4
CENTRE = np.array([0.3, -0.2, 0.1, 0.0], dtype=np.float32)
WEIGHTS = random_weights(N_COLUMNS, (7, 3), (6,), seed=0)
PARTS = {NOW: 2, HISTORY: 2}
Rows = NDArray[np.float32]
Make = Callable[[SequenceHead | None], bytes]


def steps_of(n: int, *, seed: int = 1) -> Rows:
    """Encoded steps of nobody."""
    return np.random.default_rng(seed).normal(size=(n, N_COLUMNS)).astype(np.float32)


def window_of(steps: Rows) -> Rows:
    """The window of a host with these steps, padded in front, shape (1, length, columns + 1)."""
    window = np.zeros((1, LENGTH, N_COLUMNS + 1), dtype=np.float32)
    window[0, :, -1] = 1
    window[0, LENGTH - len(steps) :, :-1] = steps
    window[0, LENGTH - len(steps) :, -1] = 0
    return window


def by_oracle(steps: Rows) -> tuple[Doubles, Doubles]:
    """`now` and `history` of the last step, by the equations and without any padding."""
    exact = steps[None].astype(np.float64)
    hidden = exact
    for layer in WEIGHTS.encoder:
        hidden = lstm(hidden, layer)
    repeated = np.repeat(hidden[:, -1:], LENGTH, axis=1)
    for layer in WEIGHTS.decoder:
        repeated = lstm(repeated, layer)
    latest_first = (repeated @ WEIGHTS.output.kernel + WEIGHTS.output.bias)[0]
    residual = steps[::-1] - latest_first[: len(steps)]
    history = np.concatenate([(steps - CENTRE).sum(axis=0), residual.sum(axis=0)]) / LENGTH
    return np.concatenate([steps[-1], residual[0]]), history


@pytest.mark.parametrize("n_steps", [1, 2, LENGTH])
def test_windows_equal_the_equations_whatever_their_length(n_steps: int) -> None:
    runner = GraphRunner(window_graph(LENGTH, CENTRE, WEIGHTS, None), PARTS)
    steps = steps_of(n_steps)
    now, history = runner.run(window_of(steps).reshape(1, -1), (NOW, HISTORY))
    expected_now, expected_history = by_oracle(steps)
    assert now[0] == pytest.approx(expected_now, abs=1e-5)
    assert history[0] == pytest.approx(expected_history, abs=1e-5)


def test_what_stands_in_a_masked_step_does_not_matter() -> None:
    runner = GraphRunner(window_graph(LENGTH, CENTRE, WEIGHTS, None), PARTS)
    window = window_of(steps_of(3))
    spoilt = window.copy()
    spoilt[0, :2, :-1] = 5
    shown = spoilt.copy()
    shown[0, :2, -1] = 0
    clean, masked, seen = (
        np.concatenate(runner.run(one.reshape(1, -1), (NOW, HISTORY)), axis=1)
        for one in (window, spoilt, shown)
    )
    assert masked == pytest.approx(clean, abs=1e-6)
    assert np.abs(seen - clean).max() > 0.1, "the comparison can fail"


@dataclass
class Stateful:
    """The stateful network by the equations, a step at a time over a whole history."""

    weights: StatefulWeights

    def parts(self, steps: Rows) -> tuple[Doubles, Doubles]:
        """`now` and `history` after the last of the steps."""
        hidden = lstm(steps[None].astype(np.float64), self.weights.memory)[0]
        code = hidden @ self.weights.code.kernel + self.weights.code.bias
        inner = np.tanh(code @ self.weights.hidden.kernel + self.weights.hidden.bias)
        residual = steps - (inner @ self.weights.output.kernel + self.weights.output.bias)
        mean = np.zeros(2 * N_COLUMNS)
        for step, left in zip(steps, residual, strict=True):
            mean = mean * (1 - 1 / LENGTH) + np.concatenate([step - CENTRE, left]) / LENGTH
        return np.concatenate([steps[-1], residual[-1]]), mean


def stateful_weights() -> StatefulWeights:
    """Weights of a network that nobody trained."""
    rng = np.random.default_rng(3)

    def dense(n: int, m: int) -> DenseWeights:
        return DenseWeights(
            rng.normal(0, 0.5, (n, m)).astype(np.float32), rng.normal(0, 0.5, m).astype(np.float32)
        )

    memory = random_weights(N_COLUMNS, (6,), (2,), seed=4).encoder[0]
    return StatefulWeights(memory, dense(6, 3), dense(3, 5), dense(5, N_COLUMNS))


def test_the_state_carries_on_as_the_equations_do() -> None:
    weights = stateful_weights()
    n_state = state_width(N_COLUMNS, 6)
    runner = GraphRunner(state_graph(LENGTH, CENTRE, weights, None), {**PARTS, STATE: 2})
    steps, state = steps_of(12), np.zeros((1, n_state), dtype=np.float32)
    for i in range(len(steps)):
        inputs = np.concatenate([steps[i : i + 1], state], axis=1)
        now, history, state = runner.run(inputs, (NOW, HISTORY, STATE))
        expected_now, expected_history = Stateful(weights).parts(steps[: i + 1])
        assert now[0] == pytest.approx(expected_now, abs=2e-5)
        assert history[0] == pytest.approx(expected_history, abs=2e-5)


def heads() -> tuple[SequenceHead, SequenceHead]:
    """Heads fitted on made-up parts, with residuals and without."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=(2, 200, 2 * N_COLUMNS)).astype(np.float32)
    whole = parts_of(values[0], values[1], N_COLUMNS)
    bare = parts_of(values[0, :, :N_COLUMNS], values[1, :, :N_COLUMNS], N_COLUMNS)
    return SequenceHead.fit(whole, whole), SequenceHead.fit(bare, bare)


def test_the_score_in_the_graph_equals_numpy_and_keeps_its_bits() -> None:
    head, bare = heads()
    n_state = state_width(N_COLUMNS, 6)
    rng = np.random.default_rng(6)
    inputs = rng.normal(size=(300, N_COLUMNS + n_state)).astype(np.float32)
    windows = rng.normal(size=(300, LENGTH, N_COLUMNS + 1)).astype(np.float32)
    windows[..., -1] = np.arange(LENGTH)[None] < rng.integers(0, LENGTH, 300)[:, None]
    cases: list[tuple[Make, SequenceHead, Rows, dict[str, int]]] = [
        (lambda h: state_graph(LENGTH, CENTRE, stateful_weights(), h), head, inputs, {STATE: 2}),
        (
            lambda h: mean_graph(LENGTH, CENTRE, h),
            bare,
            inputs[:, : 2 * N_COLUMNS],
            {STATE: 2},
        ),
        (
            lambda h: window_graph(LENGTH, CENTRE, WEIGHTS, h),
            head,
            windows.reshape(300, -1),
            {},
        ),
    ]
    for graph, own, rows, kept in cases:
        raw, scorer = (
            GraphRunner(graph(None), {**PARTS, **kept}),
            GraphRunner(graph(own), {SCORE: 1, **PARTS, **kept}),
        )
        now, history = raw.run(rows, (NOW, HISTORY))
        (scores,) = scorer.run(rows, (SCORE,))
        expected = own.score(parts_of(now, history, N_COLUMNS))
        assert scores == pytest.approx(expected, rel=1e-4, abs=1e-4)
        assert scores.std() > 0.1
        for size in (1, 3, 127, 128):
            parts = [scorer.run(rows[i : i + size], (SCORE,))[0] for i in range(0, 300, size)]
            assert (np.concatenate(parts) == scores).all()


def test_full_windows_equal_the_ordinary_autoencoder() -> None:
    rebuilt, _ = autoencode(steps_of(LENGTH)[None].astype(np.float64), WEIGHTS)
    now, _ = by_oracle(steps_of(LENGTH))
    assert now[N_COLUMNS:] == pytest.approx(steps_of(LENGTH)[-1] - rebuilt[0, 0], abs=1e-6)

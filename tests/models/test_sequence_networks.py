"""Networks of sequences: masks, losses, and the stretches that the stateful one is trained on."""

from __future__ import annotations

import numpy as np
import pytest

from oddflow.detect.sequence_training import stretches_of
from oddflow.models.lstm_autoencoder import Widths, autoencoder_weights
from oddflow.models.sequence_autoencoder import build_sequence_autoencoder, sequence_loss
from oddflow.models.sequence_stateful import build_stateful_autoencoder, stretch_loss

LENGTH, N_COLUMNS = 4, 3
WINDOWS = np.random.default_rng(0).normal(size=(5, LENGTH, N_COLUMNS + 1)).astype(np.float32)
WINDOWS[..., -1] = np.arange(LENGTH)[None] < np.array([0, 1, 2, 3, 3])[:, None]


def test_a_masked_step_changes_neither_output_nor_loss() -> None:
    network = build_sequence_autoencoder(LENGTH, N_COLUMNS, Widths(encoder=(6, 2)), seed=0)
    spoilt = WINDOWS.copy()
    spoilt[..., :-1] += 9 * WINDOWS[..., -1:]
    clean, other = np.asarray(network(WINDOWS)), np.asarray(network(spoilt))
    assert other == pytest.approx(clean, abs=1e-6)
    losses = np.asarray(sequence_loss(WINDOWS, clean))
    assert np.asarray(sequence_loss(spoilt, clean)) == pytest.approx(losses, abs=1e-5)
    shown = spoilt.copy()
    shown[..., -1] = 0
    assert np.abs(np.asarray(network(shown)) - clean).max() > 0.01, "the comparison can fail"
    assert len(autoencoder_weights(network).encoder) == 2


def test_the_loss_compares_the_latest_step_with_the_first_output() -> None:
    perfect = WINDOWS[:, ::-1, :-1]
    assert np.asarray(sequence_loss(WINDOWS, perfect)) == pytest.approx(0)
    assert np.asarray(sequence_loss(WINDOWS, WINDOWS[..., :-1])).min() >= 0
    assert np.asarray(sequence_loss(WINDOWS, WINDOWS[..., :-1]))[0] > 0.1


def test_each_step_carries_loss_once_and_is_warmed_up_by_those_before_it() -> None:
    keys = np.array([1] * 7 + [2] + [3] * 3)[np.random.default_rng(0).permutation(11)]
    steps = np.arange(1, 12, dtype=np.float32)[:, None]
    stretches = stretches_of(steps, keys, half=3)
    values, is_absent, weight = (stretches[..., i] for i in range(3))
    assert sorted(values[weight == 1]) == steps[:, 0].tolist()
    assert not is_absent[weight == 1].any()
    assert (values[is_absent == 1] == 0).all()
    long = steps[keys == 1, 0].tolist()
    shown = [
        row[absent == 0].tolist()
        for row, absent in zip(values, is_absent, strict=True)
        if row[0] in long
    ]
    assert shown == [long[:3], long[:6], long[3:]]


def test_the_stateful_network_is_judged_where_loss_is_carried() -> None:
    network = build_stateful_autoencoder(6, 1, n_units=4, n_code=2, n_hidden=3, seed=0)
    stretches = stretches_of(np.ones((7, 1), dtype=np.float32), np.ones(7, dtype=int), half=3)
    output = np.array(network(stretches))
    losses = np.asarray(stretch_loss(stretches, output))
    output[stretches[..., -1] == 0] += 5
    assert np.asarray(stretch_loss(stretches, output)) == pytest.approx(losses)
    output[stretches[..., -1] == 1] += 5
    assert (np.asarray(stretch_loss(stretches, output)) > losses + 1).all()

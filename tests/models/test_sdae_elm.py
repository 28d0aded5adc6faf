"""The autoencoders learn to undo noise; the last layer is the solution of its equation."""

from typing import Any

import numpy as np
import pytest

from oddflow.models import sdae_elm
from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS, Network
from oddflow.models.sdae_elm import learn_sdae_elm, solve_output
from oddflow.models.train import TrainSettings
from tests.models.tasks import binary_task, examples, flat_weights

SETTINGS = TrainSettings(epochs=6, batch_size=16, learning_rate=1e-2)


def learnt(*, seed: int = 0, noise: float = 0.1, penalty: float = 1e-2) -> Network:
    return learn_sdae_elm(
        binary_task(seed=seed),
        widths=(8, 5),
        noise=noise,
        n_random=20,
        penalty=penalty,
        pre_training=SETTINGS,
    )


def random_layer(n_inputs: int, units: int) -> Any:  # noqa: ANN401 - a keras.Model
    keras = import_keras()
    model = keras.Sequential([keras.Input((n_inputs,)), keras.layers.Dense(units, "sigmoid")])
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    return model


def test_the_solution_is_that_of_least_squares_with_a_penalty() -> None:
    """Ridge regression is least squares with a row of sqrt(penalty) for each weight."""
    machine, penalty = random_layer(4, 7), 0.3
    data = examples(np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32))
    hidden = np.asarray(machine(data.rows), dtype=np.float64)
    rows = np.vstack([hidden, np.sqrt(penalty) * np.eye(7)])
    targets = np.vstack([data.classes, np.zeros((7, 3))])
    expected = np.linalg.lstsq(rows, targets, rcond=None)[0]
    found = solve_output(machine, data, penalty=penalty)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, abs=1e-5)
    assert solve_output(machine, data, penalty=30.0) != pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize("block", [1, 7, 59])
def test_block_by_block_is_as_at_once(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = random_layer(4, 7)
    data = examples(np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32))
    at_once = solve_output(machine, data, penalty=0.1)
    monkeypatch.setattr(sdae_elm, "SOLVED_AT_ONCE", block)
    assert solve_output(machine, data, penalty=0.1) == pytest.approx(at_once, abs=1e-4)


def test_the_network_ends_in_the_solution_for_its_own_hidden_units() -> None:
    network, task, keras = learnt(), binary_task(), import_keras()
    output = network.model.get_layer(LOGITS)
    hidden = np.asarray(
        keras.Model(network.model.input, output.input)(task.fit.rows), dtype=np.float64
    )
    gram = hidden.T @ hidden + 1e-2 * np.eye(20)
    expected = np.linalg.solve(gram, hidden.T @ task.fit.classes)
    kernel, bias = output.get_weights()
    assert kernel == pytest.approx(expected, abs=2e-3 * np.abs(expected).max())
    assert (bias == 0).all()
    right = np.asarray(network.model(task.fit.rows)).argmax(axis=1)
    assert (right == task.fit.classes.argmax(axis=1)).mean() > 0.8


def test_random_units_reach_over_the_range_of_the_codes() -> None:
    network, task, keras = learnt(), binary_task(), import_keras()
    hidden = keras.Model(network.model.input, network.model.get_layer(LOGITS).input)
    units = np.asarray(hidden(task.fit.rows))
    assert units.std(axis=0).min() > 0.02
    assert units.mean(axis=0) == pytest.approx(np.full(20, 0.5), abs=0.1)


def test_each_autoencoder_learns_to_rebuild() -> None:
    histories = learnt().histories
    assert list(histories) == ["denoising autoencoder 1", "denoising autoencoder 2"]
    for history in histories.values():
        assert min(history.validation_loss) < 0.8 * history.validation_loss[0]


def test_noise_is_added_while_training() -> None:
    """And to no record that is judged or classified."""
    quiet, noisy = (learnt(noise=noise).histories["denoising autoencoder 1"] for noise in (0, 1))
    assert noisy.loss[-1] > 1.2 * quiet.loss[-1]
    model = learnt(noise=1.0).model
    rows = binary_task().held_out.rows
    assert (np.asarray(model(rows)) == np.asarray(model(rows))).all()


def test_the_seed_decides_every_bit() -> None:
    first, again, other = (flat_weights(learnt(seed=seed).model) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)

"""The machine is that of the equations, and a stack of them keeps what it learnt."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.models import rbm
from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS
from oddflow.models.dbn import learn_dbn
from oddflow.models.rbm import Machine, train_rbm
from oddflow.models.train import TrainSettings
from tests.models.tasks import binary_rows, binary_task, flat_weights

SETTINGS = TrainSettings(epochs=6, batch_size=16, learning_rate=2e-2)
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Gradient = Callable[[Machine, Floats, Floats], list[Doubles]]


def logistic(values: Doubles) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float64)


def small_machine() -> Machine:
    rng = np.random.default_rng(3)
    arrays = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 3), (4,), (3,)))
    return Machine(*arrays)


def test_up_and_down_are_the_equations() -> None:
    machine = small_machine()
    weights, visible, hidden = (part.astype(np.float64) for part in machine)
    rows = np.random.default_rng(0).random((5, 4)).astype(np.float32)
    up = logistic(rows @ weights + hidden)
    down = logistic(up @ weights.T + visible)
    assert machine.up(rows) == pytest.approx(up, abs=1e-6)
    assert machine.down(machine.up(rows)) == pytest.approx(down, abs=1e-6)
    assert machine.up(rows).dtype == np.float32
    error = np.square(rows - down).mean()
    assert machine.reconstruction_error(rows) == pytest.approx(error, rel=1e-5)


def test_large_inputs_do_not_overflow() -> None:
    machine = small_machine()
    rows = np.full((1, 4), 1e6, dtype=np.float32)
    assert np.isin(machine.up(rows), (0, 1)).all()


@pytest.fixture
def gradient_of(monkeypatch: pytest.MonkeyPatch) -> Gradient:
    """The gradient of the mean divergence, where hidden units are sampled with given numbers."""
    import jax

    def gradient(machine: Machine, rows: Floats, samples: Floats) -> list[Doubles]:
        model = rbm._build(4, 3, seed=0)
        model.set_weights([*machine, *model.get_weights()[3:]])
        states = [variable.value for variable in model.non_trainable_variables]

        def loss(trainable: Any) -> Any:  # noqa: ANN401 - arrays of JAX
            outputs, _ = model.stateless_call(trainable, states, rows)
            return outputs[:, 0].mean()

        with monkeypatch.context() as patch:
            patch.setattr(import_keras().random, "uniform", lambda _shape, **_: samples)
            found = jax.grad(loss)([variable.value for variable in model.trainable_variables])
        return [np.asarray(part, dtype=np.float64) for part in found]

    return gradient


def test_the_gradient_is_the_negative_less_the_positive_phase(
    gradient_of: Gradient,
) -> None:
    """CD-1: visible and hidden units agree as they do in the model, less as they do in the data."""
    machine = small_machine()
    weights, visible, hidden = (part.astype(np.float64) for part in machine)
    rows = (np.random.default_rng(1).random((6, 4)) < 0.5).astype(np.float32)
    samples = np.random.default_rng(2).random((6, 3)).astype(np.float32)
    up = logistic(rows @ weights + hidden)
    again = logistic((samples < up) @ weights.T + visible)
    up_again = logistic(again @ weights + hidden)
    n = len(rows)
    expected = [
        (again.T @ up_again - rows.T @ up) / n,
        (again - rows).mean(axis=0),
        (up_again - up).mean(axis=0),
    ]
    for found, wanted in zip(gradient_of(machine, rows, samples), expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-5)
    assert gradient_of(machine, rows, 1 - samples)[0] != pytest.approx(expected[0], abs=1e-3), (
        "the sample plays no part"
    )


def test_divergence_lowers_the_reconstruction_error_layer_by_layer() -> None:
    rows, held_out = binary_rows(300), binary_rows(60, seed=2)
    for units in (8, 5):
        machine, history = train_rbm(rows, held_out, units, settings=SETTINGS, seed=1)
        errors = history.validation_loss
        kept = machine.reconstruction_error(held_out)
        assert kept == pytest.approx(errors[history.best_epoch], rel=1e-4)
        assert errors[history.best_epoch] == min(errors)
        untrained = Machine(*(0 * part for part in machine)).reconstruction_error(held_out)
        assert kept < 0.9 * untrained
        assert kept < errors[0]
        rows, held_out = machine.up(rows), machine.up(held_out)


def test_the_seed_decides_weights_and_samples() -> None:
    rows = binary_rows(100)
    first, again, other = (
        train_rbm(rows, rows, 5, settings=SETTINGS, seed=seed)[0].weights for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)


def test_a_network_starts_where_its_machines_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fine-tuning, its hidden layers say what the machines say."""
    monkeypatch.setattr("oddflow.models.dbn.fine_tune", lambda *_, **__: None)
    task = binary_task()
    network = learn_dbn(task, widths=(8, 5), pre_training=SETTINGS)
    fit, rows = task.fit.rows, task.held_out.rows
    for number, units in enumerate((8, 5), start=1):
        machine, _ = train_rbm(fit, rows, units, settings=SETTINGS, seed=task.seed + number)
        fit, rows = machine.up(fit), machine.up(rows)
    below = import_keras().Model(network.model.input, network.model.get_layer(LOGITS).input)
    assert np.asarray(below(task.held_out.rows)) == pytest.approx(rows, abs=1e-5)


def test_fine_tuning_moves_all_layers_and_stages_are_told() -> None:
    told: list[str] = []
    task = binary_task()._replace(on_epoch=lambda stage, _: told.append(stage))
    network = learn_dbn(task, widths=(8, 5), pre_training=SETTINGS)
    assert list(network.histories) == [
        "pre-training, layer 1",
        "pre-training, layer 2",
        "fine-tuning",
    ]
    assert list(dict.fromkeys(told)) == list(network.histories)
    machine, _ = train_rbm(
        task.fit.rows, task.held_out.rows, 8, settings=SETTINGS, seed=task.seed + 1
    )
    assert (network.model.get_weights()[0] != machine.weights).any()
    again = learn_dbn(binary_task(), widths=(8, 5), pre_training=SETTINGS)
    assert flat_weights(again.model).tobytes() == flat_weights(network.model).tobytes()

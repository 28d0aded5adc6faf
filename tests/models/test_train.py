from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import TrainingHistory
from oddflow.models.backend import import_keras
from oddflow.models.lstm_autoencoder import (
    Widths,
    autoencoder_weights,
    build_lstm_autoencoder,
    reconstruction_loss,
)
from oddflow.models.train import Epoch, Job, LossFn, TrainingDiverged, TrainSettings, train
from oddflow.models.train_jax import JaxTrainer
from oddflow.models.train_keras import KerasTrainer

WIDTHS = Widths(encoder=(6, 3), decoder=(6,))
MASK = np.ones((2, 5), dtype=np.float32)
SETTINGS = TrainSettings(epochs=15, batch_size=16, learning_rate=2e-2, patience=15)


def rows(n: int = 70, *, seed: int = 0) -> np.ndarray:
    """Windows that a narrow code can hold: two numbers, mixed into ten."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n, 2)) @ np.random.default_rng(9).normal(size=(2, 10))
    return mixed.reshape(n, 2, 5).astype(np.float32)


def fitted(
    *, seed: int = 0, settings: TrainSettings = SETTINGS, mask: np.ndarray = MASK
) -> tuple[Any, TrainingHistory]:
    model = build_lstm_autoencoder(2, 5, WIDTHS, seed=seed)
    data = rows()
    history = train(
        model,
        data,
        data,
        held_out=(rows(30, seed=1),) * 2,
        loss=partial(reconstruction_loss, mask=mask),
        settings=settings,
        seed=seed,
    )
    return model, history


def flat(model: Any) -> np.ndarray:  # noqa: ANN401 - a keras.Model
    weights = autoencoder_weights(model)
    layers = [*weights.encoder, *weights.decoder, weights.output]
    return np.concatenate([array.ravel() for layer in layers for array in layer])


def test_loss_falls_and_the_best_weights_stay() -> None:
    model, history = fitted()
    assert history.loss[-1] < 0.7 * history.loss[0]
    assert history.validation_loss[history.best_epoch] == min(history.validation_loss)
    held_out = rows(30, seed=1)
    kept = np.asarray(reconstruction_loss(held_out, model(held_out), MASK)).mean()
    assert kept == pytest.approx(min(history.validation_loss), rel=1e-5)


def test_training_stops_and_goes_back_when_held_out_rows_get_worse() -> None:
    hot = TrainSettings(epochs=40, batch_size=16, learning_rate=0.3, patience=2)
    model, history = fitted(settings=hot)
    assert len(history.loss) < 40
    assert len(history.loss) - 1 - history.best_epoch == 2
    held_out = rows(30, seed=1)
    kept = np.asarray(reconstruction_loss(held_out, model(held_out), MASK)).mean()
    assert kept == pytest.approx(min(history.validation_loss), rel=1e-4)


def test_the_last_weights_may_be_kept_instead_of_the_best() -> None:
    """The run is the same, and where it got worse the weights are not."""
    hot = TrainSettings(epochs=40, batch_size=16, learning_rate=0.3, patience=2)
    best, of_best = fitted(settings=hot)
    last, of_last = fitted(settings=replace(hot, keep="last"))
    assert of_last.loss == of_best.loss
    assert of_last.best_epoch == len(of_last.loss) - 1 > of_best.best_epoch
    held_out = rows(30, seed=1)
    kept = np.asarray(reconstruction_loss(held_out, last(held_out), MASK)).mean()
    assert kept == pytest.approx(of_last.validation_loss[-1], rel=1e-4)
    assert not np.allclose(flat(best), flat(last))


def test_a_seed_decides_every_bit() -> None:
    first, again, other = (flat(fitted(seed=seed)[0]) for seed in (3, 3, 4))
    assert (first == again).all()
    assert not np.allclose(first, other)


def test_the_seed_decides_the_order_of_rows() -> None:
    """From the same weights, another seed of `train` leads elsewhere."""
    data, ends = rows(), []
    for seed in (0, 1):
        model = build_lstm_autoencoder(2, 5, WIDTHS, seed=0)
        train(
            model,
            data,
            data,
            held_out=(data, data),
            loss=partial(reconstruction_loss, mask=MASK),
            settings=TrainSettings(epochs=2, batch_size=16),
            seed=seed,
        )
        ends.append(flat(model))
    assert not np.array_equal(ends[0], ends[1])


def test_compiled_epochs_equal_those_of_keras() -> None:
    """The same order of rows, a short last batch included, gives the same losses and weights."""
    keras = import_keras()
    data, held_out = rows(70), (rows(30, seed=1),) * 2
    loss = partial(reconstruction_loss, mask=MASK)
    orders = [np.random.default_rng(i).permutation(70) for i in range(3)]
    losses, weights = [], []
    kinds: tuple[Any, ...] = (JaxTrainer, KerasTrainer)
    for kind in kinds:
        model = build_lstm_autoencoder(2, 5, WIDTHS, seed=0)
        adam = keras.optimizers.Adam(1e-2)
        trainer = kind(Job(model, adam, loss, data, data, held_out, loss, 16))
        losses.append([(trainer.run(order), trainer.evaluate()) for order in orders])
        trainer.restore(trainer.snapshot())
        weights.append(flat(model))
    assert np.array(losses[0]) == pytest.approx(np.array(losses[1]), rel=1e-4)
    assert weights[0] == pytest.approx(weights[1], abs=1e-5)


def test_padding_carries_no_loss() -> None:
    mask = MASK.copy()
    mask[1, 3:] = 0
    windows, rebuilt = rows(4), rows(4, seed=5)
    before = np.asarray(reconstruction_loss(windows, rebuilt, mask))
    rebuilt[:, 1, 3:] += 100
    assert np.asarray(reconstruction_loss(windows, rebuilt, mask)) == pytest.approx(before)
    rebuilt[:, 1, 2] += 100
    assert (np.asarray(reconstruction_loss(windows, rebuilt, mask)) > before + 100).all()
    assert before == pytest.approx(
        (np.square(windows - rows(4, seed=5)) * mask).sum(axis=(1, 2)) / 8, rel=1e-5
    )


def test_progress_is_told_after_each_epoch() -> None:
    told: list[Epoch] = []
    model = build_lstm_autoencoder(2, 5, WIDTHS, seed=0)
    data = rows()
    history = train(
        model,
        data,
        data,
        held_out=(data, data),
        loss=partial(reconstruction_loss, mask=MASK),
        settings=TrainSettings(epochs=3, batch_size=32, decay="cosine"),
        seed=0,
        on_epoch=told.append,
    )
    assert [e.number for e in told] == [1, 2, 3]
    assert tuple(e.loss for e in told) == history.loss
    assert told[0].is_best
    assert told[0].rows_per_s > 0


def test_a_loss_that_is_no_number_ends_training() -> None:
    model = build_lstm_autoencoder(2, 5, WIDTHS, seed=0)
    data = rows() * np.float32(1e30)
    with pytest.raises(TrainingDiverged, match="lower the learning rate"):
        train(
            model,
            data,
            data,
            held_out=(data, data),
            loss=partial(reconstruction_loss, mask=MASK),
            settings=SETTINGS,
            seed=0,
        )


def test_nothing_to_train_on_is_refused() -> None:
    model = build_lstm_autoencoder(2, 5, WIDTHS, seed=0)
    with pytest.raises(InputError, match="received 70 and 0"):
        train(
            model,
            rows(),
            rows(),
            held_out=(rows(0), rows(0)),
            loss=partial(reconstruction_loss, mask=MASK),
            settings=SETTINGS,
            seed=0,
        )


def absolute_error(targets: Any, outputs: Any) -> Any:  # noqa: ANN401 - tensors
    """Another loss of the same rows."""
    ops = import_keras().ops
    return ops.mean(ops.abs(targets - outputs), axis=(1, 2))


def judged_by(criterion: LossFn | None) -> tuple[Any, TrainingHistory]:
    """An autoencoder trained as always, its held-out rows judged otherwise."""
    model, data = build_lstm_autoencoder(2, 5, WIDTHS, seed=0), rows()
    history = train(
        model,
        data,
        data,
        held_out=(rows(30, seed=1),) * 2,
        loss=partial(reconstruction_loss, mask=MASK),
        settings=TrainSettings(epochs=6, batch_size=16, learning_rate=2e-2),
        seed=0,
        criterion=criterion,
    )
    return model, history


def test_the_criterion_and_not_the_loss_decides_the_best_epoch() -> None:
    loss = partial(reconstruction_loss, mask=MASK)
    _, by_loss = judged_by(None)
    model, by_criterion = judged_by(lambda targets, outputs: -loss(targets, outputs))
    assert by_criterion.loss == by_loss.loss
    assert by_criterion.validation_loss == tuple(-value for value in by_loss.validation_loss)
    assert by_loss.best_epoch == 5
    assert by_criterion.best_epoch == 0, "the weights of the worst loss are the best here"
    held_out = rows(30, seed=1)
    kept = -np.asarray(loss(held_out, model(held_out))).mean()
    assert kept == pytest.approx(min(by_criterion.validation_loss), rel=1e-5)


def test_either_trainer_judges_by_the_criterion() -> None:
    keras = import_keras()
    data, held_out = rows(70), (rows(30, seed=1),) * 2
    loss = partial(reconstruction_loss, mask=MASK)
    kinds: tuple[Any, ...] = (JaxTrainer, KerasTrainer)
    for kind in kinds:
        model = build_lstm_autoencoder(2, 5, WIDTHS, seed=0)
        adam = keras.optimizers.Adam(1e-2)
        trainer = kind(Job(model, adam, loss, data, data, held_out, absolute_error, 16))
        trainer.run(np.arange(70))
        found = trainer.evaluate()
        trainer.restore(trainer.snapshot())
        rebuilt = np.asarray(model(held_out[0]))
        assert found == pytest.approx(np.abs(held_out[0] - rebuilt).mean(), rel=1e-5)
        assert found != pytest.approx(np.asarray(loss(held_out[0], rebuilt)).mean(), rel=0.05)


def test_plain_gradient_descent_follows_the_gradient() -> None:
    """One step on one batch from the same weights: w - rate * gradient, and not Adam's step."""
    keras = import_keras()
    inputs, targets = (np.array(v, dtype=np.float32)[:, None] for v in ([1, 2], [3, 5]))
    ends = []
    for name in ("sgd", "adam"):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
        model.set_weights([np.full((1, 1), 0.5, dtype=np.float32)])
        train(
            model,
            inputs,
            targets,
            held_out=(inputs, targets),
            loss=lambda wanted, found: keras.ops.square(wanted - found)[:, 0],
            settings=TrainSettings(epochs=1, batch_size=2, optimizer=name, learning_rate=0.01),
            seed=0,
        )
        ends.append(float(model.get_weights()[0][0, 0]))
    gradient = np.mean([2 * (0.5 - 3) * 1, 2 * (1 - 5) * 2])
    assert ends[0] == pytest.approx(0.5 - 0.01 * gradient, rel=1e-5)
    assert ends[1] == pytest.approx(0.51, rel=1e-4), "Adam's first step is the rate itself"


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"decay": "linear"},
        {"optimizer": "rmsprop"},
        {"keep": "first"},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        TrainSettings(**wrong)  # type: ignore[arg-type]

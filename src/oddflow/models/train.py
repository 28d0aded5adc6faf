"""The one training loop: epochs, early stopping on held-out rows, which weights are kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, OddflowError
from oddflow.core.evaluation import TrainingHistory
from oddflow.models.backend import import_keras

Rows = NDArray[np.float32]
LossFn = Callable[[Any, Any], Any]
"""(targets, outputs) -> loss of each row, shape (n,), in operations of `keras.ops`."""


CHOICES = {
    "optimizer": ("adam", "sgd"),
    "decay": ("constant", "cosine"),
    "keep": ("best", "last"),
}
"""What the settings of these names may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How to train; the defaults are the paper's (its table 3), with early stopping added.

    Attributes:
        epochs: most passes over the training rows.
        batch_size: rows of one gradient step.
        optimizer: "adam", or "sgd" for plain stochastic gradient descent.
        learning_rate: of the optimizer.
        decay: "constant", or "cosine" to let the rate fall to 1 % over `epochs`.
        patience: epochs without a better validation loss before training stops.
        keep: weights to end with: "best" for those of the epoch with the lowest validation loss,
            "last" for those of the last epoch, which a rate that has come to rest deserves and a
            small held-out set cannot better.
    """

    epochs: int = 50
    batch_size: int = 128
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    decay: str = "constant"
    patience: int = 6
    keep: str = "best"

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch_size, self.patience) < 1 or not self.learning_rate > 0:
            raise InputError(
                "epochs, batch_size and patience must be at least 1 and learning_rate above 0, "
                f"received {self}"
            )
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise InputError(f"{name} must be one of {', '.join(allowed)}, received {value!r}")


@dataclass(frozen=True, slots=True)
class Epoch:
    """What a progress callback is told after each epoch.

    Attributes:
        number: from 1.
        loss: mean training loss.
        validation_loss: mean loss of the held-out rows.
        is_best: no epoch before had a lower validation loss.
        rows_per_s: training rows seen in a second of this epoch.
    """

    number: int
    loss: float
    validation_loss: float
    is_best: bool
    rows_per_s: float


class Job(NamedTuple):
    """What a trainer is given.

    model: a built keras.Model; optimizer: a keras.Optimizer; loss: of each row; rows: inputs, shape
    (n, ...); targets: what the outputs should be, shape (n, ...); held_out: inputs and targets to
    stop by; criterion: loss by which they are judged; batch_size: rows of one gradient step.
    """

    model: Any
    optimizer: Any
    loss: LossFn
    rows: Rows
    targets: Rows
    held_out: tuple[Rows, Rows]
    criterion: LossFn
    batch_size: int


class Trainer(Protocol):
    """Runs single epochs of a model on some backend; holds weights and optimizer state."""

    def run(self, order: NDArray[np.intp]) -> float:
        """One pass over the training rows in the given order; the mean loss."""
        ...

    def evaluate(self) -> float:
        """Mean loss of the held-out rows."""
        ...

    def snapshot(self) -> Any:  # noqa: ANN401 - opaque to the loop
        """A copy of the weights."""
        ...

    def restore(self, snapshot: Any) -> None:  # noqa: ANN401 - opaque to the loop
        """Write the weights of a snapshot into the model."""
        ...


class TrainingDiverged(OddflowError):
    """The loss is no longer a number."""


def train(
    model: Any,  # noqa: ANN401 - a keras.Model
    rows: Rows,
    targets: Rows,
    *,
    held_out: tuple[Rows, Rows],
    loss: LossFn,
    settings: TrainSettings,
    seed: int,
    criterion: LossFn | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> TrainingHistory:
    """Train `model` in place; it ends with the weights of its best epoch, or its last one.

    Given the same seed, data and backend, the result is the same to the last bit.

    Args:
        model: a built Keras model.
        rows: inputs, shape (n, ...).
        targets: what the outputs should be, shape (n, ...); the rows themselves for an autoencoder.
        held_out: inputs and targets that decide when to stop.
        loss: loss of each row.
        settings: how to train.
        seed: of the order of the rows.
        criterion: loss by which the held-out rows are judged, where it is not the one to train by.
        on_epoch: called after each epoch; may raise to abandon training.

    Raises:
        InputError: there is no row to train on or to stop by.
        TrainingDiverged: the loss is not finite.
    """
    if not len(rows) or not len(held_out[0]):
        raise InputError(
            f"training needs rows to fit and rows to stop by, received {len(rows)} and "
            f"{len(held_out[0])}"
        )
    optimizer = _optimizer(settings, n_steps=math.ceil(len(rows) / settings.batch_size))
    judged_by = criterion or loss
    trainer = _trainer(
        Job(model, optimizer, loss, rows, targets, held_out, judged_by, settings.batch_size)
    )
    rng = np.random.default_rng(seed)
    start_s = time.perf_counter()
    losses: list[float] = []
    held_out_losses: list[float] = []
    best, kept = 0, trainer.snapshot()
    for number in range(1, settings.epochs + 1):
        epoch_start_s = time.perf_counter()
        losses.append(trainer.run(rng.permutation(len(rows))))
        held_out_losses.append(trainer.evaluate())
        if not math.isfinite(losses[-1] + held_out_losses[-1]):
            raise TrainingDiverged(
                f"the loss became {losses[-1]} in epoch {number}; "
                f"lower the learning rate ({settings.learning_rate:g})"
            )
        is_best = number == 1 or held_out_losses[-1] < held_out_losses[best]
        if is_best:
            best, kept = number - 1, trainer.snapshot()
        if on_epoch is not None:
            rate = len(rows) / (time.perf_counter() - epoch_start_s)
            on_epoch(Epoch(number, losses[-1], held_out_losses[-1], is_best, rate))
        if number - 1 - best >= settings.patience:
            break
    if settings.keep == "last":
        best, kept = len(losses) - 1, trainer.snapshot()
    trainer.restore(kept)
    return TrainingHistory(
        tuple(losses), tuple(held_out_losses), best, time.perf_counter() - start_s
    )


def _optimizer(settings: TrainSettings, *, n_steps: int) -> Any:  # noqa: ANN401 - Keras'
    """The optimizer with the rate of the settings; `n_steps` are those of an epoch."""
    keras = import_keras()
    rate: Any = float(settings.learning_rate)
    if settings.decay == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, settings.epochs * n_steps, alpha=0.01)
    return {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[settings.optimizer](rate)


def _trainer(job: Job) -> Trainer:
    """The quickest trainer that the backend has."""
    if import_keras().backend.backend() == "jax":
        from oddflow.models.train_jax import JaxTrainer

        return JaxTrainer(job)
    from oddflow.models.train_keras import KerasTrainer

    return KerasTrainer(job)

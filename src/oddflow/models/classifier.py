"""What all classifying networks have in common: examples, the loss, and how one is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from oddflow.core.evaluation import TrainingHistory
from oddflow.models.backend import import_keras
from oddflow.models.train import Epoch, Rows, TrainSettings, train

LOGITS = "logits"
"""Name of the layer that a classifying network ends in: one number a class, softmax not taken."""

OnEpoch = Callable[[str, Epoch], None]
"""Told the stage of training, such as "pre-training, layer 1", after each of its epochs."""


class Examples(NamedTuple):
    """Inputs of a network, shape (n, ...), and the class of each as one-hot rows, shape (n, K)."""

    rows: Rows
    classes: Rows


class Network(NamedTuple):
    """A trained network.

    model: a keras.Model with one input and a layer named `logits`; histories: stage of training ->
    its losses, in the order of the stages.
    """

    model: Any
    histories: Mapping[str, TrainingHistory]


class Task(NamedTuple):
    """What a network is to be trained on.

    fit: to train on; held_out: to choose the best epoch by; settings: of the (last) training;
    seed: of weights and order; on_epoch: told of each epoch, or None.
    """

    fit: Examples
    held_out: Examples
    settings: TrainSettings
    seed: int
    on_epoch: OnEpoch | None = None

    @property
    def n_classes(self) -> int:
        """K."""
        return int(self.fit.classes.shape[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return tuple(self.fit.rows.shape[1:])

    def tell(self, stage: str) -> Callable[[Epoch], None] | None:
        """The callback of one stage of training."""
        told = self.on_epoch
        return None if told is None else lambda epoch: told(stage, epoch)


Build = Callable[[tuple[int, ...], int, int], Any]
"""(shape of an input, classes, seed) -> an untrained keras.Model that ends in `logits`."""

Learn = Callable[[Task], Network]
"""Builds and trains a network."""


def cross_entropy(classes: Any, logits: Any) -> Any:  # noqa: ANN401 - tensors
    """-log of the softmax at the right class, shape (n,)."""
    ops = import_keras().ops
    return ops.categorical_crossentropy(classes, logits, from_logits=True)


def learn(task: Task, build: Build) -> Network:
    """Build a network and train it on cross-entropy, all in one stage."""
    model = build(task.shape, task.n_classes, task.seed)
    return Network(model, {"training": fine_tune(model, task)})


def fine_tune(model: Any, task: Task, *, stage: str = "training") -> TrainingHistory:  # noqa: ANN401
    """Train a network that ends in logits on cross-entropy."""
    return train(
        model,
        task.fit.rows,
        task.fit.classes,
        held_out=(task.held_out.rows, task.held_out.classes),
        loss=cross_entropy,
        settings=task.settings,
        seed=task.seed,
        on_epoch=task.tell(stage),
    )

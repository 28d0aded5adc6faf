"""A restricted Boltzmann machine, trained by contrastive divergence.

Sources: Hinton, "Training products of experts by minimizing contrastive divergence", Neural
Computation 14 (2002); Hinton, Osindero and Teh, "A fast learning algorithm for deep belief nets",
Neural Computation 18 (2006). With visible units v in [0, 1], hidden units h, weights W and biases
b and c, the free energy is

    F(v) = -b.v - sum log(1 + exp(c + W'v))

and CD-1 follows the gradient of F(v) - F(v1), where v1 is what one step of Gibbs sampling makes of
v, itself held fixed. Written as a loss it goes through the training loop of every other network.
Inputs are read as probabilities of binary units, as in the second paper.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from oddflow.core.evaluation import TrainingHistory
from oddflow.models.backend import import_keras
from oddflow.models.train import Rows, TrainSettings, train
from oddflow.models.weights import Array


class Machine(NamedTuple):
    """A trained machine: weights (visible, hidden), biases of both kinds of units."""

    weights: Array
    visible: Array
    hidden: Array

    def up(self, rows: Rows) -> Rows:
        """Probabilities of the hidden units, shape (n, hidden)."""
        return _sigmoid(rows @ self.weights + self.hidden)

    def down(self, hidden: Rows) -> Rows:
        """Probabilities of the visible units, shape (n, visible)."""
        return _sigmoid(hidden @ self.weights.T + self.visible)

    def reconstruction_error(self, rows: Rows) -> float:
        """Mean squared difference of rows and what comes back from the hidden units."""
        return float(np.square(rows - self.down(self.up(rows))).mean())


def train_rbm(
    rows: Rows,
    held_out: Rows,
    n_hidden: int,
    *,
    settings: TrainSettings,
    seed: int,
    on_epoch: Any = None,  # noqa: ANN401 - see `train`
) -> tuple[Machine, TrainingHistory]:
    """Train one machine; the history's validation loss is the reconstruction error.

    Args:
        rows: values in [0, 1], shape (n, visible).
        held_out: the same, to choose the best epoch by.
        n_hidden: hidden units.
        settings: how to train.
        seed: of weights, samples and order.
        on_epoch: called after each epoch.
    """
    model = _build(rows.shape[1], n_hidden, seed)
    history = train(
        model,
        rows,
        rows[:, :1],
        held_out=(held_out, held_out[:, :1]),
        loss=lambda _targets, outputs: outputs[:, 0],
        criterion=lambda _targets, outputs: outputs[:, 1],
        settings=settings,
        seed=seed,
        on_epoch=on_epoch,
    )
    weights = [
        np.asarray(weight, dtype=np.float32) for weight in model.layers[-1].trainable_weights
    ]
    return Machine(*weights), history


def _build(n_visible: int, n_hidden: int, seed: int) -> Any:  # noqa: ANN401 - a keras.Model
    """A model that gives (divergence, reconstruction error) of each row, shape (n, 2)."""
    keras = import_keras()
    ops = keras.ops

    class ContrastiveDivergence(keras.layers.Layer):  # type: ignore[misc, name-defined] # Keras has no types
        """Holds the weights; used while training alone and never saved."""

        def build(self, shape: tuple[int, ...]) -> None:
            """Make weights: small and random, biases 0."""
            initial = keras.initializers.RandomNormal(stddev=0.05, seed=seed)
            self.kernel = self.add_weight(shape=(shape[-1], n_hidden), initializer=initial)
            self.visible = self.add_weight(shape=(shape[-1],), initializer="zeros")
            self.hidden = self.add_weight(shape=(n_hidden,), initializer="zeros")
            self.draws = keras.random.SeedGenerator(seed)

        def call(self, rows: Any) -> Any:  # noqa: ANN401 - tensors
            """Divergence and reconstruction error of each row."""
            up = ops.sigmoid(rows @ self.kernel + self.hidden)
            sampled = ops.cast(keras.random.uniform(ops.shape(up), seed=self.draws) < up, "float32")
            model_rows = ops.stop_gradient(self.down(sampled))
            divergence = self.free_energy(rows) - self.free_energy(model_rows)
            error = ops.mean(ops.square(rows - self.down(up)), axis=1)
            return ops.stack([divergence, error], axis=1)

        def down(self, hidden: Any) -> Any:  # noqa: ANN401 - tensors
            """Probabilities of the visible units."""
            return ops.sigmoid(hidden @ ops.transpose(self.kernel) + self.visible)

        def free_energy(self, rows: Any) -> Any:  # noqa: ANN401 - tensors
            """F of each row, shape (n,)."""
            from_hidden = ops.sum(ops.softplus(rows @ self.kernel + self.hidden), axis=1)
            return -ops.sum(rows * self.visible, axis=1) - from_hidden

    inputs = keras.Input((n_visible,), name="records")
    return keras.Model(inputs, ContrastiveDivergence()(inputs), name="rbm")


def _sigmoid(values: Rows) -> Rows:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)), dtype=np.float32)

"""A recurrent autoencoder that takes one step a connection and keeps its state between them.

The LSTM reads a connection into its state; a narrow code of that state is all the decoder has to
rebuild the connection from. Where the windowed network reads T steps for each connection, this one
reads one. It is another model, trained on stretches of histories of which the first half only
warms the state up and carries no loss, as Kapturowski et al. do ("Recurrent Experience Replay in
Distributed Reinforcement Learning", 2019): what is judged is a state that has run on, not one just
begun. A stretch from the beginning of a history, where states begin, carries loss throughout.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from oddflow.models.backend import import_keras
from oddflow.models.seeded import SeededLayers
from oddflow.models.weights import DenseWeights, LSTMWeights


class StatefulWeights(NamedTuple):
    """The trained network: a layer each; `hidden` is followed by tanh."""

    memory: LSTMWeights
    code: DenseWeights
    hidden: DenseWeights
    output: DenseWeights


def build_stateful_autoencoder(
    n_steps: int, n_columns: int, *, n_units: int, n_code: int, n_hidden: int, seed: int
) -> Any:  # noqa: ANN401 - a keras.Model
    """The network for training: stretches (n, steps, columns + 2) to (n, steps, columns).

    Args:
        n_steps: of a stretch.
        n_columns: width of a step without the last two columns: 1 at a step that is not there, and
            1 at one that carries loss.
        n_units: of the LSTM.
        n_code: numbers from which a step is rebuilt.
        n_hidden: units between code and output.
        seed: of the initial weights.

    Raises:
        MissingExtra: Keras is not installed.
    """
    keras, layers = import_keras(), SeededLayers(seed)
    stretches = keras.Input((n_steps, n_columns + 2), name="stretches")
    is_there = stretches[..., n_columns] < 0.5
    memory = layers.lstm(n_units, every_step=True, name="memory")
    hidden = memory(stretches[..., :n_columns], mask=is_there)
    for name, units, activation in (("code", n_code, "linear"), ("hidden", n_hidden, "tanh")):
        hidden = layers.dense(units, activation, name=name)(hidden)
    output = layers.dense(n_columns, name="output")(hidden)
    return keras.Model(stretches, output, name="stateful_autoencoder")


def stretch_loss(stretches: Any, reconstruction: Any) -> Any:  # noqa: ANN401 - tensors
    """Mean squared error over the steps that carry loss, of each stretch, shape (n,)."""
    from keras import ops

    weight = stretches[..., -1:]
    squared = ops.square(reconstruction - stretches[..., :-2]) * weight
    n_numbers = ops.maximum(ops.sum(weight, axis=(1, 2)), 1.0) * reconstruction.shape[-1]
    return ops.sum(squared, axis=(1, 2)) / n_numbers


def stateful_weights(model: Any) -> StatefulWeights:  # noqa: ANN401 - a keras.Model
    """The weights of a model that `build_stateful_autoencoder` made."""

    def arrays(name: str) -> list[Any]:
        return [np.asarray(w, dtype=np.float32) for w in model.get_layer(name).get_weights()]

    return StatefulWeights(
        LSTMWeights(*arrays("memory")),
        DenseWeights(*arrays("code")),
        DenseWeights(*arrays("hidden")),
        DenseWeights(*arrays("output")),
    )

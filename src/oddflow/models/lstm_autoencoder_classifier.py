"""The proposed model as a classifier: an LSTM autoencoder whose code decides on a class.

Elazmazy and Nabil (2024) report accuracies for their autoencoder that no reconstruction error
reaches on NSL-KDD; this is the reading under which their figures make sense. In two stages:

1. Pre-training: encoder and decoder learn to rebuild all training records, labels unseen.
2. Fine-tuning: a classification head on the code learns the labels, and the encoder with it, while
   the decoder goes on rebuilding as an auxiliary task:

       loss = cross-entropy + weight * reconstruction error        (equation 11 in the second term)

The paper does not describe this head. Its sizes and the weight are our choice.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS, Examples, Network, Task, cross_entropy
from oddflow.models.lstm_autoencoder import Widths, build_lstm_autoencoder, reconstruction_loss
from oddflow.models.seeded import SeededLayers
from oddflow.models.train import TrainSettings, train

Array = NDArray[np.float32]


def learn_lstm_autoencoder_classifier(
    task: Task,
    *,
    mask: Array,
    widths: Widths,
    n_hidden: int,
    dropout: float,
    pre_training: TrainSettings,
    auxiliary_weight: float,
) -> Network:
    """Pre-train the autoencoder on the windows, then fine-tune it with a head on the labels.

    Args:
        task: its inputs are windows (n, steps, columns).
        mask: 1 where a window holds data, 0 for padding, shape (steps, columns).
        widths: units of encoder and decoder.
        n_hidden: ReLU units between code and logits.
        dropout: share of them left out.
        pre_training: settings of the first stage; those of the task are for the second.
        auxiliary_weight: of the reconstruction error while fine-tuning.

    Returns:
        A network of two outputs, logits and reconstruction.
    """
    n_steps, n_columns = task.shape
    autoencoder = build_lstm_autoencoder(n_steps, n_columns, widths, seed=task.seed)
    first = train(
        autoencoder,
        task.fit.rows,
        task.fit.rows,
        held_out=(task.held_out.rows, task.held_out.rows),
        loss=partial(reconstruction_loss, mask=mask),
        settings=pre_training,
        seed=task.seed,
        on_epoch=task.tell("pre-training"),
    )
    logits = _add_head(autoencoder, task, n_hidden=n_hidden, dropout=dropout)
    keras = import_keras()
    both = keras.layers.Concatenate()([logits, keras.layers.Flatten()(autoencoder.output)])
    k = task.n_classes
    second = train(
        keras.Model(autoencoder.input, both),
        task.fit.rows,
        _targets(task.fit),
        held_out=(task.held_out.rows, _targets(task.held_out)),
        loss=partial(_joint_loss, n_classes=k, mask=mask, weight=auxiliary_weight),
        criterion=partial(_head_loss, n_classes=k),
        settings=task.settings,
        seed=task.seed,
        on_epoch=task.tell("fine-tuning"),
    )
    model = keras.Model(autoencoder.input, [logits, autoencoder.output])
    return Network(model, {"pre-training": first, "fine-tuning": second})


def _add_head(autoencoder: Any, task: Task, *, n_hidden: int, dropout: float) -> Any:  # noqa: ANN401
    """Logits from the code of the autoencoder."""
    layers = SeededLayers(task.seed + 1)
    codes = [layer for layer in autoencoder.layers if layer.name.startswith("encoder_")]
    hidden = layers.dense(n_hidden, "relu")(codes[-1].output)
    hidden = layers.dropout(dropout)(hidden)
    return layers.dense(task.n_classes, name=LOGITS)(hidden)


def _targets(examples: Examples) -> Array:
    """Classes and windows side by side, as the outputs are, shape (n, K + steps * columns)."""
    flat = examples.rows.reshape(len(examples.rows), -1)
    return np.concatenate([examples.classes, flat], axis=1)


def _joint_loss(targets: Any, outputs: Any, *, n_classes: int, mask: Array, weight: float) -> Any:  # noqa: ANN401
    ops = import_keras().ops
    shape = (-1, *mask.shape)
    windows, rebuilt = (ops.reshape(part[:, n_classes:], shape) for part in (targets, outputs))
    error = reconstruction_loss(windows, rebuilt, mask)
    return _head_loss(targets, outputs, n_classes=n_classes) + weight * error


def _head_loss(targets: Any, outputs: Any, *, n_classes: int) -> Any:  # noqa: ANN401 - tensors
    return cross_entropy(targets[:, :n_classes], outputs[:, :n_classes])

"""RNN and LSTM classifiers: recurrent layers read the steps of a record, the last state decides.

The paper's table 4 names both and gives no sizes; the LSTM has the widths of the proposed model's
encoder. Yin, Zhu, Fei and He (2017) feed the whole record as one step and let the state run on from
record to record; NSL-KDD has no order of time, so here a record's feature groups are the steps.
"""

from __future__ import annotations

from typing import Any

from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS
from oddflow.models.seeded import SeededLayers


def build_rnn(shape: tuple[int, ...], n_classes: int, seed: int, *, n_hidden: int = 64) -> Any:  # noqa: ANN401 - a keras.Model
    """Windows (n, steps, columns) to logits (n, classes) by a simple recurrent layer.

    Args:
        shape: (steps, columns).
        n_classes: classes to tell apart.
        seed: of the weights.
        n_hidden: units, tanh.
    """
    keras, layers = import_keras(), SeededLayers(seed)
    inputs = keras.Input(shape, name="windows")
    hidden = layers.simple_rnn(n_hidden, every_step=False)(inputs)
    return keras.Model(inputs, layers.dense(n_classes, name=LOGITS)(hidden), name="rnn")


def build_lstm(
    shape: tuple[int, ...],
    n_classes: int,
    seed: int,
    *,
    widths: tuple[int, ...] = (64, 32),
    dropout: float = 0.1,
) -> Any:  # noqa: ANN401 - a keras.Model
    """Windows (n, steps, columns) to logits (n, classes) by stacked LSTM layers.

    Args:
        shape: (steps, columns).
        n_classes: classes to tell apart.
        seed: of weights and dropout.
        widths: units of the LSTM layers.
        dropout: share of the last state that is left out.
    """
    keras, layers = import_keras(), SeededLayers(seed)
    inputs = hidden = keras.Input(shape, name="windows")
    for i, units in enumerate(widths):
        hidden = layers.lstm(units, every_step=i + 1 < len(widths))(hidden)
    hidden = layers.dropout(dropout)(hidden)
    return keras.Model(inputs, layers.dense(n_classes, name=LOGITS)(hidden), name="lstm")

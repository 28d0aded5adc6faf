"""DNN: dense layers with batch normalisation and dropout.

The paper's table 4 names a deep neural network and gives no sizes. The same builder makes the
network of Thirimanne et al. (2022), whose sizes are not given in the paper either.
"""

from __future__ import annotations

from typing import Any

from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS
from oddflow.models.seeded import SeededLayers


def build_dnn(
    shape: tuple[int, ...],
    n_classes: int,
    seed: int,
    *,
    widths: tuple[int, ...] = (128, 64, 32),
    dropout: float = 0.1,
) -> Any:  # noqa: ANN401 - a keras.Model
    """Records (n, columns) to logits (n, classes).

    Args:
        shape: (columns,).
        n_classes: classes to tell apart.
        seed: of weights and dropout.
        widths: units of the hidden layers, ReLU.
        dropout: share of units left out after each hidden layer.
    """
    keras, layers = import_keras(), SeededLayers(seed)
    inputs = hidden = keras.Input(shape, name="records")
    for units in widths:
        hidden = layers.dense(units, "relu")(hidden)
        hidden = keras.layers.BatchNormalization()(hidden)
        hidden = layers.dropout(dropout)(hidden)
    return keras.Model(inputs, layers.dense(n_classes, name=LOGITS)(hidden), name="dnn")

"""ANN: one hidden layer of sigmoid units, to be trained by plain gradient descent.

This is what "artificial neural network" meant in the field before the deep ones; the paper's table
4 gives no sizes. The one of Pelletier and Abualkibash (2020) is made by the same builder.
"""

from __future__ import annotations

from typing import Any

from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS
from oddflow.models.seeded import SeededLayers


def build_ann(shape: tuple[int, ...], n_classes: int, seed: int, *, n_hidden: int = 64) -> Any:  # noqa: ANN401 - a keras.Model
    """Records (n, columns) to logits (n, classes).

    Args:
        shape: (columns,).
        n_classes: classes to tell apart.
        seed: of the weights.
        n_hidden: sigmoid units.
    """
    keras, layers = import_keras(), SeededLayers(seed)
    inputs = keras.Input(shape, name="records")
    hidden = layers.dense(n_hidden, "sigmoid")(inputs)
    return keras.Model(inputs, layers.dense(n_classes, name=LOGITS)(hidden), name="ann")

"""CNN: 1-D convolutions over the encoded record as a sequence of numbers, pooling and dropout.

The paper's table 4 gives no sizes. Elsayed et al. (2021) regularise such a network twice: by
dropout, and by a penalty on its weights; `l1` and `l2` are for theirs.

XLA computes the gradient of a convolution on a CPU by plain loops. For two layers of 32 and 64
filters that took 35 times as long, on one core, as the matrix products they are. Training therefore
takes a twin of the network that writes the product out: each column beside its neighbours, then a
dense layer. The weights are the same numbers in another shape.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS, Network, Task, fine_tune
from oddflow.models.seeded import SeededLayers


class Sizes(NamedTuple):
    """Of the network.

    filters: of each convolution, which pooling over pairs follows; width: columns that a filter
    sees, an odd number; n_hidden: units of the dense layer after them; dropout: share left out
    before and after it; l1, l2: penalties on absolute and squared weights.
    """

    filters: tuple[int, ...] = (16, 32)
    width: int = 3
    n_hidden: int = 64
    dropout: float = 0.2
    l1: float = 0.0
    l2: float = 0.0


def learn_cnn(task: Task, *, sizes: Sizes) -> Network:
    """Train the twin on cross-entropy; return the network with its weights."""
    twin = build_cnn(task.shape, task.n_classes, task.seed, sizes=sizes, is_twin=True)
    history = fine_tune(twin, task)
    network = build_cnn(task.shape, task.n_classes, task.seed, sizes=sizes)
    network.set_weights(
        [
            np.reshape(trained, own.shape)
            for trained, own in zip(twin.get_weights(), network.get_weights(), strict=True)
        ]
    )
    return Network(network, {"training": history})


def build_cnn(
    shape: tuple[int, ...], n_classes: int, seed: int, *, sizes: Sizes, is_twin: bool = False
) -> Any:  # noqa: ANN401 - a keras.Model
    """Records (n, columns) to logits (n, classes).

    Args:
        shape: (columns,).
        n_classes: classes to tell apart.
        seed: of weights and dropout.
        sizes: of the layers.
        is_twin: make the form that trains fast; it computes the same.
    """
    keras, layers = import_keras(), SeededLayers(seed)
    penalty = {}
    if sizes.l1 or sizes.l2:
        penalty = {"kernel_regularizer": keras.regularizers.L1L2(sizes.l1, sizes.l2)}
    inputs = keras.Input(shape, name="records")
    hidden = keras.layers.Reshape((*shape, 1))(inputs)
    for n_filters in sizes.filters:
        if is_twin:
            beside = _neighbours(hidden, sizes.width)
            hidden = _larger_of_pairs(layers.dense(n_filters, "relu", **penalty)(beside))
        else:
            hidden = layers.convolution(n_filters, sizes.width, **penalty)(hidden)
            hidden = keras.layers.MaxPooling1D(2)(hidden)
    hidden = layers.dropout(sizes.dropout)(keras.layers.Flatten()(hidden))
    hidden = layers.dense(sizes.n_hidden, "relu", **penalty)(hidden)
    hidden = layers.dropout(sizes.dropout)(hidden)
    return keras.Model(inputs, layers.dense(n_classes, name=LOGITS)(hidden), name="cnn")


def _neighbours(hidden: Any, width: int) -> Any:  # noqa: ANN401 - tensors
    """Each position with those around it, (n, length, channels) to (n, length, width*channels)."""
    layers = import_keras().layers
    padded = layers.ZeroPadding1D(width // 2)(hidden)
    return layers.Concatenate()(
        [layers.Cropping1D((i, width - 1 - i))(padded) for i in range(width)]
    )


def _larger_of_pairs(hidden: Any) -> Any:  # noqa: ANN401 - tensors
    """Maximum over pairs of positions; an odd one at the end is left out, as in MaxPooling1D."""
    layers = import_keras().layers
    n, channels = hidden.shape[1:]
    half = n // 2
    even = layers.Cropping1D((0, n % 2))(hidden) if n % 2 else hidden
    sides = layers.Permute((2, 1, 3))(layers.Reshape((half, 2, channels))(even))
    flat = layers.Reshape((2 * half, channels))(sides)
    return layers.Maximum()(
        [layers.Cropping1D((0, half))(flat), layers.Cropping1D((half, 0))(flat)]
    )

"""An LSTM autoencoder over the last connections of a host, of which there may be few.

The network of `oddflow.models.lstm_autoencoder` with two differences: steps that are not there are
masked, in the encoder (its state stays at zero until the first real step) and in the loss; and the
decoder gives the latest step first, as Srivastava, Mansimov and Salakhutdinov do ("Unsupervised
Learning of Video Representations using LSTMs", 2015), so that it never depends on the mask where a
step is decoded.
"""

from __future__ import annotations

from typing import Any

from oddflow.models.backend import import_keras
from oddflow.models.lstm_autoencoder import Widths
from oddflow.models.seeded import SeededLayers


def build_sequence_autoencoder(n_steps: int, n_columns: int, widths: Widths, *, seed: int) -> Any:  # noqa: ANN401
    """The network: windows (n, steps, columns + 1) to (n, steps, columns), latest step first.

    Args:
        n_steps: T.
        n_columns: width of a step without the last column, which is 1 at a step that is not there.
        widths: units of the layers.
        seed: of the initial weights.

    Raises:
        MissingExtra: Keras is not installed.
    """
    keras, layers = import_keras(), SeededLayers(seed)
    windows = keras.Input((n_steps, n_columns + 1), name="windows")
    hidden, is_there = windows[..., :n_columns], windows[..., n_columns] < 0.5
    for i, units in enumerate(widths.encoder):
        is_last = i + 1 == len(widths.encoder)
        layer = layers.lstm(units, every_step=not is_last, name=f"encoder_{i}")
        hidden = layer(hidden, mask=is_there)
    hidden = keras.layers.RepeatVector(n_steps, name="repeat")(hidden)
    for i, units in enumerate(widths.decoder):
        hidden = layers.lstm(units, every_step=True, name=f"decoder_{i}")(hidden)
    output = layers.dense(n_columns, name="reconstruction")(hidden)
    return keras.Model(windows, output, name="sequence_autoencoder")


def sequence_loss(windows: Any, reconstruction: Any) -> Any:  # noqa: ANN401 - tensors
    """Mean squared error over the steps that are there, of each window, shape (n,)."""
    from keras import ops

    latest_first = ops.flip(windows, axis=1)
    is_there = 1 - latest_first[..., -1:]
    squared = ops.square(reconstruction - latest_first[..., :-1]) * is_there
    n_numbers = ops.sum(is_there, axis=(1, 2)) * reconstruction.shape[-1]
    return ops.sum(squared, axis=(1, 2)) / n_numbers

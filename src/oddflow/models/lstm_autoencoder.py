"""The LSTM autoencoder of the paper: a sequence is folded into one code and unfolded again.

Source: Elazmazy and Nabil, "Enhanced Network Security using LSTM-Based Autoencoder Models",
Artificial Intelligence in Cybersecurity 1 (2024), 60-69, equations 1 to 11. With x_t the input at
step t, h the hidden and c the cell state, s the logistic function and * elementwise:

    ( 1) forget gate     f_t = s(W_f [h_{t-1}, x_t] + b_f)       keras.layers.LSTM
    ( 2) input gate      i_t = s(W_i [h_{t-1}, x_t] + b_i)       keras.layers.LSTM
    ( 3) candidate       g_t = tanh(W_g [h_{t-1}, x_t] + b_g)    keras.layers.LSTM
    ( 4) cell state      c_t = f_t * c_{t-1} + i_t * g_t         keras.layers.LSTM
    ( 5) output gate     o_t = s(W_o [h_{t-1}, x_t] + b_o)       keras.layers.LSTM
    ( 6) hidden state    h_t = o_t * tanh(c_t)                   keras.layers.LSTM
    ( 7) encoder         h_t = LSTM(x_t, h_{t-1})                layers "encoder_0", ...
    ( 8) code            z = h_T                                 the last of them
    ( 9) decoder         d_t = LSTM(z, d_{t-1})                  layers "decoder_0", ...
    (10) reconstruction  y_t = W_y d_t + b_y                     layer "reconstruction"
    (11) objective       mean over steps of |x_t - y_t|^2        `reconstruction_loss`

The paper's single equations are identified by their order here. Departures: the padding of
unequal steps carries no loss, and the code may be narrower than the paper's 32 units, because a
record's few features are copied rather than understood through a wide one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oddflow.core.errors import InputError
from oddflow.models.backend import import_keras
from oddflow.models.weights import AutoencoderWeights, DenseWeights, LSTMWeights

DEGREES = 4.0
"""Of freedom, of the Student likelihood: tails as heavy as a variance allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Widths:
    """Units of the layers.

    Attributes:
        encoder: LSTM layers from input to code; the last is the width of the code.
        decoder: LSTM layers from code to output.
    """

    encoder: tuple[int, ...] = (64, 16)
    decoder: tuple[int, ...] = (32, 64)

    def __post_init__(self) -> None:
        if not self.encoder or not self.decoder or min(self.encoder + self.decoder) < 1:
            raise InputError(
                "expected at least one encoder and one decoder layer of at least 1 unit each, "
                f"received encoder {self.encoder}, decoder {self.decoder}"
            )


def build_lstm_autoencoder(n_steps: int, n_columns: int, widths: Widths, *, seed: int) -> Any:  # noqa: ANN401
    """The network: windows (n, steps, columns) to their reconstruction of the same shape.

    Args:
        n_steps: T.
        n_columns: width of a step.
        widths: units of the layers.
        seed: of the initial weights; the same seed gives the same weights.

    Returns:
        A `keras.Model` made of ordinary layers, so that it loads in Keras' safe mode.

    Raises:
        MissingExtra: Keras is not installed.
    """
    keras = import_keras()
    seeds = np.random.SeedSequence(seed).generate_state(64).tolist()

    def lstm(name: str, units: int, *, every_step: bool) -> Any:  # noqa: ANN401 - a layer
        return keras.layers.LSTM(
            units,
            return_sequences=every_step,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seeds.pop()),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seeds.pop()),
            name=name,
        )

    windows = keras.Input((n_steps, n_columns), name="windows")
    hidden = windows
    for i, units in enumerate(widths.encoder):
        hidden = lstm(f"encoder_{i}", units, every_step=i + 1 < len(widths.encoder))(hidden)
    hidden = keras.layers.RepeatVector(n_steps, name="repeat")(hidden)
    for i, units in enumerate(widths.decoder):
        hidden = lstm(f"decoder_{i}", units, every_step=True)(hidden)
    output = keras.layers.Dense(
        n_columns,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seeds.pop()),
        name="reconstruction",
    )(hidden)
    return keras.Model(windows, output, name="lstm_autoencoder")


def reconstruction_loss(windows: Any, reconstruction: Any, mask: Any) -> Any:  # noqa: ANN401 - tensors
    """Equation 11: mean squared error of each window, shape (n,); padding (mask 0) is left out."""
    from keras import ops

    squared = ops.square(reconstruction - windows) * mask
    return ops.sum(squared, axis=(1, 2)) / ops.sum(mask)


def student_loss(windows: Any, reconstruction: Any, mask: Any) -> Any:  # noqa: ANN401 - tensors
    """Negative log-likelihood under Student's t of 4 degrees of freedom, shape (n,).

    Constants are left out.

    Unlike the square it does not let a few far values decide what the network learns. It departs
    from equation 11; docs/quality.md says what it gains.
    """
    from keras import ops

    likelihood = (DEGREES + 1) / 2 * ops.log1p(ops.square(reconstruction - windows) / DEGREES)
    return ops.sum(likelihood * mask, axis=(1, 2)) / ops.sum(mask)


LOSSES: Mapping[str, Callable[..., Any]] = {
    "squared": reconstruction_loss,
    "student": student_loss,
}
"""What training minimises, by name."""


def autoencoder_weights(model: Any) -> AutoencoderWeights:  # noqa: ANN401 - a keras.Model
    """The weights of a model that `build_lstm_autoencoder` made."""

    def arrays(layer: Any) -> list[Any]:  # noqa: ANN401 - a layer
        return [np.asarray(weight, dtype=np.float32) for weight in layer.get_weights()]

    def lstms(prefix: str) -> tuple[LSTMWeights, ...]:
        return tuple(
            LSTMWeights(*arrays(layer)) for layer in model.layers if layer.name.startswith(prefix)
        )

    return AutoencoderWeights(
        encoder=lstms("encoder_"),
        decoder=lstms("decoder_"),
        output=DenseWeights(*arrays(model.get_layer("reconstruction"))),
    )

"""A plain numpy LSTM autoencoder, written from the equations: what every other form must equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.features.windows import StepLayout
from oddflow.models.weights import AutoencoderWeights, DenseWeights, LSTMWeights

Doubles = NDArray[np.float64]


def lstm(inputs: Doubles, layer: LSTMWeights) -> Doubles:
    """Hidden states (n, steps, units) of inputs (n, steps, k), equations 1 to 6."""
    kernel, recurrent, bias = (np.asarray(part, dtype=np.float64) for part in layer)
    n, steps, _ = inputs.shape
    hidden = np.zeros((n, layer.units))
    cell = np.zeros((n, layer.units))
    states = []
    for t in range(steps):
        gates = inputs[:, t] @ kernel + hidden @ recurrent + bias
        i, f, g, o = np.split(gates, 4, axis=1)
        cell = _logistic(f) * cell + _logistic(i) * np.tanh(g)
        hidden = _logistic(o) * np.tanh(cell)
        states.append(hidden)
    return np.stack(states, axis=1)


def autoencode(windows: Doubles, weights: AutoencoderWeights) -> tuple[Doubles, Doubles]:
    """Reconstruction (n, steps, columns) and code (n, latent), equations 7 to 10."""
    hidden = windows
    for layer in weights.encoder:
        hidden = lstm(hidden, layer)
    code = hidden[:, -1]
    hidden = np.repeat(code[:, None], windows.shape[1], axis=1)
    for layer in weights.decoder:
        hidden = lstm(hidden, layer)
    return hidden @ weights.output.kernel + weights.output.bias, code


def random_weights(
    n_columns: int, encoder: tuple[int, ...], decoder: tuple[int, ...], *, seed: int
) -> AutoencoderWeights:
    """Weights of a network that nobody trained."""
    rng = np.random.default_rng(seed)

    def array(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, 0.4, shape).astype(np.float32)

    def layers(widths: tuple[int, ...], inputs: int) -> tuple[LSTMWeights, ...]:
        made = []
        for units in widths:
            made.append(
                LSTMWeights(array(inputs, 4 * units), array(units, 4 * units), array(4 * units))
            )
            inputs = units
        return tuple(made)

    return AutoencoderWeights(
        layers(encoder, n_columns),
        layers(decoder, encoder[-1]),
        DenseWeights(array(decoder[-1], n_columns), array(n_columns)),
    )


def layout_of(*widths: int) -> StepLayout:
    """A layout with steps of these widths."""
    ends = np.cumsum(widths).tolist()
    return StepLayout(tuple(slice(e - w, e) for e, w in zip(ends, widths, strict=True)))


def _logistic(x: Doubles) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-x)))

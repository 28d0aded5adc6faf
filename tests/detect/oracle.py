"""The network written out in plain numpy, gate by gate in the order of the paper's equations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.heads import Parts
from oddflow.features.windows import StepLayout
from oddflow.models.weights import AutoencoderWeights, DenseWeights, LSTMWeights

Exact = NDArray[np.float64]


def logistic(x: Exact) -> Exact:
    return np.asarray(1 / (1 + np.exp(-x)))


def lstm(inputs: Exact, layer: LSTMWeights) -> Exact:
    """Hidden states at each step, (n, steps, units), from (n, steps, k)."""
    n, n_steps, _ = inputs.shape
    hidden, cell = np.zeros((n, layer.units)), np.zeros((n, layer.units))
    states = np.empty((n, n_steps, layer.units))
    for step in range(n_steps):
        gates = inputs[:, step] @ layer.kernel + hidden @ layer.recurrent + layer.bias
        write, forget, candidate, output = np.split(gates, 4, axis=1)
        cell = logistic(forget) * cell + logistic(write) * np.tanh(candidate)
        hidden = logistic(output) * np.tanh(cell)
        states[:, step] = hidden
    return states


def autoencoder(windows: NDArray[Any], weights: AutoencoderWeights) -> tuple[Exact, Exact]:
    """Reconstruction (n, steps, width) and code (n, latent) of windows."""
    hidden = windows.astype(np.float64)
    for layer in weights.encoder:
        hidden = lstm(hidden, layer)
    code = hidden[:, -1]
    hidden = np.repeat(code[:, None], windows.shape[1], axis=1)
    for layer in weights.decoder:
        hidden = lstm(hidden, layer)
    return hidden @ weights.output.kernel + weights.output.bias, code


def parts(
    encoded: NDArray[np.float32], layout: StepLayout, weights: AutoencoderWeights
) -> Parts[NDArray[np.float32]]:
    """What the scorer graph must say of encoded records, besides the score."""
    windows = np.zeros((len(encoded), layout.n_steps, layout.width))
    for step, columns in enumerate(layout.slices):
        windows[:, step, : columns.stop - columns.start] = encoded[:, columns]
    rebuilt, code = autoencoder(windows, weights)
    rows = [rebuilt[:, step, : s.stop - s.start] for step, s in enumerate(layout.slices)]
    residual = encoded - np.concatenate(rows, axis=1)
    return Parts(encoded, residual.astype(np.float32), code.astype(np.float32))


def layout_of(widths: Iterable[int]) -> StepLayout:
    """Steps of these widths, one after the other."""
    ends = np.cumsum(list(widths)).tolist()
    starts = [0, *ends[:-1]]
    return StepLayout(tuple(slice(a, b) for a, b in zip(starts, ends, strict=True)))


def random_weights(
    n_columns: int, encoder: Iterable[int], decoder: Iterable[int], rng: np.random.Generator
) -> AutoencoderWeights:
    """Weights large enough that every gate matters."""

    def array(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    def layers(n_inputs: int, units: Iterable[int]) -> tuple[LSTMWeights, ...]:
        made = []
        for u in units:
            made.append(LSTMWeights(array(n_inputs, 4 * u), array(u, 4 * u), array(4 * u)))
            n_inputs = u
        return tuple(made)

    encoders = layers(n_columns, encoder)
    decoders = layers(encoders[-1].units, decoder)
    output = DenseWeights(array(decoders[-1].units, n_columns), array(n_columns))
    return AutoencoderWeights(encoders, decoders, output)

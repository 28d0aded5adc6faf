"""Trained weights as plain arrays: what a graph or a reference implementation is built from.

Gate order within a kernel is Keras': input, forget, candidate, output.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class LSTMWeights(NamedTuple):
    """One LSTM layer of u units over k inputs, gates side by side.

    kernel (k, 4u), recurrent (u, 4u), bias (4u,).
    """

    kernel: Array
    recurrent: Array
    bias: Array

    @property
    def units(self) -> int:
        """Width of the hidden state."""
        return int(self.recurrent.shape[0])


class DenseWeights(NamedTuple):
    """A linear layer: kernel (k, m), bias (m,)."""

    kernel: Array
    bias: Array


class AutoencoderWeights(NamedTuple):
    """An LSTM autoencoder: encoder layers, decoder layers, linear output at each step."""

    encoder: tuple[LSTMWeights, ...]
    decoder: tuple[LSTMWeights, ...]
    output: DenseWeights

    @property
    def latent_width(self) -> int:
        """Width of the code between encoder and decoder."""
        return self.encoder[-1].units

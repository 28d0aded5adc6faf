"""What both sides are given: the paper's network, the same windows, the same batch size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.models.lstm_autoencoder import Widths

N_COLUMNS = 122
"""NSL-KDD one-hot encoded with all of its categories, as in most papers."""
WIDTHS = Widths(encoder=(64, 32), decoder=(32, 64))
"""The paper's LSTM(64)-LSTM(32)-LSTM(32)-LSTM(64)-Dense."""
BATCH = 128
N_WINDOWS = 12_800


def windows(n_steps: int, n: int = N_WINDOWS) -> NDArray[np.float32]:
    """Standard normal windows, shape (n, steps, columns)."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n_steps, N_COLUMNS), dtype=np.float32)


def flops_of_a_window(n_steps: int) -> int:
    """Multiplications and additions of the matrix products in one reconstruction."""
    total = 0
    inputs = N_COLUMNS
    for units in (*WIDTHS.encoder, *WIDTHS.decoder):
        total += n_steps * 2 * (inputs + units) * 4 * units
        inputs = units
    return total + n_steps * 2 * inputs * N_COLUMNS

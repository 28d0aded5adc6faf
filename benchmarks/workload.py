"""What both sides are given: the paper's network, the same windows, the same batch size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.features.windows import StepLayout
from oddflow.models.lstm_autoencoder import Widths

N_COLUMNS = 122
"""NSL-KDD one-hot encoded with all of its categories, as in most papers."""
STEP_WIDTHS = {
    "T=1": (N_COLUMNS,),
    "groups": (48, 13, 9, 10),
    "T=10": (N_COLUMNS,) * 10,
}
"""Columns of each step: one record, the four feature groups of our default, ten records."""
WIDTHS = Widths(encoder=(64, 32), decoder=(32, 64))
"""The paper's LSTM(64)-LSTM(32)-LSTM(32)-LSTM(64)-Dense."""
BATCH = 128
N_WINDOWS = 12_800


def layout_of(name: str) -> StepLayout:
    """The layout of that name."""
    ends = np.cumsum(STEP_WIDTHS[name]).tolist()
    starts = [0, *ends[:-1]]
    return StepLayout(tuple(slice(*ends) for ends in zip(starts, ends, strict=True)))


def records(name: str) -> NDArray[np.float32]:
    """Standard normal encoded records, shape (n, columns)."""
    shape = (N_WINDOWS, sum(STEP_WIDTHS[name]))
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def windows(name: str) -> NDArray[np.float32]:
    """The same as windows, shape (n, steps, columns), padded with zeros."""
    return layout_of(name).windows(records(name))


def flops_of_a_window(n_steps: int) -> int:
    """Multiplications and additions of the matrix products in one reconstruction."""
    total = 0
    inputs = N_COLUMNS
    for units in (*WIDTHS.encoder, *WIDTHS.decoder):
        total += n_steps * 2 * (inputs + units) * 4 * units
        inputs = units
    return total + n_steps * 2 * inputs * N_COLUMNS

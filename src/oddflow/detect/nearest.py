"""The nearest of many rows, by the sum of absolute differences. Compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled

_STRIDE = 8
"""Columns after which a row that is already too far away is given up."""


@compiled
def nearest_rows(
    reference: NDArray[np.float32], records: NDArray[np.float32], chosen: NDArray[np.int64]
) -> None:
    """Find the nearest row of each record; the first one where several are equally near.

    Args:
        reference: shape (m, columns), m at least 1.
        records: shape (n, columns).
        chosen: receives a row of `reference` for each record, shape (n,).
    """
    n_columns = reference.shape[1]
    for i in range(len(records)):
        nearest, best = 0, np.inf
        for j in range(len(reference)):
            distance, first = 0.0, 0
            while first < n_columns and distance < best:
                last = min(first + _STRIDE, n_columns)
                for k in range(first, last):
                    distance += abs(np.float64(reference[j, k]) - np.float64(records[i, k]))
                first = last
            if distance < best:
                nearest, best = j, distance
        chosen[i] = nearest

"""The nearest of many rows, by the sum of absolute differences. Compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, inlined

_STRIDE = 16
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
    nearest = 0  # of the record before: flagged records come in swarms
    for i in range(len(records)):
        best = _distance(reference[nearest], records[i], np.inf)
        for j in range(len(reference)):
            distance = _distance(reference[j], records[i], best)
            if distance < best or (distance == best and j < nearest):
                nearest, best = j, distance
        chosen[i] = nearest


@inlined
def _distance(one: NDArray[np.float32], other: NDArray[np.float32], limit: float) -> float:
    """The sum of absolute differences, or part of it that is above `limit`.

    Four sums side by side, each of which need not wait for the others.
    """
    n_columns, first, total = len(one), 0, 0.0
    while first + _STRIDE <= n_columns and total <= limit:
        a = b = c = d = 0.0
        for k in range(first, first + _STRIDE, 4):
            a += abs(np.float64(one[k]) - np.float64(other[k]))
            b += abs(np.float64(one[k + 1]) - np.float64(other[k + 1]))
            c += abs(np.float64(one[k + 2]) - np.float64(other[k + 2]))
            d += abs(np.float64(one[k + 3]) - np.float64(other[k + 3]))
        total += (a + b) + (c + d)
        first += _STRIDE
    for k in range(first, n_columns if total <= limit else first):
        total += abs(np.float64(one[k]) - np.float64(other[k]))
    return total

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


@compiled
def distances(
    columns: NDArray[np.float32],
    records: NDArray[np.float32],
    counts: NDArray[np.bool_],
    found: NDArray[np.float32],
) -> None:
    """Sums of absolute differences between records and a reference, over the columns that count.

    Args:
        columns: the reference, transposed: shape (columns, m).
        records: shape (n, columns).
        counts: False for columns that are left out, shape (n, columns).
        found: receives them, shape (n, m).
    """
    for i in range(len(records)):
        for j in range(columns.shape[1]):
            found[i, j] = 0
        for k in range(len(columns)):
            value = records[i, k]
            if counts[i, k]:
                for j in range(columns.shape[1]):
                    found[i, j] += abs(columns[k, j] - value)


@compiled
def nearest_but(
    columns: NDArray[np.float32],
    records: NDArray[np.float32],
    unit_of: NDArray[np.int64],
    subsets: NDArray[np.int64],
    scratch: NDArray[np.float32],
    chosen: NDArray[np.int64],
) -> None:
    """The row of a reference nearest to each record in all but some units of columns.

    Args:
        columns: the reference, transposed: shape (columns, m), m at least 1.
        records: shape (n, columns).
        unit_of: of each column of each record, shape (n, columns), from 0 to the number of units.
        subsets: units that do not count, shape (s, k).
        scratch: shape (units + 1, m), one row more than there are units.
        chosen: receives a row for each record and subset, shape (n, s); the first of equals.
    """
    n_units, m = scratch.shape[0] - 1, scratch.shape[1]
    for i in range(len(records)):
        for u in range(n_units):
            for j in range(m):
                scratch[u, j] = 0
        for k in range(len(columns)):
            u, value = unit_of[i, k], records[i, k]
            for j in range(m):
                scratch[u, j] += abs(columns[k, j] - value)
        for s in range(len(subsets)):
            chosen[i, s] = _least_kept(scratch, subsets, s)


@inlined
def _least_kept(scratch: NDArray[np.float32], subsets: NDArray[np.int64], s: int) -> int:
    """Where the sum over the units outside a subset is least; the last row is for the sums."""
    last, m, best = scratch.shape[0] - 1, scratch.shape[1], 0
    for j in range(m):
        scratch[last, j] = 0
    for u in range(last):
        counts = True
        for k in range(subsets.shape[1]):
            counts = counts and subsets[s, k] != u
        if counts:
            for j in range(m):
                scratch[last, j] += scratch[u, j]
    for j in range(1, m):
        if scratch[last, j] < scratch[last, best]:
            best = j
    return best

"""Counters by key in fixed room: an open-addressed hash that forgets a key at zero. Compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, copy_row, inlined

Ints = NDArray[np.int64]


class Counts(NamedTuple):
    """Counters of each key, changed in place; a row whose first counter is 0 is empty.

    Attributes:
        keys: shape (size,), a power of two at least twice the keys there can be.
        values: shape (size, n_counters).
    """

    keys: Ints
    values: Ints


def new_counts(n_keys: int, n_counters: int) -> Counts:
    """Room for `n_keys` keys."""
    size = 1 << (2 * n_keys - 1).bit_length()
    return Counts(np.zeros(size, dtype=np.int64), np.zeros((size, n_counters), dtype=np.int64))


@inlined
def _home(key: int, mask: int) -> int:
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return int(np.int64(mixed >> np.uint64(33)) & mask)


@compiled
def place_of(counts: Counts, key: int) -> int:
    """Row of a key, or the empty one where it would go."""
    mask = len(counts.keys) - 1
    at = _home(key, mask)
    while counts.values[at, 0] != 0 and counts.keys[at] != key:
        at = (at + 1) & mask
    counts.keys[at] = key
    return at


@compiled
def forget(counts: Counts, at: int) -> None:
    """Empty a row, and move back those whose way leads over it."""
    mask = len(counts.keys) - 1
    counts.values[at, :] = 0
    hole = at
    while True:
        at = (at + 1) & mask
        if counts.values[at, 0] == 0:
            return
        if (at - _home(counts.keys[at], mask)) & mask >= (at - hole) & mask:
            counts.keys[hole] = counts.keys[at]
            copy_row(counts.values[at], counts.values[hole])
            counts.values[at, :] = 0
            hole = at

"""Made-up hosts that alternate between two kinds of connection, and one that only nearly does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oddflow.core.context import Context
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import numbered_schema

SCHEMA = numbered_schema(3)
N_HOSTS = 8
PATTERNS = {"ABAB": (0, 1), "AABB": (0, 0, 1, 1), "ABBA": (0, 1, 1, 0)}


def hosts_in_turn(
    n: int, *, patterns: tuple[str, ...] = ("ABAB",), seed: int = 0
) -> tuple[FeatureMatrix, NDArray[np.str_]]:
    """Connections of `N_HOSTS` hosts in random turn, and the pattern of the host of each.

    The patterns hold the same connections in another order: one alone tells nothing.
    """
    rng = np.random.default_rng(seed)
    host = rng.integers(0, N_HOSTS, n)
    pattern = np.array([patterns[i % len(patterns)] for i in range(N_HOSTS)])[host]
    rank = np.zeros(n, dtype=np.int64)
    for one in range(N_HOSTS):
        rank[host == one] = np.arange((host == one).sum())
    kind = np.array([PATTERNS[p][r % len(PATTERNS[p])] for p, r in zip(pattern, rank, strict=True)])
    values = np.stack([kind * 2.0 - 1, 1 - kind * 2.0, np.zeros(n)], axis=1)
    values += rng.normal(0, 0.1, values.shape)
    columns = dict(zip(SCHEMA.names, values.T, strict=True))
    context = Context(host, np.full(n, 99), np.cumsum(rng.exponential(0.1, n)))
    return replace(FeatureMatrix.from_columns(SCHEMA, columns), context=context), pattern

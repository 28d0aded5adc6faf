"""What is usual: the values of normal records that are like an odd one in all else.

Each reference is compared in the columns that are kept, not in those that a counterfactual
replaces, so that the oddness itself does not choose the company.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oddflow.core.verdicts import Span, Usual
from oddflow.detect.nearest import distances
from oddflow.features.encode import CategoryCode, Code, Encoder

Array = NDArray[np.float32]
Rows = NDArray[np.intp]

NEIGHBOURS = 100
"""Normal records that say what is usual."""
LOW, HIGH = 0.05, 0.95
"""Of their values these quantiles are the ends of the span."""
COMMON = 0.05
"""A name is usual if at least this part of them has it."""
MOST_NAMES = 3
"""Names given, the commonest first."""


@dataclass(frozen=True, eq=False)
class Company:
    """For each of n records the normal records like it.

    Attributes:
        encoder: of the columns.
        reference: encoded normal records, shape (m, columns).
        rows: of the reference, shape (n, k).
    """

    encoder: Encoder
    reference: Array
    rows: Rows

    @classmethod
    def of(
        cls, encoder: Encoder, reference: Array, encoded: Array, kept: NDArray[np.bool_]
    ) -> Company:
        """Find the nearest normal records in the columns that are kept, shape (n, columns)."""
        apart = np.empty((len(encoded), len(reference)), dtype=np.float32)
        distances(np.ascontiguousarray(reference.T), encoded, kept, apart)
        k = min(NEIGHBOURS, len(reference))
        return cls(encoder, reference, np.argpartition(apart, k - 1, axis=1)[:, :k])

    def usual(self, record: int, code: Code) -> Usual:
        """What its company holds of one feature."""
        some = self.reference[self.rows[record], self.encoder.slices[code.feature.name]]
        if isinstance(code, CategoryCode):
            counts = some.sum(axis=0)
            slots = np.argsort(-counts, kind="stable")[:MOST_NAMES]
            common = [slot for slot in slots.tolist() if counts[slot] >= COMMON * len(some)]
            levels = np.eye(code.width, dtype=np.float32)
            return tuple(code.decode(levels[slot]) for slot in common)
        ordered = np.sort(some[:, 0])
        last = len(ordered) - 1
        ends = ordered[[math.floor(LOW * last), math.ceil(HIGH * last)]]
        low, high = (rounded(code.decode(end)) for end in ends[:, None])
        return Span(low, high)


def rounded(value: float | str) -> float:
    """A decoded number without the digits that 32-bit arithmetic made up.

    >>> rounded(9.3e-12), rounded(296.00000297)
    (0.0, 296.0)
    """
    return float(f"{round(float(value), 4):.6g}")

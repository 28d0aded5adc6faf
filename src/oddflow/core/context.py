"""Between whom and when records happened: what it takes to see a record in its context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError

Rows = NDArray[np.bool_] | NDArray[np.intp] | slice
Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """The ends of n connections as numbers, and when they began, in the order they were known.

    A number says which host it is among those of one recording or stream, and nothing else: no
    address can be told from it, and no detector may learn it.

    Attributes:
        originator: of each connection, shape (n,).
        responder: of each connection, shape (n,); a host has the same number on either side.
        start_s: when each began, seconds on one clock, finite, shape (n,).

    Raises:
        InputError: shapes that disagree, or a time that is not finite.
    """

    originator: Codes
    responder: Codes
    start_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        shapes = {array.shape for array in (self.originator, self.responder, self.start_s)}
        if len(shapes) != 1 or self.start_s.ndim != 1:
            raise InputError(
                "expected originators, responders and times of one shape (n,), received "
                f"{self.originator.shape}, {self.responder.shape} and {self.start_s.shape}"
            )
        if not np.isfinite(self.start_s).all():
            row = int(np.argmin(np.isfinite(self.start_s)))
            raise InputError(f"row {row}: expected a finite time, received {self.start_s[row]}")

    def __len__(self) -> int:
        return len(self.start_s)

    def take(self, rows: Rows) -> Self:
        """The given rows, in the order given."""
        return type(self)(self.originator[rows], self.responder[rows], self.start_s[rows])

    @classmethod
    def of_hosts(
        cls, originator: NDArray[Any], responder: NDArray[Any], start_s: NDArray[np.float64]
    ) -> Self:
        """Number the hosts of one recording, given by any names, in the order of the names."""
        _, codes = np.unique(np.concatenate([originator, responder]), return_inverse=True)
        codes = codes.astype(np.int64)
        return cls(codes[: len(originator)], codes[len(originator) :], start_s)


def chained(parts: Sequence[Context]) -> Context:
    """Consecutive parts of one recording, in their order: equal numbers are the same host."""
    return Context(
        np.concatenate([part.originator for part in parts]),
        np.concatenate([part.responder for part in parts]),
        np.concatenate([part.start_s for part in parts]),
    )


def kept_apart(parts: Sequence[Context]) -> Context:
    """Different recordings, in their order: hosts are numbered anew and none is in two of them."""
    apart, n_hosts = [], 0
    for part in parts:
        dense = Context.of_hosts(part.originator, part.responder, part.start_s)
        apart.append(Context(dense.originator + n_hosts, dense.responder + n_hosts, dense.start_s))
        n_hosts += len(np.unique(np.concatenate([dense.originator, dense.responder])))
    return chained(apart)

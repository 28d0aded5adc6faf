"""What is kept of a connection while it is open: one row of int64, the same once it has ended."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, inlined

N_LETTERS = 24
"""Letters of a history that are kept; later ones are left out."""


class Slot(IntEnum):
    """Columns of a connection, before those of its two ends."""

    ORIG_HIGH = 0
    ORIG_LOW = 1
    RESP_HIGH = 2
    RESP_LOW = 3
    ORIG_PORT = 4
    RESP_PORT = 5
    PROTO = 6
    START_NS = 7
    LAST_NS = 8
    URGENT = 9
    WRONG_FRAGMENTS = 10
    N_LETTERS = 11
    LETTERS = 12  # bits of the letters that are in the history
    STATE = 13  # place in `oddflow.core.conn.STATES`, once it has ended
    QUEUE = 14
    BEFORE = 15  # neighbours in the queue, -1 for none
    AFTER = 16
    HASH = 17
    TOUCHED_NS = 18  # what the queue counts from
    ORIG = 19
    RESP = 28


class End(IntEnum):
    """Columns of one end, counted from `Slot.ORIG` or `Slot.RESP`."""

    STATE = 0
    START = 1  # first sequence number, -1 while unknown
    LAST = 2  # bytes of sequence space from there to the end of what it sent
    ACKED = 3  # the same, to the end of what the other side has seen
    HAS_FIN = 4
    PACKETS = 5
    IP_BYTES = 6
    BYTES = 7  # payload, repetitions counted
    SEEN = 8  # payload captured, repetitions not counted


N_SLOT = 37


@inlined
def end_at(is_orig: bool) -> int:
    """Where the columns of an end start."""
    return Slot.ORIG.value if is_orig else Slot.RESP.value


@compiled
def add_history(
    row: NDArray[np.int64], history: NDArray[np.uint8], is_orig: bool, letter: int
) -> None:
    """Write a letter, in lower case for the responder, when the end does so for the first time."""
    bit = np.int64(1) << np.int64(letter - 65 + (0 if is_orig else 26))
    if row[Slot.LETTERS] & bit != 0 or row[Slot.N_LETTERS] >= N_LETTERS:
        return
    row[Slot.LETTERS] |= bit
    history[row[Slot.N_LETTERS]] = letter if is_orig else letter + 32
    row[Slot.N_LETTERS] += 1

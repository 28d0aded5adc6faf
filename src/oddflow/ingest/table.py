"""Storage of open connections: rows, an index by addresses, and queues by time. Compiled, bounded.

Every operation takes constant time: the index is an open-addressed hash with a secret seed, and in
a queue all wait for the same time, so that the first to end is at its head.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, inlined
from oddflow.core.errors import InputError
from oddflow.ingest.content import N_COLUMNS, begin_content
from oddflow.ingest.content_rules import GROUPS
from oddflow.ingest.fields import Field, Reason
from oddflow.ingest.fragments import N_FRAGMENTED, Fragment
from oddflow.ingest.slots import N_LETTERS, N_SLOT, End, Slot

Rows = NDArray[np.int64]

MAX_CAPACITY = 1 << 24
NOBODY = -1


class Queue(IntEnum):
    """Connections that wait for the same time."""

    ATTEMPT = 0
    """A TCP connection of which one end alone was heard."""
    CLOSING = 1
    """One that both ends have closed, or one has reset."""
    TCP = 2
    UDP = 3
    OTHER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """After how many seconds a connection has ended; the defaults are Zeek's.

    Attributes:
        attempt_s: without an answer to the first packet.
        closing_s: once closed.
        tcp_s: of silence in an open TCP connection.
        udp_s: of silence between two UDP ports.
        other_s: of silence in ICMP and all else.

    Raises:
        InputError: one is not above 0, or is above thirty years.
    """

    attempt_s: float = 5.0
    closing_s: float = 5.0
    tcp_s: float = 300.0
    udp_s: float = 60.0
    other_s: float = 60.0

    def __post_init__(self) -> None:
        if not all(0 < s < 1e9 for s in self.seconds()):
            raise InputError(f"waiting times must be above 0 s and below 1e9 s, received {self}")

    def seconds(self) -> tuple[float, ...]:
        """The times in the order of `Queue`."""
        return self.attempt_s, self.closing_s, self.tcp_s, self.udp_s, self.other_s


class Counter(IntEnum):
    """Places in the counters of a table, after one for each `Reason`."""

    EVICTED = len(Reason)
    """Connections that were ended early because the table was full."""


class Table(NamedTuple):
    """All state of a connection table; what it holds is changed in place.

    Attributes:
        rows: `Slot` columns of each connection, shape (capacity, N_SLOT).
        histories: letters of each, shape (capacity, N_LETTERS).
        contents: `Content` columns of each, shape (capacity, N_COLUMNS).
        buckets: hash -> row + 1, 0 for none; a power of two long.
        queues: first and last row of each, `NOBODY` for none, shape (len(Queue), 2).
        fragments: see `oddflow.ingest.fragments`.
        clock: first free row, and time of the last packet in ns.
        counts: packets by `Reason`, then `Counter`.
        waiting_ns: of each queue.
        packet: the one at hand, shape (len(Field),).
        seed: of the hash.
        splits_icmp: each ICMP message is a record.
    """

    rows: Rows
    histories: NDArray[np.uint8]
    contents: Rows
    buckets: NDArray[np.int32]
    queues: Rows
    fragments: Rows
    clock: Rows
    counts: Rows
    waiting_ns: Rows
    packet: Rows
    seed: int
    splits_icmp: bool


def new_table(
    *, capacity: int = 1 << 17, waiting: Waiting | None = None, splits_icmp: bool = False
) -> Table:
    """An empty table.

    Args:
        capacity: connections open at once, of some 470 bytes each.
        waiting: when they have ended.
        splits_icmp: make a record of each ICMP message, as KDD has them, not of each exchange.

    Raises:
        InputError: a capacity below 1 or above `MAX_CAPACITY`.
    """
    if not 1 <= capacity <= MAX_CAPACITY:
        raise InputError(f"capacity must be from 1 to {MAX_CAPACITY:,}, received {capacity}")
    rows = np.zeros((capacity, N_SLOT), dtype=np.int64)
    rows[:, Slot.AFTER] = np.arange(1, capacity + 1)
    rows[-1, Slot.AFTER] = NOBODY
    return Table(
        rows=rows,
        histories=np.zeros((capacity, N_LETTERS), dtype=np.uint8),
        contents=np.zeros((capacity, N_COLUMNS), dtype=np.int64),
        buckets=np.zeros(1 << (2 * capacity - 1).bit_length(), dtype=np.int32),
        queues=np.full((len(Queue), 2), NOBODY, dtype=np.int64),
        fragments=np.zeros((N_FRAGMENTED, len(Fragment)), dtype=np.int64),
        clock=np.zeros(2, dtype=np.int64),
        counts=np.zeros(len(Reason) + len(Counter), dtype=np.int64),
        waiting_ns=(np.array((waiting or Waiting()).seconds()) * 1e9).astype(np.int64),
        packet=np.zeros(len(Field), dtype=np.int64),
        seed=secrets.randbits(62),
        splits_icmp=splits_icmp,
    )


@inlined
def _mixed(value: np.uint64) -> np.uint64:
    """Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014: mix64."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled
def hash_of(seed: int, packet: Rows) -> int:
    """Hash of addresses, ports and protocol, the same in both directions, 62 bits.

    The seed is secret, lest an outsider make a table slow with addresses that collide.
    """
    key = np.uint64(seed)
    src = _mixed(key ^ np.uint64(packet[Field.SRC_LOW]))
    src = _mixed(src + np.uint64(packet[Field.SRC_HIGH]) + np.uint64(packet[Field.SRC_PORT] << 40))
    dst = _mixed(key ^ np.uint64(packet[Field.DST_LOW]))
    dst = _mixed(dst + np.uint64(packet[Field.DST_HIGH]) + np.uint64(packet[Field.DST_PORT] << 40))
    both = _mixed(src + dst + np.uint64(packet[Field.PROTO]))
    return int(both >> np.uint64(2))


@inlined
def comes_from_orig(row: Rows, packet: Rows) -> bool:
    """True if the packet goes from the row's originator to its responder."""
    return bool(
        row[Slot.ORIG_PORT] == packet[Field.SRC_PORT]
        and row[Slot.RESP_PORT] == packet[Field.DST_PORT]
        and row[Slot.ORIG_LOW] == packet[Field.SRC_LOW]
        and row[Slot.RESP_LOW] == packet[Field.DST_LOW]
        and row[Slot.ORIG_HIGH] == packet[Field.SRC_HIGH]
        and row[Slot.RESP_HIGH] == packet[Field.DST_HIGH]
    )


@inlined
def _comes_from_resp(row: Rows, packet: Rows) -> bool:
    return bool(
        row[Slot.RESP_PORT] == packet[Field.SRC_PORT]
        and row[Slot.ORIG_PORT] == packet[Field.DST_PORT]
        and row[Slot.RESP_LOW] == packet[Field.SRC_LOW]
        and row[Slot.ORIG_LOW] == packet[Field.DST_LOW]
        and row[Slot.RESP_HIGH] == packet[Field.SRC_HIGH]
        and row[Slot.ORIG_HIGH] == packet[Field.DST_HIGH]
    )


@compiled
def find(table: Table, packet: Rows, hashed: int) -> int:
    """Row of the connection that a packet belongs to, `NOBODY` if there is none."""
    mask = len(table.buckets) - 1
    at = hashed & mask
    while table.buckets[at] != 0:
        slot = int(table.buckets[at]) - 1
        row = table.rows[slot]
        is_like = row[Slot.HASH] == hashed and row[Slot.PROTO] == packet[Field.PROTO]
        if is_like and (comes_from_orig(row, packet) or _comes_from_resp(row, packet)):
            return slot
        at = (at + 1) & mask
    return NOBODY


@compiled
def insert(table: Table, packet: Rows, hashed: int, is_flipped: bool) -> int:
    """Take a free row, of which there must be one, for a new connection; in no queue yet.

    Args:
        table: changed in place.
        packet: its first.
        hashed: `hash_of` it.
        is_flipped: the responder sent it.
    """
    slot = int(table.clock[0])
    row = table.rows[slot]
    table.clock[0] = row[Slot.AFTER]
    row[:] = 0
    table.histories[slot, :] = 0
    orig, resp = (
        (Field.DST_HIGH, Field.SRC_HIGH) if is_flipped else (Field.SRC_HIGH, Field.DST_HIGH)
    )
    row[Slot.ORIG_HIGH], row[Slot.ORIG_LOW] = packet[orig], packet[orig + 1]
    row[Slot.RESP_HIGH], row[Slot.RESP_LOW] = packet[resp], packet[resp + 1]
    ports = (Field.DST_PORT, Field.SRC_PORT) if is_flipped else (Field.SRC_PORT, Field.DST_PORT)
    row[Slot.ORIG_PORT], row[Slot.RESP_PORT] = packet[ports[0]], packet[ports[1]]
    begin_content(table.contents[slot], GROUPS[row[Slot.RESP_PORT]])
    row[Slot.PROTO], row[Slot.HASH] = packet[Field.PROTO], hashed
    row[Slot.QUEUE] = row[Slot.BEFORE] = row[Slot.AFTER] = NOBODY
    row[Slot.ORIG + End.START] = row[Slot.RESP + End.START] = NOBODY
    mask = len(table.buckets) - 1
    at = hashed & mask
    while table.buckets[at] != 0:
        at = (at + 1) & mask
    table.buckets[at] = slot + 1
    return slot


@compiled
def remove(table: Table, slot: int) -> None:
    """Take a connection out of its queue and of the index, and free its row."""
    leave(table, slot)
    row = table.rows[slot]
    mask = len(table.buckets) - 1
    at = row[Slot.HASH] & mask
    while table.buckets[at] != slot + 1:
        at = (at + 1) & mask
    hole = at
    while True:  # move back those whose way leads over the hole
        at = (at + 1) & mask
        if table.buckets[at] == 0:
            break
        home = table.rows[np.int64(table.buckets[at]) - 1, Slot.HASH] & mask
        if (at - home) & mask >= (at - hole) & mask:
            table.buckets[hole] = table.buckets[at]
            hole = at
    table.buckets[hole] = 0
    row[Slot.AFTER] = table.clock[0]
    table.clock[0] = slot


@compiled
def leave(table: Table, slot: int) -> None:
    """Take a connection out of its queue, if it is in one."""
    row = table.rows[slot]
    queue, before, after = row[Slot.QUEUE], row[Slot.BEFORE], row[Slot.AFTER]
    if queue == NOBODY:
        return
    if before == NOBODY:
        table.queues[queue, 0] = after
    else:
        table.rows[before, Slot.AFTER] = after
    if after == NOBODY:
        table.queues[queue, 1] = before
    else:
        table.rows[after, Slot.BEFORE] = before
    row[Slot.QUEUE] = row[Slot.BEFORE] = row[Slot.AFTER] = NOBODY


@compiled
def enter(table: Table, slot: int, queue: int, time_ns: int) -> None:
    """Put a connection at the end of a queue, where it waits from now on."""
    leave(table, slot)
    row, last = table.rows[slot], table.queues[queue, 1]
    row[Slot.QUEUE], row[Slot.BEFORE], row[Slot.TOUCHED_NS] = queue, last, time_ns
    if last == NOBODY:
        table.queues[queue, 0] = slot
    else:
        table.rows[last, Slot.AFTER] = slot
    table.queues[queue, 1] = slot

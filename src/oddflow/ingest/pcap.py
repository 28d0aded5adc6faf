"""Capture files -> connections, in memory that does not depend on the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oddflow.core.connection import Connections
from oddflow.ingest.capture import PacketBlock, read_packets
from oddflow.ingest.ended import connections_of
from oddflow.ingest.fields import REASONS, Reason
from oddflow.ingest.flows import Ended, finish, new_ended, see
from oddflow.ingest.table import Counter as Counted
from oddflow.ingest.table import Table, Waiting, new_table

AT_ONCE = 1 << 16
"""Packets of a file after which their connections are given out."""
DECODED = REASONS[Reason.DECODED]
"""Key in `Captured.packets`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSettings:
    """How packets become connections.

    Attributes:
        capacity: connections open at once, of some 470 bytes each; when there are more, the one
            that was silent for longest is ended early and counted.
        waiting: after what silence a connection has ended.
        splits_icmp: make a record of each ICMP message, as KDD has them, not of each exchange.
    """

    capacity: int = 1 << 17
    waiting: Waiting = Waiting()  # noqa: RUF009 - frozen
    splits_icmp: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Captured:
    """What some packets have brought.

    Attributes:
        connections: that ended meanwhile; may be none.
        packets: what became of the packets -> how many; `DECODED` for those that were used. Their
            sum is the number of packets read.
        n_evicted: connections that ended early for want of room.
    """

    connections: Connections
    packets: Mapping[str, int]
    n_evicted: int


def read_pcap(path: str | Path, settings: FlowSettings | None = None) -> Iterator[Captured]:
    """The connections of a capture in the order in which they end; those left open at its end last.

    Args:
        path: a capture in pcap or pcapng, plain or packed.
        settings: how packets become connections.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: it is no capture, or its archive is damaged.
    """
    chosen = settings or FlowSettings()
    table = new_table(
        capacity=chosen.capacity, waiting=chosen.waiting, splits_icmp=chosen.splits_icmp
    )
    ended = new_ended()
    yield from see_blocks(table, read_packets(path), ended, at_once=AT_ONCE)
    while n_ended := finish(table, ended):
        yield Captured(connections_of(first_of(ended, n_ended)), {}, 0)


def see_blocks(
    table: Table, blocks: Iterable[PacketBlock], ended: Ended, *, at_once: int
) -> Iterator[Captured]:
    """What the packets of blocks bring.

    Args:
        table: changed in place.
        blocks: of packets.
        ended: room for what is given out at once.
        at_once: packets after which it is given out, if the room is not full before.
    """
    n_ended = n_packets = 0
    skipped: Counter[str] = Counter()
    counts = table.counts.copy()
    for block in blocks:
        skipped.update(block.skipped)
        at = 0
        while at < len(block.frames):
            first = at
            at, n_ended = see(table, block.data, block.frames, at, ended, n_ended)
            n_packets += at - first
            if at < len(block.frames) or n_packets >= at_once:
                yield _captured(table.counts - counts, skipped, first_of(ended, n_ended))
                n_ended = n_packets = 0
                skipped.clear()
                counts = table.counts.copy()
    if n_packets or skipped:
        yield _captured(table.counts - counts, skipped, first_of(ended, n_ended))


def _captured(counts: NDArray[np.int64], skipped: Mapping[str, int], ended: Ended) -> Captured:
    packets = {REASONS[reason]: int(counts[reason]) for reason in Reason if counts[reason]}
    return Captured(connections_of(ended), packets | dict(skipped), int(counts[Counted.EVICTED]))


def first_of(ended: Ended, n: int) -> Ended:
    """A copy of the first n."""
    return Ended(ended.rows[:n].copy(), ended.histories[:n].copy(), ended.contents[:n].copy())

"""Capture files -> connections, in memory that does not depend on the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from oddflow.core.connection import Connections
from oddflow.ingest.capture import PacketBlock, read_packets
from oddflow.ingest.ended import connections_of
from oddflow.ingest.fields import REASONS, Reason
from oddflow.ingest.flows import Ended, finish, new_ended, see
from oddflow.ingest.table import Counter, Table, Waiting, new_table

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
    for block in read_packets(path):
        yield from see_block(table, block, ended)
    while n_ended := finish(table, ended):
        yield Captured(connections_of(first_of(ended, n_ended)), {}, 0)


def see_block(table: Table, block: PacketBlock, ended: Ended) -> Iterator[Captured]:
    """What the packets of a block bring; `ended` is room for what one call gives back."""
    at = 0
    extra = block.skipped
    while at < len(block.frames) or extra:
        before = table.counts.copy()
        at, n_ended = see(table, block.data, block.frames, at, ended)
        new = table.counts - before
        packets = {REASONS[reason]: int(new[reason]) for reason in Reason if new[reason]}
        connections = connections_of(first_of(ended, n_ended))
        yield Captured(connections, packets | extra, int(new[Counter.EVICTED]))
        extra = {}


def first_of(ended: Ended, n: int) -> Ended:
    """A copy of the first n."""
    return Ended(ended.rows[:n].copy(), ended.histories[:n].copy(), ended.contents[:n].copy())

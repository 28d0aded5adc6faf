"""Connections of a network interface as they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from oddflow.ingest.capture import PacketBlock
from oddflow.ingest.ended import connections_of
from oddflow.ingest.flows import Ended, finish, new_ended, pass_time
from oddflow.ingest.framing import Place
from oddflow.ingest.pcap import Captured, FlowSettings, first_of, see_blocks
from oddflow.ingest.ring import Ring, frame_block
from oddflow.ingest.table import Table, new_table

WAIT_S = 0.1
"""For packets, before time is let go on without them."""


def live_connections(
    ring: Ring,
    settings: FlowSettings | None = None,
    *,
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[Captured]:
    """The connections of an interface, in the order in which they end.

    Something is yielded at least every `WAIT_S`, with no connection if none has ended, so that who
    listens can look at the clock. When it is over, connections that are open end too.

    Args:
        ring: of the interface.
        settings: how packets become connections.
        is_over: asked after each block of packets; True ends it.

    Raises:
        LiveError: the interface is gone.
    """
    chosen = settings or FlowSettings()
    table = new_table(
        capacity=chosen.capacity, waiting=chosen.waiting, splits_icmp=chosen.splits_icmp
    )
    ended = new_ended()
    while not is_over():
        block = ring.read(WAIT_S)
        if block is not None:
            data, frames = block
            blocks = [PacketBlock(data, frames, {})]
            yield from see_blocks(table, blocks, ended, at_once=1)
            ring.release()
        yield from _waited(table, ended)
    while n_ended := finish(table, ended):
        yield Captured(connections_of(first_of(ended, n_ended)), {}, 0)


def _waited(table: Table, ended: Ended) -> Iterator[Captured]:
    """Connections whose time is over, by the clock of this machine."""
    while True:
        n_ended = pass_time(table, time.time_ns(), ended)
        yield Captured(connections_of(first_of(ended, n_ended)), {}, 0)
        if n_ended < len(ended.rows) // 2:
            return


def warm_up() -> None:
    """Compile what listening needs, before packets come that would be dropped meanwhile."""
    ended, table = new_ended(), new_table(capacity=1)
    frames = np.zeros((1, len(Place)), dtype=np.int64)
    data = np.zeros(64, dtype=np.uint8)
    frame_block(data, 0, 1, frames)
    for _ in see_blocks(table, [PacketBlock(data, frames, {})], ended, at_once=1):
        pass
    for _ in _waited(table, ended):
        pass
    finish(table, ended)

"""Connections of a network interface as they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator

import numpy as np

from oddflow.ingest.capture import PacketBlock
from oddflow.ingest.ended import connections_of
from oddflow.ingest.fields import Data
from oddflow.ingest.flows import Ended, finish, new_ended, pass_time
from oddflow.ingest.framing import Frames, Place
from oddflow.ingest.pcap import Captured, FlowSettings, first_of, see_blocks
from oddflow.ingest.ring import HANDED_OVER_MS, LiveError, Ring, frame_block
from oddflow.ingest.table import Table, new_table

WAIT_S = 0.1
"""For packets, before time is let go on without them."""
DELAY_S = 2 * HANDED_OVER_MS / 1000
"""Within it a packet has been handed over, if nobody is behind."""

Listening = Generator[Captured, None, LiveError | None]


def live_connections(
    ring: Ring,
    settings: FlowSettings | None = None,
    *,
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[Captured]:
    """The connections of an interface, in the order in which they end.

    Something is yielded at least every `WAIT_S`, with no connection if none has ended, so that who
    listens can look at the clock. When it is over, or the interface is gone, packets that have come
    by then are seen, and connections that are open end too.

    Args:
        ring: of the interface.
        settings: how packets become connections.
        is_over: asked after each block of packets; True ends it.

    Raises:
        LiveError: the interface is gone; raised when all connections have ended.
    """
    chosen = settings or FlowSettings()
    table = new_table(
        capacity=chosen.capacity, waiting=chosen.waiting, splits_icmp=chosen.splits_icmp
    )
    ended = new_ended()
    failure = yield from _listen(ring, table, ended, is_over)
    yield from _see_rest(ring, table, ended)
    while n_ended := finish(table, ended):
        yield Captured(connections_of(first_of(ended, n_ended)), {}, 0)
    if failure is not None:
        raise failure


def _listen(ring: Ring, table: Table, ended: Ended, is_over: Callable[[], bool]) -> Listening:
    """What comes until it is over; gives back the error if the interface is gone."""
    while not is_over():
        try:
            block = ring.read(WAIT_S)
        except LiveError as error:
            return error
        if block is None:
            yield from _waited(table, ended)
            continue
        yield from _seen(ring, *block, table, ended)
    return None


def _see_rest(ring: Ring, table: Table, ended: Ended) -> Iterator[Captured]:
    """What had come before now and lies in the ring, of which one round is looked at."""
    now_ns = time.time_ns()
    for _ in range(ring.n_blocks):
        try:
            block = ring.read(DELAY_S)
        except LiveError:  # gone, which was told before or is of no interest any more
            return
        if block is None:
            return
        data, frames = block
        is_last = bool((frames[:, Place.TIME_NS] > now_ns).any())
        yield from _seen(ring, data, frames, table, ended)
        if is_last:
            return


def _seen(ring: Ring, data: Data, frames: Frames, table: Table, ended: Ended) -> Iterator[Captured]:
    """What the packets of a block bring, which then goes back to the kernel."""
    blocks = [PacketBlock(data, frames, {})]
    yield from see_blocks(table, blocks, ended, at_once=1)
    ring.release()


def _waited(table: Table, ended: Ended) -> Iterator[Captured]:
    """Connections whose time is over, by the clock of this machine.

    It is let go on no further than to where all packets have been seen, or those that come later
    would get another time than their own.
    """
    while True:
        n_ended = pass_time(table, time.time_ns() - int(DELAY_S * 1e9), ended)
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

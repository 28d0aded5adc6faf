"""Packets in, connections out as they end. Compiled; bounded by the capacity of its table.

A connection ends when both its ends have closed it, when one has reset it, when its first packet
stays unanswered, or when nothing has come for a while, so that Zeek's `conn.log` and this cut the
same traffic into the same connections. Time is that of the packets, and never goes back. When the
table is full, the connection that was silent for longest is ended early and counted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, copy_row
from oddflow.ingest.content import N_COLUMNS, finish_content, read_content
from oddflow.ingest.content_rules import GROUPS
from oddflow.ingest.fields import Data, Field, Flag, Proto, Reason
from oddflow.ingest.fragments import Outcome, follow
from oddflow.ingest.framing import Frames, Place
from oddflow.ingest.packet import decode, decode_inner
from oddflow.ingest.roles import icmp_ports, starts_at_resp
from oddflow.ingest.slots import N_LETTERS, N_SLOT, End, Slot, add_history, end_at
from oddflow.ingest.table import (
    NOBODY,
    Counter,
    Queue,
    Rows,
    Table,
    comes_from_orig,
    enter,
    find,
    hash_of,
    insert,
    remove,
)
from oddflow.ingest.tcp import State, is_over, is_unanswered, tcp_conn_state, tcp_step

MAX_ENDED = 16_384
"""Connections that one call can give back."""
MAX_TUNNELS = 3
"""UDP tunnels in one another that are opened."""
_SPARE = 3 * (MAX_TUNNELS + 1)
"""One packet, with what it carries, can end fewer."""

_OTH, _S0, _SF, _SHR = 0, 6, 10, 12


class Ended(NamedTuple):
    """Connections that have ended, in the order in which they did.

    Attributes:
        rows: of `Slot`, shape (n, N_SLOT).
        histories: letters, 0 after the last, shape (n, N_LETTERS).
        contents: of `Content`, shape (n, N_COLUMNS).
    """

    rows: Rows
    histories: NDArray[np.uint8]
    contents: Rows


def new_ended() -> Ended:
    """Room for as many as one call gives back."""
    return Ended(
        np.zeros((MAX_ENDED, N_SLOT), dtype=np.int64),
        np.zeros((MAX_ENDED, N_LETTERS), dtype=np.uint8),
        np.zeros((MAX_ENDED, N_COLUMNS), dtype=np.int64),
    )


@compiled
def see(
    table: Table, data: Data, frames: Frames, first: int, ended: Ended, n_ended: int
) -> tuple[int, int]:
    """Let the table see packets from row `first` of `frames` on.

    Args:
        table: changed in place.
        data: buffer that the frames lie in.
        frames: rows of `oddflow.ingest.framing.Place`.
        first: the first to see.
        ended: receives connections.
        n_ended: how many are in it.

    Returns:
        The row to go on from, `len(frames)` unless `ended` is full, and how many are in it now.
    """
    packet = table.packet
    for i in range(first, len(frames)):
        time_ns = max(frames[i, Place.TIME_NS], table.clock[1])
        n_ended = _expire(table, time_ns, ended, n_ended)
        if n_ended > len(ended.rows) - _SPARE:
            return i, n_ended
        table.clock[1] = time_ns
        start, end, link = frames[i, Place.START], frames[i, Place.END], frames[i, Place.LINK]
        reason = Reason.UNKNOWN_INTERFACE.value
        if link >= 0:
            reason = decode(data, start, end, link, packet)
        if reason == Reason.DECODED:
            reason, n_ended = _take(table, data, packet, time_ns, ended, n_ended)
        table.counts[reason] += 1
        for _ in range(MAX_TUNNELS):  # one in another
            if reason != Reason.DECODED or packet[Field.INNER_KIND] == 0:
                break
            reason = decode_inner(data, packet)
            if reason == Reason.DECODED:
                reason, n_ended = _take(table, data, packet, time_ns, ended, n_ended)
    return len(frames), n_ended


@compiled
def pass_time(table: Table, time_ns: int, ended: Ended) -> int:
    """Let time go on without a packet; how many connections have ended by then.

    As many as there is room for: call it again while it fills `ended`.
    """
    table.clock[1] = max(time_ns, table.clock[1])
    return _expire(table, table.clock[1], ended, 0)


@compiled
def finish(table: Table, ended: Ended) -> int:
    """End connections that are still open, as many as there is room for; how many that were."""
    n_ended = 0
    while n_ended < len(ended.rows):
        first, _ = _first_to_end(table, table.clock[1])
        if first == NOBODY:
            break
        n_ended = _end(table, first, ended, n_ended)
    return n_ended


@compiled
def _expire(table: Table, time_ns: int, ended: Ended, n_ended: int) -> int:
    """End those that have waited for long enough, in the order of time, while there is room."""
    while n_ended <= len(ended.rows) - _SPARE:
        first, left_ns = _first_to_end(table, time_ns)
        if first == NOBODY or left_ns >= 0:
            break
        n_ended = _end(table, first, ended, n_ended)
    return n_ended


@compiled
def _first_to_end(table: Table, time_ns: int) -> tuple[int, int]:
    """The connection whose waiting is over first, `NOBODY` if there is none; and what is left."""
    first, least_ns = NOBODY, np.int64(np.iinfo(np.int64).max)
    for queue in range(len(table.queues)):
        head = table.queues[queue, 0]
        if head == NOBODY:
            continue
        left_ns = table.waiting_ns[queue] - (time_ns - table.rows[head, Slot.TOUCHED_NS])
        if left_ns < least_ns:
            first, least_ns = head, left_ns
    return first, int(least_ns)


@compiled
def _take(
    table: Table, data: Data, packet: Rows, time_ns: int, ended: Ended, n_ended: int
) -> tuple[int, int]:
    """Give a decoded packet to its connection; what became of it, and how many have ended."""
    proto = packet[Field.PROTO]
    is_icmp = proto == Proto.ICMP or proto == Proto.ICMPV6
    stands_alone = is_icmp and table.splits_icmp
    if is_icmp and not stands_alone and packet[Field.FRAGMENT_AT] <= 0:
        icmp_ports(packet)  # before later fragments take them over
    is_wrong = False
    if packet[Field.FRAGMENT_AT] >= 0:
        outcome = follow(table.fragments, packet, time_ns)
        if outcome == Outcome.LONE:
            return Reason.LONE_FRAGMENT.value, n_ended
        is_wrong = outcome == Outcome.WRONG
    hashed = hash_of(table.seed, packet)
    slot = NOBODY if stands_alone else find(table, packet, hashed)
    if slot != NOBODY and proto == Proto.TCP and _is_another(table.rows[slot], packet):
        n_ended = _end(table, slot, ended, n_ended)
        slot = NOBODY
    if slot == NOBODY:
        if table.clock[0] == NOBODY:
            n_ended = _evict(table, ended, n_ended)
        slot = insert(table, packet, hashed, starts_at_resp(packet))
        table.rows[slot, Slot.START_NS] = time_ns
    _count(table, slot, data, packet, time_ns, is_wrong)
    if stands_alone:
        return Reason.DECODED.value, _end(table, slot, ended, n_ended)
    _queue_up(table, slot, time_ns)
    return Reason.DECODED.value, n_ended


@compiled
def _count(table: Table, slot: int, data: Data, packet: Rows, time_ns: int, is_wrong: bool) -> None:
    """What a packet adds to its connection."""
    row = table.rows[slot]
    is_orig = comes_from_orig(row, packet)
    row[Slot.LAST_NS] = time_ns
    row[Slot.WRONG_FRAGMENTS] += 1 if is_wrong else 0
    end = end_at(is_orig)
    row[end + End.IP_BYTES] += packet[Field.IP_BYTES]
    row[end + End.BYTES] += packet[Field.PAYLOAD]
    row[end + End.PACKETS] += 1
    if packet[Field.PROTO] != Proto.TCP:
        if packet[Field.PAYLOAD] > 0 and row[end + End.STATE] == State.INACTIVE:
            add_history(row, table.histories[slot], is_orig, ord("D"))
        row[end + End.STATE] = State.ESTABLISHED.value
    elif packet[Field.FRAGMENT_AT] <= 0:
        n_new = tcp_step(row, table.histories[slot], is_orig, packet)
        group = GROUPS[row[Slot.RESP_PORT]]
        if n_new > 0 and group != 0:
            start, payload = packet[Field.PAYLOAD_AT], packet[Field.PAYLOAD]
            end_of_data = start + packet[Field.PAYLOAD_CAPTURED]
            first_new = start + payload - n_new
            read_content(table.contents[slot], group, is_orig, data, first_new, end_of_data)


@compiled
def _is_another(row: Rows, packet: Rows) -> bool:
    """True if a SYN opens another connection between ports whose last one is over."""
    opening = packet[Field.TCP_FLAGS] & (Flag.SYN | Flag.ACK | Flag.RST | Flag.FIN)
    if opening != Flag.SYN or not is_over(row):
        return False
    return bool(row[end_at(comes_from_orig(row, packet)) + End.START] != packet[Field.SEQ])


@compiled
def _queue_up(table: Table, slot: int, time_ns: int) -> None:
    """Let a connection wait where its state says; attempts and closed ones wait but once."""
    row = table.rows[slot]
    if row[Slot.PROTO] == Proto.UDP:
        queue = Queue.UDP.value
    elif row[Slot.PROTO] != Proto.TCP:
        queue = Queue.OTHER.value
    elif is_over(row):
        queue = Queue.CLOSING.value
    else:
        queue = Queue.ATTEMPT.value if is_unanswered(row) else Queue.TCP.value
    waits_once = queue == Queue.ATTEMPT or queue == Queue.CLOSING
    if not (waits_once and row[Slot.QUEUE] == queue):
        enter(table, slot, queue, time_ns)


@compiled
def _evict(table: Table, ended: Ended, n_ended: int) -> int:
    """End the connection that has been silent for longest."""
    oldest, oldest_ns = NOBODY, np.int64(np.iinfo(np.int64).max)
    for queue in range(len(table.queues)):
        head = table.queues[queue, 0]
        if head != NOBODY and table.rows[head, Slot.LAST_NS] < oldest_ns:
            oldest, oldest_ns = head, table.rows[head, Slot.LAST_NS]
    table.counts[Counter.EVICTED] += 1
    return _end(table, oldest, ended, n_ended)


@compiled
def _end(table: Table, slot: int, ended: Ended, n_ended: int) -> int:
    """Move a connection from the table to those that have ended."""
    row = table.rows[slot]
    orig, resp = row[Slot.ORIG + End.STATE], row[Slot.RESP + End.STATE]
    if row[Slot.PROTO] == Proto.TCP:
        row[Slot.STATE] = tcp_conn_state(row)
    elif row[Slot.PROTO] == Proto.UDP and orig == State.ESTABLISHED:
        row[Slot.STATE] = _SF if resp == State.ESTABLISHED else _S0
    elif row[Slot.PROTO] == Proto.UDP and resp == State.ESTABLISHED:
        row[Slot.STATE] = _SHR
    else:
        row[Slot.STATE] = _OTH
    copy_row(row, ended.rows[n_ended])
    copy_row(table.histories[slot], ended.histories[n_ended])
    copy_row(table.contents[slot], ended.contents[n_ended])
    if row[Slot.PROTO] == Proto.TCP:
        is_both_ways = row[Slot.ORIG + End.SEEN] > 0 and row[Slot.RESP + End.SEEN] > 0
        finish_content(ended.contents[n_ended], GROUPS[row[Slot.RESP_PORT]], is_both_ways)
    remove(table, slot)
    return n_ended + 1

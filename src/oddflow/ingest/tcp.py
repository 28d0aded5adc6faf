"""How a TCP connection began and ended, step by step: both ends as Zeek's analyzer keeps them.

Zeek's documentation (`Conn::Info`, `conn_state`) gives the meaning of the states; that a sequence
number counts the payload, repetitions left out, follows from RFC 9293. Compiled; a connection is a
row of `oddflow.ingest.slots.Slot`.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, inlined
from oddflow.ingest.fields import Field, Flag
from oddflow.ingest.slots import End, Slot, add_history, end_at

Row = NDArray[np.int64]

OUTLANDISH = 1 << 20
"""A jump of sequence numbers by more bytes is believed of data, and not of SYN or RST."""


class State(IntEnum):
    """Of one end."""

    INACTIVE = 0
    """Nothing came from it."""
    SYN_SENT = 1
    SYN_ACK_SENT = 2
    PARTIAL = 3
    """It was under way before the capture began."""
    ESTABLISHED = 4
    CLOSED = 5
    RESET = 6


@inlined
def _signed(difference: int) -> int:
    """A difference of sequence numbers, which count modulo 2**32."""
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@compiled
def tcp_step(row: Row, history: NDArray[np.uint8], is_orig: bool, packet: Row) -> int:
    """Let a connection see a packet of one of its ends.

    Args:
        row: the connection, changed in place.
        history: its events, changed in place.
        is_orig: the originator sent it.
        packet: fields of `oddflow.ingest.fields.Field`.

    Returns:
        Bytes at the end of its payload that lie beyond all that the end had sent before.
    """
    me, peer = end_at(is_orig), end_at(not is_orig)
    flags, n_bytes = packet[Field.TCP_FLAGS], packet[Field.PAYLOAD]
    has_syn, has_fin, has_rst = flags & Flag.SYN != 0, flags & Flag.FIN != 0, flags & Flag.RST != 0
    has_ack = flags & Flag.ACK != 0
    if flags & Flag.URG != 0:
        row[Slot.URGENT] += 1
    _place_end(row, me, has_syn, packet[Field.SEQ])
    n_new = _count_payload(row, me, has_syn, has_fin, has_rst, n_bytes, packet[Field.SEQ])
    if has_ack and row[peer + End.STATE] != State.INACTIVE and not has_rst:
        _count_acked(row, peer, packet[Field.ACK])
    _write_history(row, history, is_orig, packet, n_new > 0)
    _move(row, me, peer, is_orig, has_syn, has_ack, has_fin, has_rst)
    return n_new


@compiled
def _place_end(row: Row, me: int, has_syn: bool, seq: int) -> None:
    """Where the sequence numbers of an end start: at its SYN, or at one that it must have sent."""
    state = row[me + End.STATE]
    if has_syn:
        is_repeated = row[me + End.START] == seq
        if (row[me + End.START] < 0 or state <= State.SYN_ACK_SENT) and not is_repeated:
            row[me + End.START] = seq
            row[me + End.LAST] = row[me + End.ACKED] = 0
    elif row[me + End.START] < 0:
        row[me + End.START] = (seq - 1) & 0xFFFFFFFF
        row[me + End.LAST], row[me + End.ACKED] = 1, 0


@compiled
def _count_payload(
    row: Row, me: int, has_syn: bool, has_fin: bool, has_rst: bool, n_bytes: int, seq: int
) -> int:
    """Move the end of what was sent; how many bytes of payload lie beyond it."""
    start = row[me + End.START] + row[me + End.LAST]
    first = row[me + End.LAST] + _signed(seq - start)
    last = first + n_bytes + (1 if has_syn else 0) + (1 if has_fin else 0)
    jump = last - row[me + End.LAST]
    if row[me + End.STATE] == State.RESET or ((has_syn or has_rst) and abs(jump) > OUTLANDISH):
        return 0
    n_new = min(n_bytes, max(0, jump))
    if jump <= 0 and n_bytes > 0:
        holes = row[me + End.LAST] - 1 - row[me + End.SEEN]
        row[me + End.SEEN] += max(0, min(n_bytes, holes)) if first > 0 else 0
        return 0
    row[me + End.SEEN] += n_new
    if has_fin and not has_rst:
        row[me + End.HAS_FIN] = 1
    row[me + End.LAST] = max(row[me + End.LAST], last)
    return int(n_new)


@compiled
def _count_acked(row: Row, peer: int, ack: int) -> None:
    """The other side has seen more of what an end sent than was captured."""
    reached = row[peer + End.LAST] + _signed(ack - row[peer + End.START] - row[peer + End.LAST])
    if reached - row[peer + End.LAST] <= OUTLANDISH:
        row[peer + End.ACKED] = max(row[peer + End.ACKED], reached)


@compiled
def _write_history(
    row: Row, history: NDArray[np.uint8], is_orig: bool, packet: Row, is_new: bool
) -> None:
    flags, n_bytes = packet[Field.TCP_FLAGS], packet[Field.PAYLOAD]
    has_syn, has_fin, has_rst = flags & Flag.SYN != 0, flags & Flag.FIN != 0, flags & Flag.RST != 0
    has_ack = flags & Flag.ACK != 0
    if has_syn + has_fin + has_rst > 1:
        add_history(row, history, is_orig, ord("Q") if not (has_syn and has_fin) else ord("I"))
    if has_syn:
        add_history(row, history, is_orig, ord("H") if has_ack else ord("S"))
    if has_rst:
        add_history(row, history, is_orig, ord("R"))
    if n_bytes > 0 and not is_new:
        add_history(row, history, is_orig, ord("T"))
    if n_bytes > 0:
        add_history(row, history, is_orig, ord("D"))
    elif has_ack and not (has_syn or has_fin or has_rst):
        add_history(row, history, is_orig, ord("A"))
    if has_fin:
        add_history(row, history, is_orig, ord("F"))


@compiled
def _move(
    row: Row,
    me: int,
    peer: int,
    is_orig: bool,
    has_syn: bool,
    has_ack: bool,
    has_fin: bool,
    has_rst: bool,
) -> None:
    """Change the states of both ends."""
    state, other = row[me + End.STATE], row[peer + End.STATE]
    if state == State.INACTIVE and has_syn:
        state, other = _first_syn(other, is_orig and not has_ack)
    elif state == State.INACTIVE and not (has_fin or has_rst):
        state = State.PARTIAL.value
        if other == State.SYN_SENT:
            other = State.PARTIAL.value
    elif has_ack and not has_syn and not has_rst:
        if is_opening(state) and other != State.INACTIVE:
            state = State.ESTABLISHED.value
        if other == State.SYN_ACK_SENT:
            other = State.ESTABLISHED.value
    row[me + End.STATE], row[peer + End.STATE] = _closed(state, other, has_fin, has_rst), other


@compiled
def _first_syn(other: int, is_question: bool) -> tuple[int, int]:
    """State of an end that has sent its SYN, and of the other end then."""
    if is_question:
        return State.SYN_SENT.value, other
    return State.SYN_ACK_SENT.value, State.ESTABLISHED.value if is_opening(other) else other


@inlined
def is_opening(state: int) -> bool:
    """True for an end that has sent its SYN and nothing else."""
    return bool(state == State.SYN_SENT or state == State.SYN_ACK_SENT)


@compiled
def _closed(state: int, other: int, has_fin: bool, has_rst: bool) -> int:
    """State of an end after FIN or RST; what comes after both have closed changes nothing."""
    if has_rst and not (state == State.CLOSED and other == State.CLOSED):
        return State.RESET.value
    if has_fin and state != State.RESET:
        return State.CLOSED.value
    return state


@inlined
def is_over(row: Row) -> bool:
    """True if both ends have closed the connection, or one has reset it."""
    orig, resp = row[Slot.ORIG + End.STATE], row[Slot.RESP + End.STATE]
    is_closed = orig == State.CLOSED and resp == State.CLOSED
    return bool(is_closed or orig == State.RESET or resp == State.RESET)


@inlined
def is_unanswered(row: Row) -> bool:
    """True if the originator has sent a SYN and nothing has come back."""
    orig, resp = row[Slot.ORIG + End.STATE], row[Slot.RESP + End.STATE]
    return bool(orig == State.SYN_SENT and resp == State.INACTIVE)


@compiled
def n_payload(row: Row, end: int) -> int:
    """Payload that an end has sent, in bytes, as its sequence numbers and the acks of them say."""
    size = max(row[end + End.LAST], row[end + End.ACKED])
    if size > 0:
        size -= 1
    if row[end + End.HAS_FIN] and size > 0:
        size -= 1
    return int(size)


_REJ, _RSTRH, _RSTR, _RSTOS0, _RSTO = 1, 5, 4, 3, 2
_OTH, _S0, _S1, _S2, _S3, _SF, _SH, _SHR = 0, 6, 7, 8, 9, 10, 11, 12


@compiled
def tcp_conn_state(row: Row) -> int:
    """Place in `oddflow.core.conn.STATES` of how a connection stands, as Zeek words it."""
    orig, resp = row[end_at(True) + End.STATE], row[end_at(False) + End.STATE]
    orig_is_out = orig == State.INACTIVE or orig == State.PARTIAL
    resp_is_out = resp == State.INACTIVE or resp == State.PARTIAL
    if resp == State.RESET:
        is_empty = n_payload(row, end_at(True)) == 0 and n_payload(row, end_at(False)) == 0
        if orig == State.SYN_SENT or orig == State.SYN_ACK_SENT:
            return _REJ
        if orig == State.RESET and is_empty:
            return _REJ
        return _RSTRH if orig_is_out else _RSTR
    if orig == State.RESET:
        return _RSTOS0 if resp_is_out else _RSTO
    if orig == State.CLOSED and resp == State.CLOSED:
        return _SF
    if orig == State.CLOSED:
        return _SH if resp_is_out else _S2
    if resp == State.CLOSED:
        return _SHR if orig_is_out else _S3
    if orig == State.SYN_SENT and resp == State.INACTIVE:
        return _S0
    return _S1 if orig == State.ESTABLISHED and resp == State.ESTABLISHED else _OTH

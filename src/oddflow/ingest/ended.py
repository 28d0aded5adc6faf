"""Rows of connections that have ended -> the connections that all of oddflow reads."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled
from oddflow.core.conn import STATES, UNSET
from oddflow.core.connection import N_CONTENT, Connections
from oddflow.core.matrix import Categories
from oddflow.ingest.fields import Proto
from oddflow.ingest.flows import Ended
from oddflow.ingest.slots import N_LETTERS, End, Slot
from oddflow.ingest.tcp import n_payload

Rows = NDArray[np.int64]

_PROTOCOLS = ("unknown_transport", "tcp", "udp", "icmp")
_KNOWN_ADDRESSES = 1 << 16
_IPV4_PREFIX = 0xFFFF


def connections_of(ended: Ended) -> Connections:
    """The connections in the rows of a table; payload is that of sequence numbers for TCP."""
    rows = ended.rows
    orig, resp = (rows[:, at : at + len(End)] for at in (Slot.ORIG, Slot.RESP))
    payload = np.zeros((len(rows), 3), dtype=np.int64)
    _payload(rows, payload)
    return Connections(
        start_s=rows[:, Slot.START_NS] / 1e9,
        duration_s=(rows[:, Slot.LAST_NS] - rows[:, Slot.START_NS]) / 1e9,
        orig_p=rows[:, Slot.ORIG_PORT].astype(np.int32),
        resp_p=rows[:, Slot.RESP_PORT].astype(np.int32),
        counts={
            "orig_bytes": payload[:, 0],
            "resp_bytes": payload[:, 1],
            "missed_bytes": payload[:, 2],
            "orig_pkts": orig[:, End.PACKETS].copy(),
            "orig_ip_bytes": orig[:, End.IP_BYTES].copy(),
            "resp_pkts": resp[:, End.PACKETS].copy(),
            "resp_ip_bytes": resp[:, End.IP_BYTES].copy(),
            "wrong_fragment": rows[:, Slot.WRONG_FRAGMENTS].copy(),
            "urgent": rows[:, Slot.URGENT].copy(),
        },
        names={
            "uid": _constant("", len(rows)),
            "orig_h": _addresses(rows[:, Slot.ORIG_HIGH : Slot.ORIG_LOW + 1]),
            "resp_h": _addresses(rows[:, Slot.RESP_HIGH : Slot.RESP_LOW + 1]),
            "proto": _protocols(rows[:, Slot.PROTO]),
            "service": _constant(UNSET, len(rows)),
            "conn_state": Categories(rows[:, Slot.STATE].astype(np.int32), STATES),
            "history": _histories(ended.histories),
        },
        content=ended.contents[:, :N_CONTENT].astype(np.float64),
    )


@compiled
def _payload(rows: Rows, payload: Rows) -> None:
    """Bytes of originator, responder, and of both that were not captured."""
    for i in range(len(rows)):
        row = rows[i]
        for side in range(2):
            end = Slot.ORIG.value if side == 0 else Slot.RESP.value
            if row[Slot.PROTO] == Proto.TCP:
                payload[i, side] = n_payload(row, end)
                payload[i, 2] += max(0, payload[i, side] - row[end + End.SEEN])
            else:
                payload[i, side] = row[end + End.BYTES]


def _constant(value: str, n: int) -> Categories:
    return Categories(np.zeros(n, dtype=np.int32), (value,))


def _protocols(numbers: Rows) -> Categories:
    known = (numbers[:, None] == [Proto.TCP, Proto.UDP, Proto.ICMP, Proto.ICMPV6]).argmax(axis=1)
    is_known = np.isin(numbers, [Proto.TCP, Proto.UDP, Proto.ICMP, Proto.ICMPV6])
    codes = np.where(is_known, np.minimum(known + 1, 3), 0)
    return Categories(codes.astype(np.int32), _PROTOCOLS)


def _addresses(halves: Rows) -> Categories:
    if not halves[:, 0].any():  # IPv4, where sorting one number is enough
        lows, codes = np.unique(halves[:, 1], return_inverse=True)
        levels = tuple(_address(0, low) for low in lows.tolist())
    else:
        pairs = np.ascontiguousarray(halves).view([("high", np.int64), ("low", np.int64)])[:, 0]
        distinct, codes = np.unique(pairs, return_inverse=True)
        levels = tuple(_address(high, low) for high, low in distinct.tolist())
    return Categories(codes.astype(np.int32).reshape(-1), levels)


@lru_cache(maxsize=_KNOWN_ADDRESSES)
def _address(high: int, low: int) -> str:
    """As it is written, from two halves of an IPv6 address, in which those of IPv4 are mapped."""
    if high == 0 and low >> 32 == _IPV4_PREFIX:
        return str(IPv4Address(low & 0xFFFFFFFF))
    mask = (1 << 64) - 1
    return str(IPv6Address((high & mask) << 64 | (low & mask)))


def _histories(letters: NDArray[np.uint8]) -> Categories:
    texts = np.ascontiguousarray(letters).view(f"S{N_LETTERS}")[:, 0]
    distinct, codes = np.unique(texts, return_inverse=True)
    levels = tuple(text.decode("ascii") or UNSET for text in distinct.tolist())
    return Categories(codes.astype(np.int32).reshape(-1), levels)

"""The vocabulary of decoding: what a packet says, what can be wrong with it, and its numbers."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import inlined

MAX_LAYERS = 24
"""Headers of one frame, tags and extension headers included; more are not followed."""

Data = NDArray[np.uint8]


class Reason(IntEnum):
    """What became of a packet."""

    DECODED = 0
    UNKNOWN_LINK = 1
    NOT_IP = 2
    CUT_SHORT = 3
    BAD_HEADER = 4
    TOO_MANY_LAYERS = 5
    LONE_FRAGMENT = 6
    UNKNOWN_INTERFACE = 7


REASONS = {
    Reason.DECODED: "decoded",
    Reason.UNKNOWN_LINK: "link type that is not read",
    Reason.NOT_IP: "no IP packet",
    Reason.CUT_SHORT: "cut short within its headers",
    Reason.BAD_HEADER: "header that contradicts itself",
    Reason.TOO_MANY_LAYERS: f"more than {MAX_LAYERS} headers",
    Reason.LONE_FRAGMENT: "fragment whose first one was not seen",
    Reason.UNKNOWN_INTERFACE: "interface that the file does not describe",
}
"""What a report calls them."""


class Field(IntEnum):
    """Places in the int64 array that a decoded packet is; addresses are two halves of 128 bits."""

    SRC_HIGH = 0
    SRC_LOW = 1
    DST_HIGH = 2
    DST_LOW = 3
    PROTO = 4  # IANA's number
    SRC_PORT = 5  # type of an ICMP message
    DST_PORT = 6  # its code
    TCP_FLAGS = 7
    SEQ = 8
    ACK = 9
    WINDOW = 10
    PAYLOAD_AT = 11  # where the payload starts in the buffer
    PAYLOAD_CAPTURED = 12  # bytes of it that were captured
    PAYLOAD = 13  # bytes of it on the wire
    IP_BYTES = 14  # with headers
    FRAGMENT_AT = 15  # offset of a fragment in bytes, -1 for a packet in one piece
    HAS_MORE = 16  # 1 if fragments follow
    IP_ID = 17
    HEADER_AT = 18  # where the header of the transport starts
    INNER_KIND = 19  # ethertype of what a UDP tunnel carries, 0 where it is none
    INNER_AT = 20  # where that starts
    END = 21  # where what was captured ends


N_FIELDS = len(Field)


class Proto(IntEnum):
    """IANA's numbers of the protocols that matter here."""

    ICMP = 1
    IPIP = 4
    TCP = 6
    UDP = 17
    IPV6 = 41
    GRE = 47
    ICMPV6 = 58


class Flag(IntEnum):
    """Bits of a TCP header."""

    FIN = 1
    SYN = 2
    RST = 4
    PSH = 8
    ACK = 16
    URG = 32


@inlined
def u8(data: Data, at: int) -> int:
    """One byte. Numba takes `int(data[at])` for unsigned, and what meets a signed one for float."""
    return int(np.int64(data[at]))


@inlined
def u16(data: Data, at: int) -> int:
    """Two bytes, the most significant first."""
    return (u8(data, at) << 8) | u8(data, at + 1)


@inlined
def u32(data: Data, at: int) -> int:
    """Four bytes, the most significant first."""
    return (u16(data, at) << 16) | u16(data, at + 2)

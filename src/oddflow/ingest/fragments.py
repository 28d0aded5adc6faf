"""Fragments of IP packets: which connection they belong to, and which of them are wrong.

Nothing is put together: the first fragment has the ports, and the others follow it. A fragment is
wrong where it lies over bytes that another one has brought, reaches past 65,535 bytes, or is no
multiple of 8 bytes though others follow: teardrop and the ping of death are made of such. Compiled;
the place is fixed, and who comes late takes that of an older packet.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled
from oddflow.ingest.fields import Field

N_FRAGMENTED = 4096
"""Packets in fragments that are followed at once."""
LIFE_NS = 30_000_000_000
"""RFC 791 lets an unfinished packet live for 15 s at least; most systems wait for 30 s."""
MAX_PACKET_BYTES = 65_535


class Fragment(IntEnum):
    """Columns of a packet in fragments."""

    SRC_HIGH = 0
    SRC_LOW = 1
    DST_HIGH = 2
    DST_LOW = 3
    ID_AND_PROTO = 4
    PORTS = 5
    REACHED = 6  # bytes up to the end of the furthest fragment
    TIME_NS = 7  # of the first one, 0 for an empty place


class Outcome(IntEnum):
    """What a fragment is."""

    WHOLE = 0
    """Right, as far as can be told."""
    WRONG = 1
    LONE = 2
    """Its first one was not seen."""


@compiled
def follow(fragments: NDArray[np.int64], packet: NDArray[np.int64], time_ns: int) -> int:
    """Remember a first fragment; give a later one the ports of its first.

    Args:
        fragments: shape (N_FRAGMENTED, len(Fragment)), changed in place.
        packet: a decoded fragment, changed in place.
        time_ns: now.

    Returns:
        An `Outcome`.
    """
    mixed = (packet[Field.SRC_LOW] * 31 + packet[Field.DST_LOW]) * 31 + packet[Field.IP_ID]
    one = fragments[(mixed ^ (mixed >> 17)) & (N_FRAGMENTED - 1)]
    key = (packet[Field.IP_ID] << 8) | packet[Field.PROTO]
    is_known = (
        one[Fragment.TIME_NS] > 0
        and time_ns - one[Fragment.TIME_NS] <= LIFE_NS
        and one[Fragment.ID_AND_PROTO] == key
        and one[Fragment.SRC_LOW] == packet[Field.SRC_LOW]
        and one[Fragment.DST_LOW] == packet[Field.DST_LOW]
        and one[Fragment.SRC_HIGH] == packet[Field.SRC_HIGH]
        and one[Fragment.DST_HIGH] == packet[Field.DST_HIGH]
    )
    at = packet[Field.FRAGMENT_AT]
    # The first one's payload starts behind the header of the transport, the others' at once.
    n_bytes = packet[Field.PAYLOAD] + (packet[Field.PAYLOAD_AT] - packet[Field.HEADER_AT])
    is_wrong = at + n_bytes > MAX_PACKET_BYTES or (packet[Field.HAS_MORE] == 1 and n_bytes % 8 != 0)
    if at == 0 and not is_known:
        one[Fragment.SRC_HIGH], one[Fragment.SRC_LOW] = packet[0], packet[1]
        one[Fragment.DST_HIGH], one[Fragment.DST_LOW] = packet[2], packet[3]
        one[Fragment.ID_AND_PROTO] = key
        one[Fragment.PORTS] = (packet[Field.SRC_PORT] << 16) | packet[Field.DST_PORT]
        one[Fragment.REACHED] = n_bytes
        one[Fragment.TIME_NS] = max(time_ns, 1)
        return Outcome.WRONG.value if is_wrong else Outcome.WHOLE.value
    if not is_known:
        return Outcome.LONE.value
    is_wrong = is_wrong or at < one[Fragment.REACHED]
    one[Fragment.REACHED] = max(one[Fragment.REACHED], at + n_bytes)
    packet[Field.SRC_PORT] = one[Fragment.PORTS] >> 16
    packet[Field.DST_PORT] = one[Fragment.PORTS] & 0xFFFF
    return Outcome.WRONG.value if is_wrong else Outcome.WHOLE.value

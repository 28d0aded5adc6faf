"""Who is the originator, where the first packet does not say it; and the ports of ICMP."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled
from oddflow.ingest.fields import Field, Flag, Proto

_SERVED = np.zeros(1 << 16, dtype=np.bool_)
"""Ports that a server listens at: the system's, and those above that are widely known."""
_SERVED[:1024] = True
_SERVED[
    [
        *(1080, 1433, 1521, 1723, 1883, 1900, 2049, 2152, 2181, 2375, 3128, 3306, 3389, 3478, 3544),
        *(4500, 4786, 4789, 5000, 5038, 5060, 5061, 5222, 5269, 5353, 5355, 5432, 5601, 5671, 5672),
        *(5683, 5900, 5938, 5985, 5986, 6000, 6081, 6379, 6443, 6667, 7547, 8000, 8008, 8080, 8086),
        *(8443, 8883, 8888, 9000, 9042, 9090, 9092, 9100, 9200, 9300, 9418, 10000, 10050, 11211),
        *(25565, 27017, 47808, 50000),
    ]
] = True


@compiled
def starts_at_resp(packet: NDArray[np.int64]) -> bool:
    """True if the first packet that was seen of a connection comes from its responder.

    A SYN comes from the originator and a SYN with ACK from the responder. Anything else comes out
    of the middle, and an end whose port servers listen at is taken for the responder if that of
    the other is none.
    """
    proto, flags = packet[Field.PROTO], packet[Field.TCP_FLAGS]
    if proto == Proto.TCP and flags & Flag.SYN != 0:
        return bool(flags & Flag.ACK != 0)
    if proto != Proto.TCP and proto != Proto.UDP:
        return False
    return bool(_SERVED[packet[Field.SRC_PORT]] and not _SERVED[packet[Field.DST_PORT]])


@compiled
def icmp_ports(packet: NDArray[np.int64]) -> None:
    """Give a question and its answer the same two ports: the question's type, the answer's type.

    As in Zeek's log. Other messages keep their type and code. RFC 792, 950, 1256, 4443, 4861, 4620.
    """
    kind, answer = packet[Field.SRC_PORT], -1
    if packet[Field.PROTO] == Proto.ICMP:
        if kind in (13, 15, 17):
            answer = kind + 1
        elif kind in (14, 16, 18):
            answer = kind - 1
        elif kind in (0, 8):
            answer = 8 - kind
        elif kind in (9, 10):
            answer = 19 - kind
    elif kind in (128, 133, 135, 139, 144, 146):
        answer = kind + 1
    elif kind in (129, 134, 136, 140, 145, 147):
        answer = kind - 1
    elif kind in (130, 131):
        answer = 261 - kind
    if answer >= 0:
        packet[Field.DST_PORT] = answer

"""Packets within UDP: VXLAN, Geneve, GTP-U and Teredo, told by their ports and headers. Compiled.

Sources: RFC 7348 (VXLAN), RFC 8926 (Geneve), 3GPP TS 29.281 (GTP-U), RFC 4380 (Teredo).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled
from oddflow.ingest.fields import Data, Field, u8, u16

BRIDGED = 0x6558
"""Ethertype of Ethernet itself, in a tunnel."""
_IPV4, _IPV6 = 0x0800, 0x86DD
_VXLAN, _GENEVE, _GTP_U, _TEREDO = 4789, 6081, 2152, 3544
_MAX_EXTENSIONS = 8


@compiled
def look_for_tunnel(data: Data, at: int, end: int, packet: NDArray[np.int64]) -> None:
    """Set the inner fields of a UDP packet if its payload, `data[at:end]`, is that of a tunnel."""
    source, port = packet[Field.SRC_PORT], packet[Field.DST_PORT]
    kind, inner = 0, at
    if end - at < 28:
        return
    if port == _VXLAN:
        if u16(data, at) == 0x0800 and u8(data, at + 7) == 0:
            kind, inner = BRIDGED, at + 8
    elif port == _GENEVE:
        if u8(data, at) >> 6 == 0 and u8(data, at + 7) == 0:
            kind, inner = u16(data, at + 2), at + 8 + 4 * (u8(data, at) & 0x3F)
    elif port == _GTP_U or source == _GTP_U:
        kind, inner = _in_gtp(data, at, end)
    elif port == _TEREDO or source == _TEREDO:
        kind, inner = _in_teredo(data, at, end)
    if kind != 0 and inner < end:
        packet[Field.INNER_KIND], packet[Field.INNER_AT], packet[Field.END] = kind, inner, end


@compiled
def _in_gtp(data: Data, at: int, end: int) -> tuple[int, int]:
    """Ethertype and place of a user's packet, ethertype 0 for none; version 1 alone."""
    if u8(data, at) >> 4 != 3 or u8(data, at + 1) != 0xFF:
        return 0, at
    inner = at + 8
    if u8(data, at) & 7:
        following, inner = u8(data, at + 11), at + 12
        for _ in range(_MAX_EXTENSIONS):
            if following == 0:
                break
            step = 4 * u8(data, inner)
            if step == 0 or inner + step >= end:
                return 0, at
            inner += step
            following = u8(data, inner - 1)
    return _by_version(data, inner)


@compiled
def _in_teredo(data: Data, at: int, end: int) -> tuple[int, int]:
    """The same, behind an authentication and an origin, which may be left out."""
    inner = at
    if u16(data, inner) == 1:
        inner += 13 + u8(data, inner + 2) + u8(data, inner + 3)
    if end - inner < 9:
        return 0, at
    if u16(data, inner) == 0:
        inner += 8
    kind, inner = _by_version(data, inner)
    return (kind, inner) if kind == _IPV6 else (0, at)


@compiled
def _by_version(data: Data, at: int) -> tuple[int, int]:
    version = u8(data, at) >> 4
    if version == 4:
        return _IPV4, at
    return (_IPV6, at) if version == 6 else (0, at)

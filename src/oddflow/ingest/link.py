"""The layers below IP: links, tags, labels and bridged frames. Compiled.

Each function takes where a header starts and gives (layer, its kind, where it starts) of what
follows, or minus a `Reason` for the layer. Sources: IEEE 802.1Q, 802.1ah and 802.3, RFC 2516
(PPPoE), RFC 1661 (PPP), RFC 3032 (MPLS), libpcap's list of link types.
"""

from __future__ import annotations

from enum import IntEnum

from oddflow.core.compiled import compiled, inlined
from oddflow.ingest.fields import Data, Reason, u8, u16, u32
from oddflow.ingest.tunnels import BRIDGED


class Layer(IntEnum):
    """What the next header is."""

    ETHERNET = 0
    ETHERTYPE = 1
    IP = 2
    TRANSPORT = 3
    PPP = 4
    MPLS = 5
    END = 6


_IPV4, _IPV6 = 0x0800, 0x86DD


@compiled
def after_link(data: Data, at: int, end: int, link: int) -> tuple[int, int, int]:
    """(layer, its kind, where it starts) after a header of the link layer, or minus a reason."""
    if link == 1:  # Ethernet
        return Layer.ETHERNET.value, 0, at
    if link in (12, 14, 101, 228, 229):  # raw IP
        return Layer.IP.value, 0, at
    if link == 113:  # Linux cooked, version 1
        return (-Reason.CUT_SHORT.value, 0, at) if end - at < 16 else _typed(data, at + 14, at + 16)
    if link == 276:  # Linux cooked, version 2
        return (-Reason.CUT_SHORT.value, 0, at) if end - at < 20 else _typed(data, at, at + 20)
    if link in (0, 108):  # loopback: the family in the byte order of some machine, then IP
        return (-Reason.CUT_SHORT.value if end - at < 4 else Layer.IP.value), 0, at + 4
    if link in (9, 50):
        return Layer.PPP.value, 0, at
    return -Reason.UNKNOWN_LINK.value, 0, at


@inlined
def _typed(data: Data, type_at: int, then: int) -> tuple[int, int, int]:
    return Layer.ETHERTYPE.value, u16(data, type_at), then


@compiled
def after_ethernet(data: Data, at: int, end: int) -> tuple[int, int, int]:
    """After the addresses of an Ethernet frame."""
    if end - at < 14:
        return -Reason.CUT_SHORT.value, 0, at
    kind = u16(data, at + 12)
    if kind >= 0x600:
        return Layer.ETHERTYPE.value, kind, at + 14
    if end - at >= 22 and u16(data, at + 14) == 0xAAAA and u32(data, at + 16) >> 8 == 0x030000:
        return _typed(data, at + 20, at + 22)  # IEEE 802.3 with a SNAP header
    return -Reason.NOT_IP.value, 0, at


@compiled
def after_ethertype(data: Data, at: int, end: int, kind: int) -> tuple[int, int, int]:
    """What an ethertype, `kind`, stands for."""
    if kind in (_IPV4, _IPV6):
        return Layer.IP.value, 0, at
    if end - at < 12:
        return -Reason.CUT_SHORT.value, 0, at
    if kind in (0x8100, 0x88A8, 0x9100, 0x9200):  # VLAN tags, one in another
        return _typed(data, at + 2, at + 4)
    if kind == 0x8926:  # VN-tag
        return _typed(data, at + 4, at + 6)
    if kind in (0x8847, 0x8848):
        return Layer.MPLS.value, 0, at
    if kind in (0x8864, 0x880B):  # session of PPPoE; PPP in GRE
        return Layer.PPP.value, 0, at + (6 if kind == 0x8864 else 0)
    inner = _bridged_at(data, at, kind)
    return (Layer.ETHERNET.value if inner > 0 else -Reason.NOT_IP.value), 0, inner


@compiled
def _bridged_at(data: Data, at: int, kind: int) -> int:
    """Where the Ethernet frame within a frame starts, 0 where there is none."""
    if kind == BRIDGED:
        return at
    if kind == 0x88E7:  # IEEE 802.1ah
        return at + 4
    if kind == 0x88BE:  # ERSPAN, version 2, or 1, which has no header
        return at + (8 if u8(data, at) >> 4 == 1 else 0)
    if kind == 0x22EB:  # ERSPAN, version 3
        return at + (20 if u8(data, at + 11) & 1 else 12)
    return 0


@compiled
def after_mpls(data: Data, at: int, end: int) -> tuple[int, int, int]:
    """After a label; what the last one carries, its first bits tell."""
    if end - at < 5:
        return -Reason.CUT_SHORT.value, 0, at
    if u8(data, at + 2) & 1 == 0:
        return Layer.MPLS.value, 0, at + 4
    version = u8(data, at + 4) >> 4
    if version in (4, 6):
        return Layer.IP.value, 0, at + 4
    return Layer.ETHERNET.value, 0, at + (8 if version == 0 else 4)


@compiled
def after_ppp(data: Data, at: int, end: int) -> tuple[int, int, int]:
    """After the protocol number of PPP."""
    if end - at < 4:
        return -Reason.CUT_SHORT.value, 0, at
    if u8(data, at) == 0xFF:  # address and control, which may be left out
        at += 2
    if u8(data, at) & 1:  # protocol numbers may be compressed to one byte
        number, then = u8(data, at), at + 1
    else:
        number, then = u16(data, at), at + 2
    if number in (0x21, 0x57):
        return Layer.IP.value, 0, then
    return -Reason.NOT_IP.value, 0, at

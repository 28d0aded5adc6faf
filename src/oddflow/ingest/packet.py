"""One frame -> who sent what to whom: IP, transport and tunnels, compiled.

Nothing here raises, and nothing reads outside the captured bytes: what cannot be decoded has a
`Reason`. Tunnels without ports (IP in IP, GRE, PPPoE, MPLS) are opened, and the innermost packet
counts; what a UDP tunnel carries is a packet of its own beside it, as in Zeek's log.
Checksums are not verified, since a capture often precedes the network card that fills them in.
Sources: RFC 791, 8200, 9293, 768, 792, 4443, 2784, 2890, 2637.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, inlined
from oddflow.ingest.fields import MAX_LAYERS, Data, Field, Proto, Reason, u8, u16, u32
from oddflow.ingest.link import (
    Layer,
    after_ethernet,
    after_ethertype,
    after_link,
    after_mpls,
    after_ppp,
)
from oddflow.ingest.tunnels import look_for_tunnel

_MAPPED = 0xFFFF << 32
"""Before the bits of an IPv4 address: both kinds are kept as IPv6 addresses, ::ffff:a.b.c.d."""


@inlined
def _u64(data: Data, at: int) -> int:
    return (u32(data, at) << 32) | u32(data, at + 4)


@compiled
def decode(data: Data, start: int, end: int, link: int, packet: NDArray[np.int64]) -> int:
    """Decode the frame in `data[start:end]`.

    Args:
        data: a buffer.
        start: where the frame starts in it.
        end: where what was captured of it ends.
        link: link type, in libpcap's numbers (LINKTYPE_).
        packet: receives the fields, shape (len(Field),).

    Returns:
        A `Reason`; `packet` is whole only if it is `DECODED`.
    """
    layer, kind, at = after_link(data, start, end, link)
    return _decode_layers(data, layer, kind, at, end, packet)


@compiled
def decode_inner(data: Data, packet: NDArray[np.int64]) -> int:
    """Decode what the UDP tunnel `packet` carries into `packet`; a `Reason`."""
    at, end = packet[Field.INNER_AT], packet[Field.END]
    return _decode_layers(data, Layer.ETHERTYPE.value, packet[Field.INNER_KIND], at, end, packet)


@compiled
def _decode_layers(
    data: Data, layer: int, kind: int, at: int, end: int, packet: NDArray[np.int64]
) -> int:
    packet[Field.INNER_KIND] = 0
    for _ in range(MAX_LAYERS):
        if layer < 0:
            return -layer
        if layer == Layer.END:
            return Reason.DECODED.value
        if layer == Layer.ETHERNET:
            layer, kind, at = after_ethernet(data, at, end)
        elif layer == Layer.ETHERTYPE:
            layer, kind, at = after_ethertype(data, at, end, kind)
        elif layer == Layer.MPLS:
            layer, kind, at = after_mpls(data, at, end)
        elif layer == Layer.PPP:
            layer, kind, at = after_ppp(data, at, end)
        elif layer == Layer.IP:
            layer, kind, at, end = _after_ip(data, at, end, packet)
        else:
            layer, kind, at = _after_transport(data, at, end, kind, packet)
    return Reason.TOO_MANY_LAYERS.value


@compiled
def _after_ip(
    data: Data, at: int, end: int, packet: NDArray[np.int64]
) -> tuple[int, int, int, int]:
    """(layer, number of the protocol, where it starts, where the packet ends)."""
    if end - at < 1:
        return -Reason.CUT_SHORT.value, 0, at, end
    version = u8(data, at) >> 4
    if version == 4:
        return _after_ipv4(data, at, end, packet)
    if version == 6:
        return _after_ipv6(data, at, end, packet)
    return -Reason.BAD_HEADER.value, 0, at, end


@compiled
def _after_ipv4(
    data: Data, at: int, end: int, packet: NDArray[np.int64]
) -> tuple[int, int, int, int]:
    if end - at < 20:
        return -Reason.CUT_SHORT.value, 0, at, end
    header, total = (u8(data, at) & 15) * 4, u16(data, at + 2)
    if total == 0:  # left to the network card, which cuts the packet up
        total = end - at
    if header < 20 or total < header:
        return -Reason.BAD_HEADER.value, 0, at, end
    if end - at < header:
        return -Reason.CUT_SHORT.value, 0, at, end
    packet[Field.SRC_HIGH] = 0
    packet[Field.SRC_LOW] = _MAPPED | u32(data, at + 12)
    packet[Field.DST_HIGH] = 0
    packet[Field.DST_LOW] = _MAPPED | u32(data, at + 16)
    place = u16(data, at + 6)
    is_whole = place & 0x3FFF == 0
    packet[Field.FRAGMENT_AT] = -1 if is_whole else (place & 0x1FFF) * 8
    packet[Field.HAS_MORE] = (place >> 13) & 1
    packet[Field.IP_ID] = u16(data, at + 4)
    packet[Field.IP_BYTES] = total
    packet[Field.PAYLOAD] = total - header
    return Layer.TRANSPORT.value, u8(data, at + 9), at + header, min(end, at + total)


@compiled
def _after_ipv6(
    data: Data, at: int, end: int, packet: NDArray[np.int64]
) -> tuple[int, int, int, int]:
    if end - at < 40:
        return -Reason.CUT_SHORT.value, 0, at, end
    packet[Field.SRC_HIGH] = _u64(data, at + 8)
    packet[Field.SRC_LOW] = _u64(data, at + 16)
    packet[Field.DST_HIGH] = _u64(data, at + 24)
    packet[Field.DST_LOW] = _u64(data, at + 32)
    packet[Field.FRAGMENT_AT] = -1
    packet[Field.HAS_MORE] = 0
    total = 40 + u16(data, at + 4)
    if total == 40:  # a jumbogram, or left to the network card
        total = end - at
    packet[Field.IP_BYTES] = total
    return _after_extensions(data, at, end, min(end, at + total), packet)


@compiled
def _after_extensions(
    data: Data, at: int, end: int, stop: int, packet: NDArray[np.int64]
) -> tuple[int, int, int, int]:
    """Walk over the extension headers of the IPv6 packet `data[at:stop]`."""
    number, here = u8(data, at + 6), at + 40
    for _ in range(MAX_LAYERS):
        if number not in (0, 43, 44, 51, 60, 135, 139, 140):
            packet[Field.PAYLOAD] = max(0, packet[Field.IP_BYTES] - (here - at))
            return Layer.TRANSPORT.value, number, here, stop
        if stop - here < 8:
            return -Reason.CUT_SHORT.value, 0, at, end
        step = 8
        if number == 44:
            _note_fragment(data, here, packet)
        elif number == 51:
            step = 4 * (u8(data, here + 1) + 2)
        else:
            step = 8 * (u8(data, here + 1) + 1)
        number, here = u8(data, here), here + step
        if here > stop:
            return -Reason.CUT_SHORT.value, 0, at, end
    return -Reason.TOO_MANY_LAYERS.value, 0, at, end


@compiled
def _note_fragment(data: Data, at: int, packet: NDArray[np.int64]) -> None:
    place = u16(data, at + 2)
    if place & 0xFFF9 != 0:
        packet[Field.FRAGMENT_AT] = place & 0xFFF8
        packet[Field.HAS_MORE] = place & 1
        packet[Field.IP_ID] = u32(data, at + 4)


@compiled
def _after_transport(
    data: Data, at: int, end: int, proto: int, packet: NDArray[np.int64]
) -> tuple[int, int, int]:
    packet[Field.PROTO] = proto
    packet[Field.SRC_PORT] = packet[Field.DST_PORT] = packet[Field.TCP_FLAGS] = 0
    packet[Field.HEADER_AT] = packet[Field.PAYLOAD_AT] = at
    packet[Field.PAYLOAD_CAPTURED] = end - at
    if packet[Field.FRAGMENT_AT] > 0:
        return Layer.END.value, 0, at  # its ports are in the first fragment
    if proto == Proto.TCP:
        return _tcp(data, at, end, packet)
    if proto == Proto.UDP:
        return _udp(data, at, end, packet)
    if proto in (Proto.ICMP, Proto.ICMPV6):
        if end - at < 4:
            return -Reason.CUT_SHORT.value, 0, at
        packet[Field.SRC_PORT], packet[Field.DST_PORT] = u8(data, at), u8(data, at + 1)
        return _payload_after(packet, 8)
    is_whole = packet[Field.FRAGMENT_AT] < 0
    if is_whole and proto in (Proto.IPIP, Proto.IPV6):
        return Layer.IP.value, 0, at
    if is_whole and proto == Proto.GRE:
        return _gre(data, at, end)
    return Layer.END.value, 0, at


@compiled
def _payload_after(packet: NDArray[np.int64], header: int) -> tuple[int, int, int]:
    """Move the payload behind a header, of which part may not have been captured."""
    packet[Field.PAYLOAD_AT] += header
    packet[Field.PAYLOAD_CAPTURED] = max(0, packet[Field.PAYLOAD_CAPTURED] - header)
    packet[Field.PAYLOAD] = max(0, packet[Field.PAYLOAD] - header)
    return Layer.END.value, 0, 0


@compiled
def _tcp(data: Data, at: int, end: int, packet: NDArray[np.int64]) -> tuple[int, int, int]:
    if end - at < 14:
        return -Reason.CUT_SHORT.value, 0, at
    header = (u8(data, at + 12) >> 4) * 4
    if header < 20 or header > packet[Field.PAYLOAD]:
        return -Reason.BAD_HEADER.value, 0, at
    packet[Field.SRC_PORT], packet[Field.DST_PORT] = u16(data, at), u16(data, at + 2)
    packet[Field.SEQ], packet[Field.ACK] = u32(data, at + 4), u32(data, at + 8)
    packet[Field.TCP_FLAGS] = u8(data, at + 13)
    packet[Field.WINDOW] = u16(data, at + 14) if end - at >= 16 else 1
    return _payload_after(packet, header)


@compiled
def _udp(data: Data, at: int, end: int, packet: NDArray[np.int64]) -> tuple[int, int, int]:
    if end - at < 8:
        return -Reason.CUT_SHORT.value, 0, at
    packet[Field.SRC_PORT], packet[Field.DST_PORT] = u16(data, at), u16(data, at + 2)
    if packet[Field.FRAGMENT_AT] < 0:
        look_for_tunnel(data, at + 8, end, packet)
    return _payload_after(packet, 8)


@compiled
def _gre(data: Data, at: int, end: int) -> tuple[int, int, int]:
    """RFC 2784 and 2890, and version 1 of PPTP (RFC 2637)."""
    if end - at < 4:
        return -Reason.CUT_SHORT.value, 0, at
    bits, kind = u16(data, at), u16(data, at + 2)
    header = 4
    if bits & 7 == 0:
        if bits & 0xC000:  # checksum or routing
            header += 4
        header += 4 * ((bits >> 13 & 1) + (bits >> 12 & 1))  # key, sequence
    else:
        header += 4 + 4 * ((bits >> 12 & 1) + (bits >> 7 & 1))
    if end - at < header:
        return -Reason.CUT_SHORT.value, 0, at
    if kind == 0x88BE and bits & 0x1000 == 0:  # ERSPAN without a sequence number has no header
        return Layer.ETHERNET.value, 0, at + header
    return Layer.ETHERTYPE.value, kind, at + header

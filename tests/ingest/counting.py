"""Records counted in the plainest way, without the package, whose readers are held against it.

Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
MAX_LINE_BYTES = 65_536
MAX_RECORD_BYTES = 1 << 20

_ORDERS = {
    b"\xa1\xb2\xc3\xd4": ">",
    b"\xd4\xc3\xb2\xa1": "<",
    b"\xa1\xb2\x3c\x4d": ">",
    b"\x4d\x3c\xb2\xa1": "<",
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_SECTION_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_PACKET_BLOCKS = {2: 28, 3: 12, 6: 28}  # kind -> where the packet starts


class Span(NamedTuple):
    """A packet of a capture: where its record starts, its bytes start, and its record ends."""

    start: int
    packet: int
    end: int


class Layout(NamedTuple):
    """Where the records of a capture lie.

    Attributes:
        order: of bytes, as `struct` writes it; of the last section.
        packets: in order.
        is_whole: there is nothing behind them that is no record.
    """

    order: str
    packets: list[Span]
    is_whole: bool


def layout_of(content: bytes) -> Layout | None:
    """The packets of a capture; None for what is none at all."""
    order = _ORDERS.get(content[:4])
    if order is not None:
        return _of_pcap(content, order) if len(content) >= 24 else None
    is_ng = content[:4] == _SECTION and content[8:12] in _SECTION_ORDERS
    return _of_pcapng(content) if is_ng else None


def _of_pcap(content: bytes, order: str) -> Layout:
    packets, at = [], 24
    while len(content) - at >= 16:
        (captured,) = struct.unpack_from(f"{order}I", content, at + 8)
        end = at + 16 + captured
        if captured > MAX_RECORD_BYTES or end > len(content):
            break
        packets.append(Span(at, at + 16, end))
        at = end
    return Layout(order, packets, at == len(content))


def _of_pcapng(content: bytes) -> Layout:
    packets, at, order = [], 0, "<"
    while len(content) - at >= 12:
        if content[at : at + 4] == _SECTION:
            told = _SECTION_ORDERS.get(content[at + 8 : at + 12])
            if told is None:
                break
            order = told
        kind, length = struct.unpack_from(f"{order}II", content, at)
        end = at + -(-length // 4) * 4
        if not 12 <= length <= MAX_RECORD_BYTES or end > len(content):
            break
        if kind in _PACKET_BLOCKS:
            packets.append(Span(at, at + _PACKET_BLOCKS[kind], end))
        at = end
    return Layout(order, packets, at == len(content))


def n_lines(content: bytes) -> int:
    """Records that are in some lines; blank ones are none, and a line that is too long is one."""
    lines = content.removeprefix(BOM).split(b"\n")
    return sum(bool(line.strip()) or len(line) >= MAX_LINE_BYTES for line in lines)


def n_zeek_lines(content: bytes) -> int:
    """The same without comments, as long as they can be read at all."""
    lines = content.removeprefix(BOM).split(b"\n")
    return n_lines(content) - sum(_is_comment(line) for line in lines)


def _is_comment(line: bytes) -> bool:
    is_text = line.decode(errors="replace").encode() == line
    return line.startswith(b"#") and len(line) < MAX_LINE_BYTES and is_text

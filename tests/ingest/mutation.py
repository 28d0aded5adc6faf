"""What a mutation of a capture is: one to six of the changes below, chosen by a generator.

Some change any bytes, as a bad disk does; others know where records and packets lie (by
`tests.ingest.counting`, nothing of the package) and put extremes where a reader is most gullible.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.ingest.counting import Span, layout_of

MAX_BYTES = 20_000
"""Of a capture that is mutated; the rest of a longer one is left out."""
MAX_CHANGES = 6

Change = Callable[[bytearray, random.Random, Sequence[bytes]], None]
"""Changes some bytes in place; may take pieces of other contents."""

MAGICS = [
    *(b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1"),
    *(b"\x0a\x0d\x0d\x0a", b"\x34\xcd\xb2\xa1", b"\x1f\x8b\x08\x00", b"\xfd7zXZ\0"),
    *(b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"PK\x03\x04", b"7z\xbc\xaf", b"#fie", b"\0\x09"),
]
LINKS = [0, 1, 9, 12, 14, 50, 101, 105, 108, 113, 228, 229, 276, 0xFFFF]
ETHERTYPES = [
    *(0x0800, 0x86DD, 0x8100, 0x88A8, 0x9100, 0x8926, 0x8847, 0x8848, 0x8864, 0x880B, 0x6558),
    *(0x88E7, 0x88BE, 0x22EB, 0x0806, 0x05FF, 0xAAAA),
]
PROTOCOLS = [0, 1, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 60, 132, 135, 139, 140, 255]
PORTS = [21, 23, 25, 53, 80, 110, 514, 2152, 3544, 4789, 6081]
HEADER_BYTES = 74
"""Ethernet, IPv6 and TCP."""


def change_byte(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    data[rng.randrange(len(data))] = rng.randrange(256)


def flip_bit(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def set_number(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    """A number of 16, 32 or 64 bits anywhere becomes an extreme one."""
    size = rng.choice([2, 4, 8])
    at = rng.randrange(len(data))
    data[at : at + size] = extreme(rng, size).to_bytes(size, rng.choice(["big", "little"]))


def extreme(rng: random.Random, size: int) -> int:
    top = 1 << (8 * size)
    return rng.choice([0, 1, top - 1, top - 2, top // 2, top // 2 - 1, rng.randrange(top)])


def cut_out(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randrange(1, 64)]


def cut_off(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    del data[rng.randrange(len(data)) :]


def double(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.randrange(1, 256)]


def insert(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.randrange(1, 64))


def exchange_magic(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    magic = rng.choice(MAGICS)
    data[: len(magic)] = magic


def set_link(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    """Of a pcap; of a pcapng where its first interface is described right behind the section."""
    at = 20 if data[:1] != b"\x0a" else 36
    data[at : at + 2] = rng.choice(LINKS).to_bytes(2, rng.choice(["big", "little"]))


def set_length(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    """A record's length becomes an extreme one, or one that is a little wrong."""
    found = _record(data, rng)
    if found is None:
        return
    order, span = found
    size = span.end - span.start
    lengths = [0, 1, 11, 12, 13, 16, 28, 31, 32, size, 262_144, 1 << 20, (1 << 20) + 1, len(data)]
    lengths += [max(0, size + rng.randrange(-40, 40)), extreme(rng, 4)]
    at = span.start + rng.choice([4, 8, 12, 20, 24])
    data[at : at + 4] = struct.pack(f"{order}I", rng.choice(lengths))


def set_time(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    found = _record(data, rng)
    if found is not None:
        at = found.span.start + rng.choice([0, 4, 12, 16])
        data[at : at + 4] = struct.pack(f"{found.order}I", extreme(rng, 4))


def take_record(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    """A record of another capture takes the place of one, or comes before it."""
    other = rng.choice(others)[:MAX_BYTES]
    found, taken = _record(data, rng), _record(other, rng)
    if found is not None and taken is not None:
        start = found.span.start
        end = rng.choice([start, found.span.end])
        data[start:end] = other[taken.span.start : taken.span.end]


def swap_records(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    layout = layout_of(bytes(data))
    if layout is None or len(layout.packets) < 2:
        return
    first, last = sorted(rng.sample(layout.packets, 2))
    between = data[first.end : last.start]
    one, other = data[first.start : first.end], data[last.start : last.end]
    data[first.start : last.end] = other + between + one


def append_capture(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    """As concatenated captures are: right for pcapng, damage in pcap."""
    data += rng.choice(others)[: rng.randrange(MAX_BYTES)]


def cut_packet(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    """No more of a packet is captured than part of its headers."""
    found = _record(data, rng)
    if found is None:
        return
    start, packet, end = found.span
    n_kept = min(end - packet, rng.randrange(HEADER_BYTES))
    is_ng = data[:4] == b"\x0a\x0d\x0d\x0a"
    at = start + (20 if is_ng else 8)
    data[at : at + 4] = struct.pack(f"{found.order}I", max(0, n_kept))
    if not is_ng:  # there it may be shorter than its block
        del data[packet + n_kept : end]


def change_header(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    """Bytes where the headers of a packet are."""
    found = _record(data, rng)
    if found is None or found.span.end <= found.span.packet:
        return
    for offset in rng.choices(range(HEADER_BYTES), k=rng.randint(1, 3)):
        at = min(found.span.packet + offset, found.span.end - 1)
        data[at] = rng.choice([0, 1, 0x0F, 0x40, 0x45, 0x4F, 0x60, 0x80, 0xFF, rng.randrange(256)])


def change_kind(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    """An ethertype, a protocol or a port becomes one that leads on to other headers."""
    found = _record(data, rng)
    if found is None:
        return
    value, size = rng.choice(
        [(rng.choice(ETHERTYPES), 2), (rng.choice(PROTOCOLS), 1), (rng.choice(PORTS), 2)]
    )
    offset = rng.choice([12, 14, 16, 20, 23, 34, 36, 54, 56, rng.randrange(HEADER_BYTES)])
    at = min(found.span.packet + offset, found.span.end - size)
    if at >= found.span.packet:
        data[at : at + size] = value.to_bytes(size, "big")


class _Found(NamedTuple):
    order: str
    span: Span


def _record(data: bytes | bytearray, rng: random.Random) -> _Found | None:
    """Any record that holds a packet, and the order of its bytes."""
    layout = layout_of(bytes(data))
    if layout is None or not layout.packets:
        return None
    return _Found(layout.order, rng.choice(layout.packets))


ANYWHERE: list[Change] = [change_byte, flip_bit, set_number, cut_out, cut_off, double, insert]
OF_FILES: list[Change] = [exchange_magic, set_link, append_capture]
OF_RECORDS: list[Change] = [set_length, set_time, take_record, swap_records, cut_packet]
OF_PACKETS: list[Change] = [change_header, change_kind]
CHANGES = [*ANYWHERE, *OF_FILES, *OF_RECORDS, *OF_PACKETS]
_WEIGHTS = [
    *([4] * len(ANYWHERE)),
    *([1] * len(OF_FILES)),
    *([6] * len(OF_RECORDS)),
    *([16] * len(OF_PACKETS)),
]


def mutated(content: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """A capture that was changed in one to six ways.

    Args:
        content: the capture.
        others: captures to take pieces of.
        rng: decides; the same one gives the same.
    """
    data = bytearray(content[:MAX_BYTES])
    for change in rng.choices(CHANGES, _WEIGHTS, k=rng.randint(1, MAX_CHANGES)):
        if data:
            change(data, rng, others)
    return bytes(data)

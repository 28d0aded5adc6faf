"""Where the packets of a capture lie in a piece of its bytes: pcap and pcapng, compiled.

A piece holds the start of a file, or its continuation; what is at its end and not whole is left for
the next one. Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, inlined
from oddflow.ingest.fields import Data, u8

MAX_BLOCK_BYTES = 1 << 20
"""A longer record or block is damage; libpcap's own limit is a quarter of this."""
MAX_INTERFACES = 1024
"""Of one section; packets of others are counted and left out."""
UNKNOWN_LINK = -1

Frames = NDArray[np.int64]
Interfaces = NDArray[np.int64]


class Place(IntEnum):
    """Columns of a frame."""

    START = 0
    END = 1
    TIME_NS = 2
    LINK = 3  # `UNKNOWN_LINK` where no interface says it


class Status(IntEnum):
    """Why framing stopped."""

    NEEDS_MORE = 0
    """The piece ends, maybe within a record."""
    IS_FULL = 1
    """As many frames as there is room for."""
    DAMAGED = 2
    """What follows is no record."""


class Interface(IntEnum):
    """Columns of an interface."""

    LINK = 0
    SNAPLEN = 1
    UNITS = 2  # of time in a second; minus the exponent where it is a power of two
    OFFSET_S = 3


class Framed(NamedTuple):
    """What framing found.

    n_frames: rows of `frames` that are filled; at: where it stopped; status: why.
    """

    n_frames: int
    at: int
    status: int


@inlined
def _u16(data: Data, at: int, is_big: bool) -> int:
    low, high = (at + 1, at) if is_big else (at, at + 1)
    return u8(data, low) | (u8(data, high) << 8)


@inlined
def _u32(data: Data, at: int, is_big: bool) -> int:
    first, second = _u16(data, at, is_big), _u16(data, at + 2, is_big)
    return (first << 16) | second if is_big else first | (second << 16)


@compiled
def frame_pcap(
    data: Data, at: int, is_big: bool, ticks_ns: int, link: int, frames: Frames
) -> Framed:
    """Find the records of a pcap file.

    Args:
        data: bytes of the file.
        at: where the next record starts in them.
        is_big: numbers have their most significant byte first.
        ticks_ns: nanoseconds in a unit of the second half of a time.
        link: link type of the file.
        frames: receives a row of `Place` for each.
    """
    n = 0
    while n < len(frames):
        if len(data) - at < 16:
            return Framed(n, at, Status.NEEDS_MORE.value)
        captured = _u32(data, at + 8, is_big)
        if captured > MAX_BLOCK_BYTES:
            return Framed(n, at, Status.DAMAGED.value)
        if len(data) - at - 16 < captured:
            return Framed(n, at, Status.NEEDS_MORE.value)
        frames[n, Place.START], frames[n, Place.END] = at + 16, at + 16 + captured
        seconds, part = _u32(data, at, is_big), _u32(data, at + 4, is_big)
        frames[n, Place.TIME_NS] = seconds * 1_000_000_000 + part * ticks_ns
        frames[n, Place.LINK] = link
        n += 1
        at += 16 + captured
    return Framed(n, at, Status.IS_FULL.value)


class Section(IntEnum):
    """Places in the state of a pcapng file."""

    IS_BIG = 0
    N_INTERFACES = 1
    TIME_NS = 2  # of the last packet, for those that have none


@compiled
def frame_pcapng(
    data: Data, at: int, section: NDArray[np.int64], interfaces: Interfaces, frames: Frames
) -> Framed:
    """Find the packets of a pcapng file.

    Args:
        data: bytes of the file.
        at: where the next block starts in them.
        section: state of the file, shape (len(Section),), changed in place.
        interfaces: those of the section, shape (MAX_INTERFACES, len(Interface)), changed in place.
        frames: receives a row of `Place` for each packet.
    """
    n = 0
    while n < len(frames):
        left = len(data) - at
        if left < 12:
            return Framed(n, at, Status.NEEDS_MORE.value)
        is_section = _u32(data, at, True) == 0x0A0D0D0A
        if is_section:
            order = _u32(data, at + 8, True)
            if order not in (0x1A2B3C4D, 0x4D3C2B1A):
                return Framed(n, at, Status.DAMAGED.value)
            section[Section.IS_BIG] = order == 0x1A2B3C4D
        is_big = section[Section.IS_BIG] == 1
        kind, length = _u32(data, at, is_big), _u32(data, at + 4, is_big)
        if length < 12 or length > MAX_BLOCK_BYTES:
            return Framed(n, at, Status.DAMAGED.value)
        length = (length + 3) & ~3
        if left < length:
            return Framed(n, at, Status.NEEDS_MORE.value)
        if is_section:
            section[Section.N_INTERFACES] = 0
        elif kind == 1 and length >= 20:
            _describe(data, at, length, is_big, section, interfaces)
        elif _packet(data, at, length, kind, section, interfaces, frames[n]):
            n += 1
        at += length
    return Framed(n, at, Status.IS_FULL.value)


@compiled
def _describe(
    data: Data,
    at: int,
    length: int,
    is_big: bool,
    section: NDArray[np.int64],
    interfaces: Interfaces,
) -> None:
    """An interface description block; options that make no sense are passed over."""
    number = section[Section.N_INTERFACES]
    if number >= MAX_INTERFACES:
        return
    section[Section.N_INTERFACES] = number + 1
    one = interfaces[number]
    one[Interface.LINK] = _u16(data, at + 8, is_big)
    one[Interface.SNAPLEN] = _u32(data, at + 12, is_big)
    one[Interface.UNITS], one[Interface.OFFSET_S] = 1_000_000, 0
    option, stop = at + 16, at + length - 4
    while stop - option >= 4:
        code, size = _u16(data, option, is_big), _u16(data, option + 2, is_big)
        if code == 0 or stop - option - 4 < size:
            return
        if code == 9 and size >= 1:
            exponent = u8(data, option + 4) & 0x7F
            if u8(data, option + 4) & 0x80:
                one[Interface.UNITS] = -min(exponent, 62)
            else:
                one[Interface.UNITS] = 10 ** min(exponent, 18)
        elif code == 14 and size >= 8:
            high, low = (option + 4, option + 8) if is_big else (option + 8, option + 4)
            offset = (_u32(data, high, is_big) << 32) | _u32(data, low, is_big)
            one[Interface.OFFSET_S] = offset
        option += 4 + ((size + 3) & ~3)


@compiled
def _packet(
    data: Data,
    at: int,
    length: int,
    kind: int,
    section: NDArray[np.int64],
    interfaces: Interfaces,
    frame: NDArray[np.int64],
) -> bool:
    """Fill `frame` from a packet block; False if the block is of another kind."""
    is_big = section[Section.IS_BIG] == 1
    if kind not in (2, 3, 6):
        return False
    frame[Place.START] = frame[Place.END] = at
    frame[Place.LINK], frame[Place.TIME_NS] = UNKNOWN_LINK, section[Section.TIME_NS]
    if length < (16 if kind == 3 else 32):  # too short for what it must say
        return True
    number, start = 0, at + 12  # simple packet
    if kind == 6:  # enhanced packet
        number, start = _u32(data, at + 8, is_big), at + 28
    elif kind == 2:  # packet, obsolete
        number, start = _u16(data, at + 8, is_big), at + 28
    is_known = number < section[Section.N_INTERFACES]
    size = _u32(data, at + 8, is_big) if kind == 3 else _u32(data, at + 20, is_big)
    if kind == 3 and is_known and interfaces[0, Interface.SNAPLEN] > 0:
        size = min(size, interfaces[0, Interface.SNAPLEN])
    frame[Place.START] = start
    frame[Place.END] = start + min(size, at + length - 4 - start)
    frame[Place.LINK] = interfaces[number, Interface.LINK] if is_known else UNKNOWN_LINK
    if is_known and kind != 3:
        ticks = (_u32(data, at + 12, is_big) << 32) | _u32(data, at + 16, is_big)
        section[Section.TIME_NS] = _time_ns(ticks, interfaces[number])
    frame[Place.TIME_NS] = section[Section.TIME_NS]
    return True


@compiled
def _time_ns(ticks: int, interface: NDArray[np.int64]) -> int:
    """Nanoseconds since 1970; 0 for a time that is not between then and 2262."""
    units, unsigned = interface[Interface.UNITS], np.uint64(ticks)
    per_s = np.uint64(units) if units > 0 else np.uint64(1) << np.uint64(-units)
    seconds, rest = unsigned // per_s, unsigned % per_s
    total = np.float64(seconds) + np.float64(interface[Interface.OFFSET_S])
    if not 0 <= total < 9.2e9:
        return 0
    part = np.int64(np.float64(rest) / np.float64(per_s) * 1e9 + 0.5)
    whole_s = np.int64(seconds) + interface[Interface.OFFSET_S]
    return int(whole_s * 1_000_000_000 + part) if whole_s >= 0 else 0

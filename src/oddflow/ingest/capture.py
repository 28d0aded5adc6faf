"""The packets of a capture file, piece by piece: pcap and pcapng, plain or packed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import MalformedInput
from oddflow.ingest.fields import Data
from oddflow.ingest.framing import (
    MAX_BLOCK_BYTES,
    MAX_INTERFACES,
    Framed,
    Frames,
    Interface,
    Place,
    Section,
    Status,
    frame_pcap,
    frame_pcapng,
)
from oddflow.ingest.source import open_stream, read_into

PIECE_BYTES = 1 << 20
"""Bytes that are read at once: what a processor keeps at hand."""
MAX_FRAMES = 32_768
"""Packets in a block, at most."""

CUT_OFF = "record cut off by the end of the file"
DAMAGED = "rest of the file, where a record is damaged"

_PCAP_HEADER = 24
_SPARE = 64  # a record is this much longer than its content at most
# First four bytes of a pcap file -> most significant byte first?, nanoseconds in a tick.
_MAGIC = {
    b"\xa1\xb2\xc3\xd4": (True, 1000),
    b"\xd4\xc3\xb2\xa1": (False, 1000),
    b"\xa1\xb2\x3c\x4d": (True, 1),
    b"\x4d\x3c\xb2\xa1": (False, 1),
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"

Frame = Callable[[Data, int, Frames], Framed]
"""Finds frames from a position on."""


class PacketBlock(NamedTuple):
    """Some consecutive packets of a capture; good until the next block is asked for.

    Attributes:
        data: bytes that hold them.
        frames: where each lies in `data`, when it was captured and on which kind of link, one row
            of `oddflow.ingest.framing.Place` a packet, shape (n, 4).
        skipped: reason -> records that are not among them; in the last block only.
    """

    data: Data
    frames: Frames
    skipped: dict[str, int]


def read_packets(path: str | Path) -> Iterator[PacketBlock]:
    """The packets of a file, in its order; its first bytes say of which kind it is.

    Memory does not depend on the file. Damage in the middle ends the capture and is counted, since
    nothing tells where the next record would start.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: it is no capture, or its archive is damaged.
    """
    with open_stream(path) as stream:
        yield from packets_of(stream, path)


def packets_of(stream: BufferedIOBase, path: str | Path) -> Iterator[PacketBlock]:
    """The packets of a stream of uncompressed bytes; `path` is for errors.

    Raises:
        InputError, MalformedInput: as `read_packets`.
    """
    room = np.empty(MAX_BLOCK_BYTES + PIECE_BYTES + _SPARE, dtype=np.uint8)
    frames = np.empty((MAX_FRAMES, len(Place)), dtype=np.int64)
    n_bytes = read_into(stream, path, room[:PIECE_BYTES])
    frame, at = _framer(room[: min(n_bytes, _PCAP_HEADER)].tobytes(), path)
    is_last = False
    while True:
        data = room[:n_bytes]
        framed = frame(data, at, frames)
        n_left, at = n_bytes - framed.at, framed.at
        skipped: dict[str, int] = {}
        if framed.status == Status.DAMAGED:
            skipped[DAMAGED] = 1
        elif framed.status == Status.NEEDS_MORE and is_last and n_left:
            skipped[CUT_OFF] = 1
        is_end = framed.status == Status.DAMAGED or (framed.status == Status.NEEDS_MORE and is_last)
        if framed.n_frames or skipped:
            yield PacketBlock(data, frames[: framed.n_frames], skipped)
        if is_end:
            return
        if framed.status == Status.NEEDS_MORE:
            room[:n_left] = room[at:n_bytes]
            n_new = read_into(stream, path, room[n_left : n_left + PIECE_BYTES])
            is_last, n_bytes, at = n_new == 0, n_left + n_new, 0


def _framer(head: bytes, path: str | Path) -> tuple[Frame, int]:
    """What finds the frames of the file, and where the first record starts."""
    magic = head[:4]
    if magic in _MAGIC:
        if len(head) < _PCAP_HEADER:
            raise _no_capture(path, f"a pcap file of {len(head)} bytes")
        is_big, ticks_ns = _MAGIC[magic]
        link = int.from_bytes(head[20:24], "big" if is_big else "little") & 0xFFFF
        return partial(_pcap, is_big=is_big, ticks_ns=ticks_ns, link=link), _PCAP_HEADER
    if magic == _PCAPNG:
        if len(head) < 12 or head[8:12] not in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a"):
            raise _no_capture(path, "a pcapng file without a byte order")
        section = np.zeros(len(Section), dtype=np.int64)
        interfaces = np.zeros((MAX_INTERFACES, len(Interface)), dtype=np.int64)
        return partial(_pcapng, section=section, interfaces=interfaces), 0
    raise _no_capture(path, f"a file that starts with {magic!r}" if magic else "an empty file")


def _pcap(data: Data, at: int, frames: Frames, *, is_big: bool, ticks_ns: int, link: int) -> Framed:
    return Framed(*frame_pcap(data, at, is_big, ticks_ns, link, frames))


def _pcapng(
    data: Data,
    at: int,
    frames: Frames,
    *,
    section: NDArray[np.int64],
    interfaces: NDArray[np.int64],
) -> Framed:
    return Framed(*frame_pcapng(data, at, section, interfaces, frames))


def _no_capture(path: str | Path, received: str) -> MalformedInput:
    return MalformedInput(
        path,
        f"expected a capture in pcap or pcapng, plain or packed, received {received}; give a file "
        "as tcpdump, Wireshark or Zeek writes it",
    )

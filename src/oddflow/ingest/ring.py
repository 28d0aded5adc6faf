"""Packets of a network interface as the kernel takes them: a ring of blocks in shared memory.

Linux's AF_PACKET with TPACKET_V3 (packet(7), Documentation/networking/packet_mmap): the kernel
fills a block, hands it over, and takes it back when it was read. Nothing is copied, and what does
not fit is dropped by the kernel, which says how much. Needs CAP_NET_RAW and nothing else; the
interface is made promiscuous only if that is asked for.
"""

from __future__ import annotations

import mmap
import os
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from oddflow.core.compiled import compiled
from oddflow.core.errors import InputError, OddflowError
from oddflow.ingest.fields import Data
from oddflow.ingest.framing import Frames, Place

BLOCK_BYTES = 1 << 20
N_BLOCKS = 128
"""128 MiB in all: at 300,000 packets of 400 bytes a second it holds for 0.9 s."""
MIN_BLOCKS, MAX_BLOCKS = 2, 4096
"""One to be filled while another is read; 4 GiB."""
MAX_FRAMES = 1 << 14
"""Packets of a block that are looked at, at most: those of 64 bytes in 1 MiB."""
HANDED_OVER_MS = 50
"""After this time a block is handed over even if it is not full."""

_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION = 1, 5, 6, 10
_PACKET_IGNORE_OUTGOING = 23
_TPACKET_V3 = 2
_ETH_P_ALL = 3
_PROMISCUOUS = 1
_FRAME_BYTES = 2048
_ETHERNET = 1
_IS_USERS = 1
_LOOPBACK = 772
_LINKS = {_LOOPBACK: 1, 1: 1, 65534: 101, 512: 9}
"""ARPHRD number of an interface -> link type: loopback and Ethernet, tun, PPP."""

# Offsets in a block, and in the header of a packet.
_STATUS, _N_PACKETS, _FIRST = 8, 12, 16
_NEXT, _SECONDS, _NANOSECONDS, _CAPTURED, _FRAME = 0, 4, 8, 12, 24


class Drops(NamedTuple):
    """What became of the packets of an interface since the ring was opened.

    Attributes:
        seen: packets that arrived, dropped ones included.
        dropped: by the kernel, for want of room in the ring.
    """

    seen: int
    dropped: int


class LiveError(OddflowError):
    """An interface cannot be listened to."""


class Ring:
    """An open ring; use `open_ring`."""

    def __init__(self, channel: socket.socket, memory: mmap.mmap, link: int) -> None:
        self._channel, self._memory, self.link = channel, memory, link
        self._data: Data = np.frombuffer(memory, dtype=np.uint8)
        self._frames: Frames = np.empty((MAX_FRAMES, len(Place)), dtype=np.int64)
        self.n_blocks = len(memory) // BLOCK_BYTES
        self._next = 0
        self._seen = self._dropped = 0

    def read(self, timeout_s: float) -> tuple[Data, Frames] | None:
        """The packets of the next block, or None if none comes in time.

        They lie in the ring itself, and only until `release` is called; call it before the next.

        Raises:
            LiveError: the interface is gone.
        """
        at = self._next * BLOCK_BYTES
        if not self._is_ready(at):
            events = select.poll()
            events.register(self._channel, select.POLLIN | select.POLLERR)
            if any(what & select.POLLERR for _, what in events.poll(timeout_s * 1000)):
                raise LiveError(f"the interface is gone ({_error_of(self._channel)}); is it up?")
            if not self._is_ready(at):
                return None
        n_frames = frame_block(self._data, at, self.link, self._frames)
        return self._data, self._frames[:n_frames]

    def release(self) -> None:
        """Give the block that was read last back to the kernel."""
        at = self._next * BLOCK_BYTES + _STATUS
        self._data[at : at + 4] = 0
        self._next = (self._next + 1) % self.n_blocks

    def drops(self) -> Drops:
        """What the kernel has counted since the ring was opened."""
        counts = self._channel.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 12)
        seen, dropped, _ = struct.unpack("=III", counts)  # since the last time it was asked
        self._seen += seen
        self._dropped += dropped
        return Drops(self._seen, self._dropped)

    def close(self) -> None:
        """Stop listening."""
        self._data = np.empty(0, dtype=np.uint8)
        self._memory.close()
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _is_ready(self, at: int) -> bool:
        return bool(self._data[at + _STATUS] & _IS_USERS)


@contextmanager
def open_ring(
    interface: str, *, is_promiscuous: bool = False, n_blocks: int = N_BLOCKS
) -> Iterator[Ring]:
    """Listen to an interface.

    Args:
        interface: its name, such as `eth0`.
        is_promiscuous: also take packets that are for other machines.
        n_blocks: size of the ring in blocks of 1 MiB, from `MIN_BLOCKS` to `MAX_BLOCKS`. What comes
            while the ring is full is dropped.

    Raises:
        InputError: there is no such interface, this is not Linux, or a size out of bounds.
        LiveError: it may not be listened to, or there is no memory for the ring.
    """
    if not MIN_BLOCKS <= n_blocks <= MAX_BLOCKS:
        raise InputError(
            f"the ring must be of {MIN_BLOCKS} to {MAX_BLOCKS:,} blocks of 1 MiB, received "
            f"{n_blocks:,}"
        )
    channel = _channel(interface)
    try:
        hardware = _hardware(interface)
        channel.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
        n_frames = BLOCK_BYTES // _FRAME_BYTES * n_blocks
        request = struct.pack(
            "=IIIIIII", BLOCK_BYTES, n_blocks, _FRAME_BYTES, n_frames, HANDED_OVER_MS, 0, 0
        )
        channel.setsockopt(_SOL_PACKET, _PACKET_RX_RING, request)
        memory = mmap.mmap(channel.fileno(), BLOCK_BYTES * n_blocks)
        number = socket.if_nametoindex(interface)
        if hardware == _LOOPBACK:
            channel.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)  # it gives each one twice
        if is_promiscuous:
            membership = struct.pack("=iHH8s", number, _PROMISCUOUS, 0, b"")
            channel.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
        channel.bind((interface, _ETH_P_ALL))
    except OSError as error:
        channel.close()
        raise LiveError(f"{interface}: cannot be listened to ({error.strerror})") from error
    except BaseException:
        channel.close()
        raise
    with Ring(channel, memory, _LINKS[hardware]) as ring:
        yield ring


def _channel(interface: str) -> socket.socket:
    if not hasattr(socket, "AF_PACKET"):
        raise InputError("listening to an interface needs Linux; give a capture instead")
    known = [name for _, name in socket.if_nameindex()]
    if interface not in known:
        raise InputError(
            f"{interface}: expected one of the interfaces {', '.join(known)}, received another name"
        )
    try:
        # Protocol 0: nothing is delivered before the ring is there and the socket is bound.
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise LiveError(
            f"{interface}: listening needs the capability CAP_NET_RAW; run as root, or give it to "
            "the interpreter with `setcap cap_net_raw+ep`"
        ) from error


def _hardware(interface: str) -> int:
    """ARPHRD number of an interface of which the frames are read here."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as other:
        other.bind((interface, 0))
        hardware = int(other.getsockname()[3])
    if hardware not in _LINKS:
        raise InputError(
            f"{interface}: expected Ethernet, loopback, tun or PPP, received hardware type "
            f"{hardware}; listen at another interface"
        )
    return hardware


def _error_of(channel: socket.socket) -> str:
    return os.strerror(channel.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


@compiled
def _u32(data: Data, at: int) -> int:
    """In the byte order of this machine, which is little-endian wherever oddflow runs."""
    low = np.int64(data[at]) | (np.int64(data[at + 1]) << 8)
    return int(low | (np.int64(data[at + 2]) << 16) | (np.int64(data[at + 3]) << 24))


@compiled
def frame_block(data: Data, block: int, link: int, frames: Frames) -> int:
    """Find the packets of a block that starts at `block`; how many there are.

    Args:
        data: the ring.
        block: where the block starts in it.
        link: link type of the interface.
        frames: receives a row of `Place` for each.
    """
    n_packets = min(_u32(data, block + _N_PACKETS), len(frames))
    at = block + _u32(data, block + _FIRST)
    for i in range(n_packets):
        start = at + (np.int64(data[at + _FRAME]) | (np.int64(data[at + _FRAME + 1]) << 8))
        frames[i, Place.START] = start
        frames[i, Place.END] = start + _u32(data, at + _CAPTURED)
        seconds, part = _u32(data, at + _SECONDS), _u32(data, at + _NANOSECONDS)
        frames[i, Place.TIME_NS] = seconds * 1_000_000_000 + part
        frames[i, Place.LINK] = link
        at += _u32(data, at + _NEXT)
    return n_packets

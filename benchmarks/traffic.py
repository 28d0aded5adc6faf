"""Frames of many TCP and UDP connections, and a sender that puts them on a wire at a given rate."""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

N_CONNECTIONS = 4000
"""Of one round of frames; each round has others, by their addresses."""
BURST = 64
"""Packets that one system call sends."""
_ETHERNET = b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"
_SRC_AT, _DST_AT = 26, 30
"""Where an address of IPv4 lies behind the header of Ethernet."""
_TCP_SHARE = 0.7
_SYN, _FIN, _ACK, _PUSH_ACK = 2, 17, 16, 24
_QDISC_BYPASS, _SOL_PACKET = 20, 263


class Round(NamedTuple):
    """Frames one after the other.

    Attributes:
        data: their bytes.
        starts: where each starts, shape (n,).
        client_at: where in `data` the second byte of the client's address lies, shape (n,).
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    client_at: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Bytes of each."""
        return np.diff(self.starts, append=len(self.data))


def one_round(*, seed: int = 0) -> Round:
    """Whole connections that overlap: TCP from SYN to FIN, and UDP of a question and an answer."""
    rng = np.random.default_rng(seed)
    timed: list[tuple[float, bytes, bool]] = []
    for number in range(N_CONNECTIONS):
        packets = _tcp(number, rng) if rng.random() < _TCP_SHARE else _udp(number, rng)
        start = rng.random()
        for at, (frame, is_client) in enumerate(packets):
            timed.append((start + at * 0.005, frame, is_client))
    timed.sort(key=lambda one: one[0])
    lengths = np.array([len(frame) for _, frame, _ in timed], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    from_client = np.array([is_client for _, _, is_client in timed])
    data = np.frombuffer(b"".join(frame for _, frame, _ in timed), dtype=np.uint8).copy()
    return Round(data, starts, starts + np.where(from_client, _SRC_AT, _DST_AT) + 1)


def _tcp(number: int, rng: np.random.Generator) -> Iterator[tuple[bytes, bool]]:
    """Frames, and whether the client sends each."""
    sizes = rng.integers(40, 340, int(rng.integers(4, 40))).tolist()
    seq = [int(rng.integers(1 << 31)), int(rng.integers(1 << 31))]

    def packet(side: int, flags: int, n_bytes: int = 0) -> tuple[bytes, bool]:
        ports = (20_000 + number, 80) if side == 0 else (80, 20_000 + number)
        ack = seq[1 - side] if flags & _ACK else 0
        head = struct.pack(">HHIIBBHHH", *ports, seq[side], ack, 0x50, flags, 8192, 0, 0)
        seq[side] += n_bytes + (1 if flags & (_SYN | 1) else 0)
        return _frame(number, side, 6, head + b"x" * n_bytes), side == 0

    yield packet(0, _SYN)
    yield packet(1, _SYN | _ACK)
    yield packet(0, _ACK)
    for turn, size in enumerate(sizes):
        yield packet(turn % 2, _PUSH_ACK, size)
    yield packet(0, _FIN)
    yield packet(1, _FIN)
    yield packet(0, _ACK)


def _udp(number: int, rng: np.random.Generator) -> Iterator[tuple[bytes, bool]]:
    for side, size in ((0, int(rng.integers(60, 90))), (1, int(rng.integers(90, 350)))):
        ports = (20_000 + number, 53) if side == 0 else (53, 20_000 + number)
        yield (
            _frame(number, side, 17, struct.pack(">HHHH", *ports, 8 + size, 0) + bytes(size)),
            (side == 0),
        )


def _frame(number: int, side: int, proto: int, payload: bytes) -> bytes:
    client = bytes((10, 0, number >> 8, number & 0xFF))
    server = bytes((192, 168, number % 251, 1))
    ends = client + server if side == 0 else server + client
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0)
    return _ETHERNET + head + ends + payload


_MESSAGE = np.dtype(
    {
        "names": ["vector", "n_vectors"],
        "formats": ["u8", "u8"],
        "offsets": [16, 24],
        "itemsize": 64,
    }
)
"""struct mmsghdr of 64-bit Linux: without an address, which the socket has."""


class Sender:
    """Sends a round again and again, each time with other addresses of the clients."""

    def __init__(self, interface: str, frames: Round) -> None:
        self._channel = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._channel.bind((interface, 0))
        self._channel.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
        self._frames = frames
        self._vectors = np.empty((len(frames.starts), 2), dtype=np.uint64)
        self._vectors[:, 0] = frames.data.ctypes.data + frames.starts
        self._vectors[:, 1] = frames.lengths
        self._messages = np.zeros(len(frames.starts), dtype=_MESSAGE)
        self._messages["vector"] = self._vectors.ctypes.data + 16 * np.arange(len(frames.starts))
        self._messages["n_vectors"] = 1
        self._sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg

    def run(self, packets_per_s: float, seconds: float) -> tuple[int, float]:
        """Send at a rate for a time; how many packets were sent, and in how many seconds.

        Raises:
            OSError: the wire took none.
        """
        start_s = time.perf_counter()
        n_sent, n_wanted = 0, int(packets_per_s * seconds)
        for number in count():
            self._frames.data[self._frames.client_at] = number % 256
            at = 0
            while at < len(self._messages):
                n = min(BURST, len(self._messages) - at, n_wanted - n_sent)
                if not n:
                    return n_sent, time.perf_counter() - start_s
                ahead_s = n_sent / packets_per_s - (time.perf_counter() - start_s)
                if ahead_s > 0:
                    time.sleep(ahead_s)
                n_taken = self._send(at, n)
                at, n_sent = at + n_taken, n_sent + n_taken
        raise AssertionError("rounds have no end")

    def _send(self, first: int, n: int) -> int:
        place = self._messages.ctypes.data + first * _MESSAGE.itemsize
        n_taken = int(self._sendmmsg(self._channel.fileno(), ctypes.c_void_p(place), n, 0))
        if n_taken < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"a packet was not taken, errno {number}")
        return n_taken

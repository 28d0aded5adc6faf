"""Datagrams that exporters send to us."""

from __future__ import annotations

import selectors
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from oddflow.core.errors import InputError

MAX_DATAGRAM_BYTES = 65_535
MAX_AT_ONCE = 1024
"""Datagrams that are taken before somebody looks at them."""

_BUFFER_BYTES = 4 << 20  # of the kernel: what comes while we are busy; UDP does not send it again
_TELLS_DROPS = 40  # SO_RXQ_OVFL: with each datagram, how many were dropped before it (socket(7))
_COUNT = struct.Struct("=I")


class Datagram(NamedTuple):
    """One datagram, and the address of who sent it, which may be forged."""

    data: bytes
    sender: str


class UdpSocket:
    """A bound socket; `udp_socket` makes one.

    Attributes:
        n_dropped: datagrams that the kernel had no room for, before the one that was taken last.
            Linux tells it; elsewhere it stays 0.
    """

    def __init__(self, bound: socket.socket) -> None:
        """Take datagrams from a socket that does not block."""
        self._bound = bound
        self.n_dropped = 0

    @property
    def port(self) -> int:
        """The port that it is bound to."""
        return int(self._bound.getsockname()[1])

    def datagrams(self, *, wait_s: float) -> list[Datagram]:
        """What has come, `MAX_AT_ONCE` datagrams at most; none if nothing came.

        Args:
            wait_s: seconds to wait for something to come, at most.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._bound, selectors.EVENT_READ)
            selector.select(wait_s)
        come: list[Datagram] = []
        while len(come) < MAX_AT_ONCE:
            try:
                data, told, _, sender = self._bound.recvmsg(
                    MAX_DATAGRAM_BYTES, socket.CMSG_SPACE(_COUNT.size)
                )
            except BlockingIOError:
                break
            for level, kind, value in told:
                if (level, kind) == (socket.SOL_SOCKET, _TELLS_DROPS):
                    self.n_dropped = _COUNT.unpack(value)[0]
            come.append(Datagram(data, str(sender[0])))
        return come


@contextmanager
def udp_socket(host: str, port: int) -> Iterator[UdpSocket]:
    """Bind a socket, and close it at the end.

    Args:
        host: address of ours that is sent to; `0.0.0.0` or `::` for any.
        port: 2055 by custom for NetFlow, 4739 for IPFIX; 0 for any that is free.

    Raises:
        InputError: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as bound:
        bound.setblocking(False)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            if sys.platform == "linux":
                bound.setsockopt(socket.SOL_SOCKET, _TELLS_DROPS, 1)
            bound.bind((host, port))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{host}, port {port}: expected a free port of this machine, received {error}; "
                "give another, or end who uses it"
            ) from error
        yield UdpSocket(bound)

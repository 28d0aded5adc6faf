"""Receivers of syslog messages on this machine, and strict readers of what they got."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from oddflow.alerts.destination import Destination, Transport

WAIT_S = 5.0
LOOPBACK = "127.0.0.1"

HEADER = re.compile(
    rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([\x21-\x7e]{1,255}) "
    rb"([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) - (.*)",
    re.DOTALL,
)
"""A message of RFC 5424 without structured data."""


def parsed(content: bytes) -> tuple[int, bytes, bytes]:
    """Priority, hostname and text of a message."""
    match = HEADER.fullmatch(content)
    assert match is not None, f"not of RFC 5424: {content[:120]!r}"
    priority = int(match[1])
    assert priority <= 191
    return priority, match[3], match[7]


def messages(stream: bytes) -> list[bytes]:
    """The messages of a stream of RFC 6587, each with its length in front."""
    found = []
    while stream:
        match = re.match(rb"([1-9]\d*) ", stream)
        assert match is not None, f"no length at {stream[:40]!r}"
        end = match.end() + int(match[1])
        assert len(stream) >= end, "a message is cut"
        found.append(stream[match.end() : end])
        stream = stream[end:]
    return found


class Receiver:
    """Takes connections one after the other and reads each to its end, in a thread of its own."""

    def __init__(self, *, n_connections: int = 1, read_bytes: int | None = None) -> None:
        self.listener = socket.create_server((LOOPBACK, 0))
        self.listener.settimeout(WAIT_S)
        self.streams: list[bytes] = []
        self._n_connections = n_connections
        self._read_bytes = read_bytes
        self.closed = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def destination(self) -> Destination:
        return Destination(
            transport=Transport.TCP, host=LOOPBACK, port=self.listener.getsockname()[1]
        )

    def _run(self) -> None:
        for i in range(self._n_connections):
            connection, _ = self.listener.accept()
            is_last = i == self._n_connections - 1
            with connection:
                connection.settimeout(WAIT_S)
                self.streams.append(self._read(connection, None if is_last else self._read_bytes))
            if not is_last:
                self.closed.set()

    def _read(self, connection: socket.socket, limit: int | None) -> bytes:
        stream = b""
        while limit is None or len(stream) < limit:
            piece = connection.recv(65536 if limit is None else limit - len(stream))
            if piece == b"":
                break
            stream += piece
        return stream

    def join(self) -> None:
        self._thread.join(WAIT_S)
        self.listener.close()
        assert not self._thread.is_alive()


@contextmanager
def datagrams(family: int, place: str | tuple[str, int]) -> Iterator[socket.socket]:
    """A socket that takes datagrams."""
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.bind(place)
        receiver.settimeout(WAIT_S)
        yield receiver


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        return int(listener.getsockname()[1])

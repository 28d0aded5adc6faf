"""Where syslog messages go: `udp://host:514`, `tcp://[2001:db8::1]:6514` or `unix:///dev/log`."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from oddflow.core.errors import InputError

SYSLOG_PORT = 514


class Transport(StrEnum):
    """How messages travel."""

    UDP = "udp"
    TCP = "tcp"
    UNIX = "unix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A receiver of syslog messages.

    Attributes:
        transport: how to reach it.
        host: its name or address; "" for a Unix socket.
        port: of UDP or TCP.
        path: of a Unix datagram socket; "" for the others.
    """

    transport: Transport
    host: str = ""
    port: int = SYSLOG_PORT
    path: str = ""

    def __str__(self) -> str:
        if self.transport is Transport.UNIX:
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}://{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The receiver that a URL names.

        >>> str(Destination.parse("udp://192.0.2.1")), str(Destination.parse("unix:///dev/log"))
        ('udp://192.0.2.1:514', 'unix:///dev/log')

        Raises:
            InputError: not such a URL.
        """
        try:
            url = urlsplit(text)
            host, port = url.hostname or "", SYSLOG_PORT if url.port is None else url.port
            host.encode("idna")
        except ValueError as error:
            raise _refused(text, str(error)) from error
        if url.scheme not in set(Transport):
            raise _refused(text, f"the scheme {url.scheme!r}")
        transport = Transport(url.scheme)
        if transport is Transport.UNIX:
            if host or not url.path.startswith("/"):
                raise _refused(text, "no absolute path")
            return cls(transport=transport, path=url.path)
        if not host or url.path.strip("/") or url.query or url.username:
            raise _refused(text, "no host and port alone")
        if port == 0:
            raise _refused(text, "port 0")
        return cls(transport=transport, host=host, port=port)

    def connected(self, timeout_s: float) -> socket.socket:
        """A socket to it, with this timeout.

        Raises:
            OSError: it cannot be reached, in the words of the system.
        """
        if self.transport is Transport.TCP:
            return socket.create_connection((self.host, self.port), timeout_s)
        if self.transport is Transport.UNIX:
            return _connected(socket.AF_UNIX, self.path, timeout_s)
        family, _, _, _, place = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
        return _connected(family, place, timeout_s)


def _connected(
    family: int, place: str | tuple[str | int, ...] | tuple[int, bytes], timeout_s: float
) -> socket.socket:
    """A datagram socket that sends to one place."""
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.settimeout(timeout_s)
        opened.connect(place)
    except OSError:
        opened.close()
        raise
    return opened


def _refused(text: str, came: str) -> InputError:
    return InputError(
        f"syslog destination {text!r}: expected udp://HOST:PORT, tcp://HOST:PORT or "
        f"unix:///PATH, received {came}"
    )

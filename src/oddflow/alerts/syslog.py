"""Alerts by syslog: RFC 5424 messages over UDP, TCP or a Unix socket.

Over TCP each message has its length in front (octet counting, RFC 6587), so that nothing in it can
end it early. Over UDP (RFC 5426) and a Unix datagram socket a message is one datagram.

Messages begin without the byte order mark that RFC 5424 wants before UTF-8: parsers of CEF and of
JSON stumble over it. By the RFC they are then of unknown encoding; it is UTF-8 all the same.
"""

from __future__ import annotations

import errno
import re
import socket
import time
from types import TracebackType
from typing import Self, final

from oddflow.alerts.alert import Alert, Severity
from oddflow.alerts.destination import Destination, Transport
from oddflow.alerts.text import rfc3339
from oddflow.core.errors import InputError, OddflowError

LOCAL0 = 16
"""Facility of the messages."""
APP_NAME = "oddflow"
MESSAGE_ID = "alert"
NIL = "-"
MAX_HOSTNAME = 255

_SEVERITIES = {Severity.HIGH: 3, Severity.MEDIUM: 4, Severity.LOW: 5}
"""error, warning, notice."""
_NOT_PRINTABLE = re.compile(r"[^\x21-\x7e]")
_READ_BYTES = 1 << 16


class DeliveryFailed(OddflowError):
    """A receiver did not take an alert, however often it was tried."""


def message(alert: Alert, line: bytes, *, hostname: str) -> bytes:
    """An alert as one message of RFC 5424, without framing.

    Args:
        alert: gives time and severity.
        line: the alert in any format; its line end is left out.
        hostname: of the sensor; what syslog does not allow in it becomes `_`.
    """
    priority = LOCAL0 * 8 + _SEVERITIES[alert.severity]
    name = _NOT_PRINTABLE.sub("_", hostname)[:MAX_HOSTNAME] or NIL
    head = f"<{priority}>1 {rfc3339(alert.time_s)} {name} {APP_NAME} {NIL} {MESSAGE_ID} {NIL} "
    return head.encode() + line.rstrip(b"\r\n")


def framed(content: bytes, transport: Transport) -> bytes:
    """A message as it goes over the wire."""
    if transport is Transport.TCP:
        return f"{len(content)} ".encode() + content
    return content


@final
class SyslogSender:
    """Sends messages to one receiver, one by one; connects when the first is sent, or before.

    No message is lost without a word: `send` tries again over a new connection, a bounded number of
    times, and then raises. Syslog has no acknowledgement, though. What the system took over before
    a connection broke may not have arrived; `n_breaks` says how often that can have been.

    Attributes:
        n_sent: messages that the system took over.
        n_breaks: times that a connection broke, or a datagram was refused, after at least one
            message had been sent on it; the last of them may be lost.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        n_retries: int = 4,
        wait_s: float = 0.5,
        timeout_s: float = 5.0,
    ) -> None:
        """Nothing is opened yet.

        Args:
            destination: where to.
            n_retries: how often one message is tried again.
            wait_s: before the first of these; twice as long before each further one.
            timeout_s: for connecting, and for each message to be taken over.
        """
        self.destination = destination
        self.n_sent = 0
        self.n_breaks = 0
        self._n_retries = n_retries
        self._wait_s = wait_s
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._is_used = False

    def connect(self) -> None:
        """Open the way to the receiver, so that a wrong one is told before there is an alert.

        Over UDP this finds out a name that is unknown or a network that is not reached, no more.

        Raises:
            DeliveryFailed: the receiver cannot be reached.
        """
        try:
            self._socket = self._socket or self.destination.connected(self._timeout_s)
        except OSError as error:
            raise DeliveryFailed(
                f"syslog {self.destination}: expected a receiver that can be reached, received "
                f"{error}; check host and port, and that the receiver runs"
            ) from error

    def send(self, content: bytes) -> None:
        """Send one message of `message`.

        Raises:
            InputError: the message is too long for one datagram.
            DeliveryFailed: the receiver could not be reached or did not take it.
        """
        frame = framed(content, self.destination.transport)
        last: OSError | None = None
        for attempt in range(self._n_retries + 1):
            if attempt > 0:
                time.sleep(self._wait_s * 2 ** (attempt - 1))
            try:
                self._try(frame)
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    raise InputError(
                        f"syslog {self.destination}: a message of {len(frame):,} bytes does not "
                        f"fit in one datagram; send by tcp://, or in a shorter format"
                    ) from error
                self._drop()
                last = error
            else:
                self.n_sent += 1
                self._is_used = True
                return
        raise DeliveryFailed(
            f"syslog {self.destination}: an alert was not taken in {self._n_retries + 1} attempts "
            f"({last}); see that the receiver runs and can be reached, {self.n_sent:,} were sent "
            f"before"
        ) from last

    def close(self) -> None:
        """Say that nothing more comes, and hear whether the last messages were refused."""
        if self._socket is None:
            return
        try:
            is_refused = self._ends_refused(self._socket)
        except OSError:
            is_refused = True
        if is_refused:
            self._drop()
        self._forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _try(self, frame: bytes) -> None:
        if self._socket is None:
            self._socket = self.destination.connected(self._timeout_s)
        elif self.destination.transport is Transport.TCP:
            self._require_open(self._socket)
        self._socket.sendall(frame)

    def _require_open(self, connection: socket.socket) -> None:
        """Raise if the receiver has closed: the system would take one more message and drop it."""
        connection.setblocking(False)
        try:
            is_closed = connection.recv(_READ_BYTES) == b""
        except BlockingIOError:
            is_closed = False
        connection.settimeout(self._timeout_s)
        if is_closed:
            raise ConnectionResetError(errno.ECONNRESET, "closed by the receiver")

    def _ends_refused(self, connection: socket.socket) -> bool:
        """End what was begun; true, or an OSError, where the receiver did not take all of it."""
        if self.destination.transport is not Transport.TCP:
            return connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        connection.shutdown(socket.SHUT_WR)
        self._read_to_end(connection)
        return False

    def _read_to_end(self, connection: socket.socket) -> None:
        """Wait until the receiver closes too, `timeout_s` at most."""
        end_s = time.monotonic() + self._timeout_s
        while (left_s := end_s - time.monotonic()) > 0:
            connection.settimeout(left_s)
            try:
                if connection.recv(_READ_BYTES) == b"":
                    return
            except TimeoutError:
                return

    def _drop(self) -> None:
        """Give up the connection; count it if messages went over it."""
        self.n_breaks += self._is_used
        self._forget()

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._is_used = False

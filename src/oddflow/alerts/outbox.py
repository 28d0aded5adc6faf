"""Alerts on their way to a receiver that may be slow or away: they wait, and losses are counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Self, final

from oddflow.alerts.syslog import DeliveryFailed, SyslogSender
from oddflow.core.errors import InputError

MAX_WAITING = 10_000
"""Messages that wait for their receiver, at most."""
PATIENCE_S = 10.0
"""For those that wait when it is over."""


@final
class Outbox:
    """Sends messages in their order in a thread of its own, so that who watches never waits.

    Each is tried again and again until it was taken. A message is lost, and counted, if
    `max_waiting` others wait already, if it is too long for a datagram, or if it could not be
    sent within `patience_s` after `close`. All else is as `SyslogSender` has it: what the system
    took over before a connection broke may be lost too, which is `sender.n_breaks`.

    Attributes:
        sender: what sends them.
        reason: why a message was not taken, "" as long as all were.
    """

    def __init__(
        self,
        sender: SyslogSender,
        tell: Callable[[str], object],
        *,
        max_waiting: int = MAX_WAITING,
        wait_s: float = 1.0,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Start the thread.

        Args:
            sender: used by the thread alone from now on.
            tell: called with a sentence when the receiver goes away and when it is back.
            max_waiting: messages that wait, at most.
            wait_s: before a message is tried again.
            patience_s: that `close` gives those that wait.
        """
        self.sender = sender
        self.reason = ""
        self._tell = tell
        self._max_waiting = max_waiting
        self._wait_s = wait_s
        self._patience_s = patience_s
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._n_without_room = self._n_not_taken = 0
        self._is_away = False
        self._gives_up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def n_lost(self) -> int:
        """Messages that were lost for certain."""
        return self._n_without_room + self._n_not_taken

    def put(self, content: bytes) -> None:
        """Have a message sent; never waits."""
        if self._waiting.qsize() < self._max_waiting:
            self._waiting.put(content)
        else:
            self._n_without_room += 1

    def close(self) -> None:
        """Wait for those that wait, but for `patience_s` at most; the others are lost."""
        self._waiting.put(None)
        self._thread.join(self._patience_s)
        self._gives_up.set()
        self._thread.join()
        self.sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None and not issubclass(kind, Exception):
            self._gives_up.set()  # interrupted: nobody wants to wait
        self.close()

    def _run(self) -> None:
        while (content := self._waiting.get()) is not None:
            while not self._is_done(content):
                self._gives_up.wait(self._wait_s)

    def _is_done(self, content: bytes) -> bool:
        """Try to send a message; True if it was sent or is lost."""
        if self._gives_up.is_set():
            self._n_not_taken += 1
            return True
        try:
            self.sender.send(content)
        except InputError as error:  # too long; the next one may not be
            self._n_not_taken += 1
            self.reason = str(error)
            return True
        except DeliveryFailed as error:
            self.reason = str(error)
            if not self._is_away:
                self._is_away = True
                self._tell(f"{error}; alerts wait, {self._max_waiting:,} at most")
            return False
        if self._is_away:
            self._is_away = False
            self._tell(f"syslog {self.sender.destination}: alerts are taken again")
        return True

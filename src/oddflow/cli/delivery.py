"""Where the alerts of a run go: into a file or to stdout, to a syslog receiver, or both."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, final

from oddflow.alerts.alert import Alert
from oddflow.alerts.destination import Destination
from oddflow.alerts.formats import FORMATS
from oddflow.alerts.outbox import Outbox
from oddflow.alerts.syslog import SyslogSender, message
from oddflow.cli.options import Form
from oddflow.cli.sink import appending_sink


@final
class Delivery:
    """Writes and sends alerts as they come, without waiting for the receiver. Use it in a `with`.

    Attributes:
        n_alerts: that were given.
    """

    def __init__(
        self,
        output: Path | None,
        form: Form | None,
        destination: Destination | None,
        tell: Callable[[str], object],
    ) -> None:
        """Nothing is opened yet.

        Args:
            output: a file to append to; None for stdout, or for nothing if alerts are sent.
            form: of alerts; if None, EVE where they are written and CEF where they are sent.
            destination: receiver of syslog messages; None to send none.
            tell: called with a sentence when that goes away or is back.
        """
        self.n_alerts = 0
        self._output, self._form, self._destination = output, form, destination
        self._tell = tell
        self._ends = ExitStack()
        self._ways: list[Callable[[Alert], object]] = []
        self._outbox: Outbox | None = None

    @property
    def n_lost(self) -> int:
        """Alerts that could not be sent."""
        return 0 if self._outbox is None else self._outbox.n_lost

    def give(self, alert: Alert) -> None:
        """Let an alert go all of its ways."""
        self.n_alerts += 1
        for way in self._ways:
            way(alert)

    def to_json(self) -> dict[str, object]:
        """What became of the alerts."""
        counts: dict[str, object] = {"n_alerts": self.n_alerts}
        if self._outbox is not None:
            sender = self._outbox.sender
            counts |= {"n_sent": sender.n_sent, "n_lost": self.n_lost, "n_breaks": sender.n_breaks}
        return counts

    def warn(self) -> None:
        """Say on stderr what was lost, and what may be."""
        if self._outbox is None:
            return
        warn_of_breaks(self._outbox.sender)
        if self.n_lost:
            reason = self._outbox.reason or "they came faster than they could be sent"
            sys.stderr.write(
                f"oddflow: error: {self.n_lost:,} of {self.n_alerts:,} alerts were not delivered "
                f"({reason}); give -o FILE too, to keep all of them in a file\n"
            )

    def __enter__(self) -> Self:
        """Open the ways.

        Raises:
            InputError: the file cannot be written.
            DeliveryFailed: the receiver cannot be reached.
        """
        with ExitStack() as ends:
            if self._destination is not None:
                sender = SyslogSender(self._destination, n_retries=1, wait_s=0.1, timeout_s=2.0)
                sender.connect()
                self._outbox = ends.enter_context(Outbox(sender, self._tell))
                self._ways.append(_sending(self._outbox.put, self._form))
            if self._destination is None or self._output is not None:
                writer = FORMATS[self._form or Form.EVE]
                write = ends.enter_context(appending_sink(self._output, writer.header()))
                self._ways.append(lambda alert: write(writer.line(alert)))
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ends.__exit__(kind, error, traceback)


def sent(alerts: Iterable[Alert], form: Form | None, destination: Destination) -> Iterator[Alert]:
    """The same alerts, each of them sent before it is yielded.

    Args:
        alerts: in any number.
        form: CEF if None.
        destination: receiver of syslog messages; it is waited for.

    Raises:
        DeliveryFailed: the receiver cannot be reached, or did not take an alert.
    """
    with SyslogSender(destination) as sender:
        sender.connect()
        send = _sending(sender.send, form)
        for alert in alerts:
            send(alert)
            yield alert
    warn_of_breaks(sender)


def warn_of_breaks(sender: SyslogSender) -> None:
    """Say on stderr how many alerts may be lost though they were sent."""
    if sender.n_breaks:
        sys.stderr.write(
            f"oddflow: warning: syslog {sender.destination}: the way to the receiver broke "
            f"{sender.n_breaks:,} times; what was sent last before each may be lost\n"
        )


def _sending(send: Callable[[bytes], object], form: Form | None) -> Callable[[Alert], object]:
    """A function that sends an alert as a syslog message of this machine."""
    writer, hostname = FORMATS[form or Form.CEF], socket.gethostname()
    return lambda alert: send(message(alert, writer.line(alert), hostname=hostname))

"""Messages are of RFC 5424, and what frames them of RFC 6587."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from oddflow.alerts import cef, eve
from oddflow.alerts.alert import Alert
from oddflow.alerts.destination import Transport
from oddflow.alerts.syslog import framed, message
from tests.alerts.hostile import alerts, texts
from tests.alerts.receivers import messages, parsed
from tests.alerts.samples import ANSWER, SCAN


@pytest.mark.parametrize(("alert", "severity"), [(SCAN, 3), (ANSWER, 5)])
def test_a_message_is_of_the_rfc(alert: Alert, severity: int) -> None:
    content = message(alert, cef.line(alert), hostname="sensor-1")
    priority, hostname, text = parsed(content)
    assert (priority, hostname) == (16 * 8 + severity, b"sensor-1")
    assert text + b"\n" == cef.line(alert)


@settings(max_examples=50, deadline=None)
@given(alerts, texts)
def test_any_alert_of_any_sensor_is_of_the_rfc(alert: Alert, hostname: str) -> None:
    content = message(alert, eve.line(alert), hostname=hostname)
    _, _, text = parsed(content)
    assert text + b"\n" == eve.line(alert)
    assert messages(framed(content, Transport.TCP) * 2) == [content] * 2
    assert framed(content, Transport.UDP) == content


@pytest.mark.parametrize(
    "content",
    [b"", b"<131> x", b"<131>1 - a b c d - x", b"CEF:0|oddflow", b"<131>1 2026 a b c d - x"],
)
def test_what_is_not_of_the_rfc_is_noticed(content: bytes) -> None:
    with pytest.raises(AssertionError):
        parsed(content)


@pytest.mark.parametrize("stream", [b"5 abc", b"abc", b"3 abc\n3 abc", b"03 abc"])
def test_wrong_framing_is_noticed(stream: bytes) -> None:
    with pytest.raises(AssertionError):
        messages(stream)

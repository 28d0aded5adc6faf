"""URLs of syslog receivers."""

from __future__ import annotations

import pytest

from oddflow.alerts.destination import SYSLOG_PORT, Destination, Transport
from oddflow.core.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "udp://192.0.2.1:5514",
            Destination(transport=Transport.UDP, host="192.0.2.1", port=5514),
        ),
        ("udp://siem", Destination(transport=Transport.UDP, host="siem", port=SYSLOG_PORT)),
        (
            "tcp://siem.example:601/",
            Destination(transport=Transport.TCP, host="siem.example", port=601),
        ),
        (
            "tcp://[2001:db8::1]:6514",
            Destination(transport=Transport.TCP, host="2001:db8::1", port=6514),
        ),
        ("unix:///dev/log", Destination(transport=Transport.UNIX, path="/dev/log")),
    ],
)
def test_a_url_names_a_receiver(text: str, expected: Destination) -> None:
    found = Destination.parse(text)
    assert found == expected
    assert Destination.parse(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "siem:514",
        "http://siem:514",
        "tcp://",
        "tcp://:514",
        "tcp://siem:0",
        "tcp://siem:65536",
        "tcp://siem:port",
        "tcp://siem:514/path",
        "tcp://user@siem:514",
        "udp://[2001:db8::1",
        f"udp://{'x' * 64}",
        "unix://dev/log",
        "unix://",
    ],
)
def test_what_names_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"expected udp://HOST:PORT, tcp://HOST:PORT or unix:///"):
        Destination.parse(text)

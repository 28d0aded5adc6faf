"""CEF lines read back as what the alert holds: seven fields of the header, and known keys."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from oddflow.alerts import cef
from oddflow.alerts.alert import Alert
from oddflow.alerts.text import plain
from tests.alerts.checks import cef_fields
from tests.alerts.hostile import alerts, texts
from tests.alerts.samples import ANSWER, PING, SCAN

KEYS = {
    "externalId": (str, 40),
    "rt": (int, 19),
    "start": (int, 19),
    "end": (int, 19),
    "cat": (str, 1023),
    "src": (str, 15),
    "dst": (str, 15),
    "shost": (str, 4000),
    "dhost": (str, 4000),
    "spt": (int, 5),
    "dpt": (int, 5),
    "proto": (str, 31),
    "app": (str, 31),
    "in": (int, 19),
    "out": (int, 19),
    "msg": (str, 1023),
    **{f"cfp{i}": (float, 32) for i in (1, 2, 3)},
    **{f"cn{i}": (int, 19) for i in (1, 2, 3)},
    **{f"cs{i}": (str, 4000) for i in range(1, 7)},
    **{f"c6a{i}": (str, 45) for i in (2, 3)},
}
"""Keys of CEF's dictionary that we use: what they hold, and at most how many characters."""

LABELLED = re.compile(r"(cfp|cn|cs|c6a)\d")
REQUIRED = {"externalId", "rt", "cat", "cfp1", "cfp2", "cfp3", "cs1", "cs6", "msg"}


def check(data: bytes) -> dict[str, str]:
    """Assert that a line is of CEF, and give its extension."""
    head, extension = cef_fields(data)
    assert head[:3] == ["CEF:0", "oddflow", "oddflow"]
    assert 0 <= int(head[6]) <= 10
    values = {key: text for key, text in extension.items() if not key.endswith("Label")}
    assert set(values) >= REQUIRED, f"missing: {REQUIRED - set(values)}"
    for key, text in values.items():
        assert key in KEYS, f"{key} is no key of ours"
        kind, limit = KEYS[key]
        kind(text)
        assert len(text) <= limit, f"{key} has {len(text)} characters"
        assert (f"{key}Label" in extension) == bool(LABELLED.fullmatch(key)), f"label of {key}"
    return extension


@pytest.mark.parametrize("alert", [SCAN, ANSWER, PING])
def test_samples_are_of_cef(alert: Alert) -> None:
    check(cef.line(alert))


def as_cef_reads(text: str) -> str:
    """What is left of a text: line ends stay, other control characters are spaces."""
    return re.sub("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", " ", plain(text))


@settings(max_examples=150, deadline=None)
@given(alerts)
def test_texts_read_back(alert: Alert) -> None:
    extension = check(cef.line(alert))
    uid = alert.connection.uid
    assert extension.get("cs3") == (None if uid in {"", "-"} else as_cef_reads(uid))
    assert extension["cs4"] == as_cef_reads(alert.connection.conn_state)
    assert extension["msg"] == as_cef_reads(plain(alert.message, 1023))


@given(texts)
def test_a_field_of_the_header_stays_one(text: str) -> None:
    escaped = cef.in_header(text)
    assert not re.search(r"(?<!\\)(\\\\)*\|", escaped)
    assert re.sub(r"\\([\\|])", r"\1", escaped) == re.sub("[\n\r]", " ", as_cef_reads(text))


def test_both_versions_of_ip_have_keys_of_their_own() -> None:
    assert check(cef.line(SCAN))["src"] == "192.0.2.17"
    answer = check(cef.line(ANSWER))
    assert (answer["c6a2"], answer["c6a2Label"]) == ("2001:db8::53", "Source IPv6 Address")
    assert not {"src", "dst", "shost"} & set(answer)
    alert = replace(SCAN, connection=replace(SCAN.connection, resp_h="server"))
    assert check(cef.line(alert))["dhost"] == "server"


def test_icmp_has_type_and_code() -> None:
    ping = check(cef.line(PING))
    assert (ping["cn1"], ping["cn1Label"], ping["cn2"]) == ("128", "ICMP type", "0")
    assert not {"spt", "dpt", "app", "end"} & set(ping)


@pytest.mark.parametrize(
    "data",
    [
        cef.line(SCAN).replace(b"oddflow|oddflow|", b"oddflow|"),
        cef.line(SCAN).replace(b"CEF:0|", b"CEF:0|x|"),
        cef.line(SCAN).replace(b"Discovery|8|", b"Discovery|11|"),
        cef.line(SCAN).replace(b" spt=40312", b" spt=x"),
        cef.line(SCAN).replace(b" spt=", b" sourcePort="),
        cef.line(SCAN).replace(b" cs1Label=", b" cs7Label="),
        cef.line(SCAN).replace(b" cs3=", b" cs3=a spt=1 "),
        cef.line(SCAN).replace(b" cs3=", b" cs3=a=b"),
        cef.line(SCAN).replace(b" msg=", b" msg=" + b"x" * 1024),
    ],
)
def test_a_damaged_line_is_noticed(data: bytes) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(data)

"""Notices read back, by Zeek's own rules, as what the alert holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from oddflow.alerts import notice
from oddflow.alerts.alert import Alert
from oddflow.alerts.text import plain
from tests.alerts.checks import notice_fields
from tests.alerts.hostile import alerts
from tests.alerts.samples import ANSWER, PING, SCAN

ZEEK = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p fuid file_mime_type file_desc proto note msg "
    "sub src dst p n peer_descr actions email_dest suppress_for"
)
"""Logged fields of `Notice::Info`, in Zeek's order."""

REQUIRED = {"ts", "id.orig_p", "id.resp_p", "proto", "note", "msg", "sub", "actions"}


def fields(alert: Alert) -> dict[str, str | None]:
    return notice_fields(notice.header(), notice.line(alert))


def test_columns_are_those_of_zeek() -> None:
    names = [name for name, _ in notice.FIELDS]
    assert names == [*ZEEK.split(), "community_id"]
    kinds = {"time", "string", "addr", "port", "enum", "count", "interval"}
    assert {kind for _, kind in notice.FIELDS} == kinds | {"set[enum]", "set[string]"}


@settings(max_examples=150, deadline=None)
@given(alerts)
def test_texts_read_back(alert: Alert) -> None:
    found = fields(alert)
    assert all(found[name] is not None for name in REQUIRED)
    assert found["msg"] == plain(alert.message)
    uid = alert.connection.uid
    assert found["uid"] == (None if uid in {"", "-"} else plain(uid))
    assert found["proto"] in {"tcp", "udp", "icmp", "unknown_transport"}


def test_a_scan_reads_back() -> None:
    found = fields(SCAN)
    assert found["ts"] == "1767323045.678901"
    assert (found["id.orig_h"], found["id.orig_p"]) == ("192.0.2.17", "40312")
    assert found["note"] == "Oddflow::Network_Service_Discovery"
    assert found["email_dest"] == ""
    assert found["fuid"] is None


@pytest.mark.parametrize("uid", ["-", "(empty)", "a\tb", "a\\x09b", "é", "x\x85"])
def test_a_text_that_reads_as_a_mark_is_told_apart(uid: str) -> None:
    alert = replace(SCAN, connection=replace(SCAN.connection, uid=uid))
    assert fields(alert)["uid"] == (None if uid == "-" else uid)


def test_a_host_without_an_address_is_unset() -> None:
    alert = replace(ANSWER, connection=replace(ANSWER.connection, resp_h="server"))
    found = fields(alert)
    assert (found["id.resp_h"], found["dst"], found["community_id"]) == (None, None, None)
    assert found["id.orig_h"] == "2001:db8::53"


def test_icmp_has_type_and_code_for_ports_as_in_zeek() -> None:
    assert (fields(PING)["id.orig_p"], fields(PING)["id.resp_p"]) == ("128", "0")


@pytest.mark.parametrize(
    "data",
    [
        notice.line(SCAN).replace(b"\ttcp\t", b"\t"),
        notice.line(SCAN).replace(b"\ttcp\t", b"\t\t"),
        notice.line(SCAN).replace(b"CX4f2p1mYqRz8nVt5c", b"C\\q"),
        notice.line(SCAN) + b"#close\t2026-01-02-03-04-05\n",
        b"#" + notice.line(SCAN),
    ],
)
def test_a_damaged_line_is_noticed(data: bytes) -> None:
    with pytest.raises(AssertionError):
        notice_fields(notice.header(), data)

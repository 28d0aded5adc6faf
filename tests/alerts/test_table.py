"""CSV rows read back as what the alert holds, and never as a formula."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from oddflow.alerts import table
from oddflow.alerts.alert import Alert
from oddflow.alerts.text import escaped
from tests.alerts.checks import csv_fields
from tests.alerts.hostile import alerts
from tests.alerts.samples import ANSWER, SCAN

REQUIRED = {
    "time": str,
    "alert_id": str,
    "signature_id": int,
    "signature": str,
    "severity": str,
    "orig_p": int,
    "resp_p": int,
    "score": float,
    "p_value": float,
    "threshold": float,
    "row": int,
}
OPTIONAL = {"duration_s": float, "orig_bytes": int, "resp_bytes": int, "orig_pkts": int}


def check(data: bytes) -> dict[str, str]:
    """Assert that columns hold what they should, and give them."""
    found = csv_fields(table.header(), data)
    assert tuple(found) == table.COLUMNS
    for name, kind in REQUIRED.items():
        assert found[name], f"{name} is empty"
        kind(found[name])
    for name, kind in OPTIONAL.items():
        assert not found[name] or kind(found[name]) >= 0, name
    formulas = {
        name: text
        for name, text in found.items()
        if text[:1] in set("=+-@\t\r") and text != "-" and not _is_number(text)
    }
    assert not formulas, f"a spreadsheet would reckon {formulas}"
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(alerts)
def test_texts_read_back(alert: Alert) -> None:
    found = check(table.line(alert))
    for name in ("uid", "conn_state", "service", "orig_h"):
        assert found[name].removeprefix("'") == escaped(
            getattr(alert.connection, name)
        ).removeprefix("'")


def test_a_scan_reads_back() -> None:
    found = check(table.line(SCAN))
    assert (found["orig_h"], found["orig_p"], found["orig_bytes"]) == ("192.0.2.17", "40312", "0")
    assert found["techniques"].startswith("T1046 (0.9): 214 connections to this host in 2 s")


def test_what_is_not_known_is_empty() -> None:
    found = check(table.line(ANSWER))
    assert {found[name] for name in ("duration_s", "orig_pkts", "uid", "techniques")} == {""}


@pytest.mark.parametrize(
    ("service", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-", "-"),
        ("=", "'="),
        ("ssl,http", "ssl,http"),
    ],
)
def test_formulas_are_defused(service: str, written: str) -> None:
    alert = replace(SCAN, connection=replace(SCAN.connection, service=service))
    assert check(table.line(alert))["service"] == written


@pytest.mark.parametrize(
    "data",
    [
        table.line(SCAN).replace(b'"tcp",', b""),
        table.line(SCAN).replace(b'"tcp"', b'"tcp""'),
        table.line(SCAN).replace(b'"40312"', b'"port"'),
        table.line(SCAN).replace(b'"REJ"', b'"=1+1"'),
        table.line(SCAN).replace(b'"REJ"', b'"RE\nJ"'),
        table.line(SCAN).replace(b"\r\n", b"\n"),
        table.line(SCAN) * 2,
    ],
)
def test_a_damaged_row_is_noticed(data: bytes) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(data)

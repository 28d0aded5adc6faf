"""What holds for every format: golden files, one line an alert, nothing kept between alerts."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.alerts.alert import Alert
from oddflow.alerts.formats import FORMATS, Format
from tests.alerts.checks import (
    cef_fields,
    csv_fields,
    json_object,
    notice_fields,
    one_line,
)
from tests.alerts.hostile import alerts
from tests.alerts.regenerate import FOLDER, content, marked
from tests.alerts.samples import ANSWER, PING, SCAN

every_format = pytest.mark.parametrize("name", sorted(FORMATS))
JSON = ("eve", "ecs", "ocsf")


def read(form: Format, data: bytes, name: str) -> object:
    """The record that a strict reader of a format finds in one line."""
    if name in JSON:
        return json_object(data)
    if name == "cef":
        return cef_fields(data)
    if name == "notice":
        return notice_fields(form.header(), data)
    return csv_fields(form.header(), data)


@every_format
def test_files_are_as_they_were(name: str) -> None:
    expected = (FOLDER / f"{name}.txt").read_bytes()
    assert marked(content(FORMATS[name])) == expected


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(FORMATS)


@every_format
@settings(max_examples=150, deadline=None)
@given(alert=alerts)
def test_whatever_an_alert_holds_it_is_one_record(name: str, alert: Alert) -> None:
    form = FORMATS[name]
    read(form, form.line(alert), name)


@every_format
@settings(max_examples=20, deadline=None)
@given(several=st.lists(alerts, min_size=2, max_size=3))
def test_a_file_has_as_many_records_as_alerts(name: str, several: list[Alert]) -> None:
    form = FORMATS[name]
    lines = [form.line(alert) for alert in several]
    text = (form.header() + b"".join(lines)).decode()
    if name == "csv":
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert len(rows) == 1 + len(several)
    else:
        assert len(text.splitlines()) == len(form.header().splitlines()) + len(several)
    assert lines == [form.line(alert) for alert in several], "a line depends on those before it"


@every_format
@pytest.mark.parametrize("alert", [SCAN, ANSWER, PING])
def test_each_sample_names_its_alert(name: str, alert: Alert) -> None:
    assert alert.alert_id in FORMATS[name].line(alert).decode()


def with_uid(uid: str) -> Alert:
    return replace(SCAN, connection=replace(SCAN.connection, uid=uid))


@every_format
@pytest.mark.parametrize(
    ("uid", "names"),
    [
        ("a\nb", {*JSON, "cef", "csv", "notice"}),
        ("a\r\nb", {*JSON, "cef", "csv", "notice"}),
        ("a\x00b", {*JSON, "cef", "csv", "notice"}),
        ("a\u2028b", {*JSON, "cef", "csv", "notice"}),
        ("a\ud800b", {*JSON, "cef", "csv", "notice"}),
        ("a\tb", {*JSON, "notice"}),
        ('a"b', {*JSON, "csv"}),
        ("a\\qb", {*JSON, "cef", "notice"}),
        ("a\\", {"cef", "notice"}),
        ("a src=192.0.2.9", {"cef"}),
        ('a","uid":"b', {*JSON, "csv"}),
    ],
)
def test_a_writer_that_does_not_escape_is_noticed(name: str, uid: str, names: set[str]) -> None:
    form = FORMATS[name]
    read(form, form.line(with_uid(uid)), name)
    as_it_came = form.line(with_uid("UID")).decode().replace("UID", uid)
    if name in names:
        with pytest.raises((AssertionError, ValueError)):
            read(form, as_it_came.encode("utf-8", "surrogatepass"), name)


@pytest.mark.parametrize(
    "data", [b"{}", b"{}\n{}\n", b"\xff\n", b"a\x0bb\n", "a\u2028b\n".encode(), b"a\x1bb\n"]
)
def test_more_or_less_than_a_line_is_noticed(data: bytes) -> None:
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        one_line(data)


def test_json_with_a_key_twice_or_nan_is_noticed() -> None:
    for data in (b'{"a":1,"a":2}\n', b'{"a":NaN}\n'):
        json.loads(data)
        with pytest.raises(AssertionError):
            json_object(data)

"""Text that is made safe says the same, as far as it can."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.alerts.text import (
    MAX_TEXT,
    address,
    escaped,
    json_line,
    milliseconds,
    moment,
    plain,
    rfc3339,
    spaced,
)
from tests.alerts.hostile import texts


@given(texts)
def test_plain_text_can_be_encoded_and_is_bounded(text: str) -> None:
    safe = plain(text)
    assert safe.encode().decode() == safe
    assert len(safe) <= MAX_TEXT
    if len(text) <= MAX_TEXT and text.isascii():
        assert safe == text


def test_a_cut_shows() -> None:
    assert plain("x" * 10_000) == "x" * (MAX_TEXT - 1) + "…"
    assert plain("x" * MAX_TEXT) == "x" * MAX_TEXT


@given(texts)
def test_escapes_can_be_undone(text: str) -> None:
    raw = re.sub(
        rb"\\x([0-9a-f]{2})",
        lambda match: bytes([int(match[1], 16)]),
        escaped(text).encode(),
    )
    assert raw.decode() == plain(text)


@given(texts)
def test_spaces_stand_for_control_characters(text: str) -> None:
    assert len(spaced(text)) == len(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", spaced(text))


@given(st.recursive(texts | st.integers(0, 2**63) | st.booleans(), st.lists, max_leaves=5))
def test_json_reads_back_as_what_was_written(value: object) -> None:
    def kept(item: object) -> object:
        if isinstance(item, list):
            return [kept(each) for each in item if kept(each) != []]
        return plain(item) if isinstance(item, str) else item

    expected = {} if kept(value) == [] else {"key": kept(value)}
    assert json.loads(json_line({"key": value})) == expected


def test_json_leaves_out_what_is_not_known() -> None:
    fields: dict[str, object] = {
        "none": None,
        "nan": float("nan"),
        "inf": float("-inf"),
        "empty": {"inner": None, "list": []},
        "zero": 0,
        "false": False,
        "text": "",
    }
    assert json_line(fields) == b'{"zero":0,"false":false,"text":""}\n'


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1767323045.678901, datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)),
        (-5.0, datetime(1970, 1, 1, tzinfo=UTC)),
        (float("nan"), datetime(1970, 1, 1, tzinfo=UTC)),
        (float("inf"), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (1.6e13, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_every_time_is_some_date(seconds: float, expected: datetime) -> None:
    assert moment(seconds) == expected


def test_forms_of_a_time() -> None:
    assert rfc3339(1767323045.678901) == "2026-01-02T03:04:05.678901Z"
    assert milliseconds(1767323045.678901) == 1767323045678


@pytest.mark.parametrize("text", ["", "server", "192.0.2", "192.0.2.1/24", "::1::", "%eth0"])
def test_what_is_not_an_address(text: str) -> None:
    assert address(text) is None


def test_a_zone_cannot_smuggle_text_into_an_address() -> None:
    assert str(address("fe80::1%\nforged")) == "fe80::1"

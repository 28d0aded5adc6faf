"""Strict readers of the formats. Each raises AssertionError on anything but one whole record."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

EVERY_BREAK = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Whatever Python, a browser or a log shipper may take for the end of a line."""


def one_line(data: bytes, *, end: str = "\n") -> str:
    """The text of a line without its end: UTF-8, and nothing in it that anyone splits at."""
    text = data.decode("utf-8")
    assert text.endswith(end), f"no line end in {data[-20:]!r}"
    body = text.removesuffix(end)
    found = EVERY_BREAK.search(body)
    assert found is None, f"a line end within the line at {found}: {body[:200]!r}"
    assert not re.search("[\x00-\x1f\x7f]", body.replace("\t", "")), "control characters"
    return body


def json_object(data: bytes) -> dict[str, Any]:
    """The object of a line, which has each key once."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key twice among {keys}"
        return dict(pairs)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    body = json.loads(one_line(data), object_pairs_hook=unique, parse_constant=refuse)
    assert isinstance(body, dict)
    return body


def notice_fields(header: bytes, data: bytes) -> dict[str, str | None]:
    """Values by name as Zeek reads them, by what the header says; None for what is not set."""
    marks = dict(text.split("\t", 1) for text in header.decode().splitlines()[1:])
    names = marks["#fields"].split("\t")
    values = one_line(data).split("\t")
    assert not values[0].startswith("#"), "a line of values that reads as a header"
    assert len(values) == len(names), f"expected {len(names)} columns, received {len(values)}"
    return {
        name: None if value == marks["#unset_field"] else _from_zeek(value, marks["#empty_field"])
        for name, value in zip(names, values, strict=True)
    }


def _from_zeek(value: str, empty: str) -> str:
    assert value, "a column without anything in it"
    if value == empty:
        return ""
    assert re.fullmatch(r"([^\\]|\\x[0-9a-f]{2})*", value), f"a bare backslash in {value!r}"
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), value.encode())
    return raw.decode("utf-8")


def cef_fields(data: bytes) -> tuple[list[str], dict[str, str]]:
    """Fields of the header, and values of the extension by key."""
    body = one_line(data)
    *head, rest = re.split(r"(?<!\\)(?:\\\\)*\|", body, maxsplit=7)
    assert len(head) == 7, f"expected 7 fields in the header, received {len(head)}: {body[:200]}"
    parts = re.split(r"(?:^| )([A-Za-z0-9]+)=", rest)
    assert parts[0] == "", f"text before the first key: {parts[0]!r}"
    keys, values = parts[1::2], parts[2::2]
    assert len(keys) == len(set(keys)), f"a key twice among {keys}"
    bare = [value for value in values if not re.fullmatch(r"([^\\=]|\\[\\=nr])*", value)]
    assert not bare, f"values with bare escapes or signs: {bare}"
    return head, dict(zip(keys, (_from_cef(value) for value in values), strict=True))


def _from_cef(value: str) -> str:
    meanings = {"n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda match: meanings.get(match[1], match[1]), value)


def csv_fields(header: bytes, data: bytes) -> dict[str, str]:
    """Values by name of a row of RFC 4180."""
    one_line(data, end="\r\n")
    text = (header + data).decode()
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise AssertionError(f"not of RFC 4180: {error}") from error
    assert len(rows) == 2, f"expected one row, received {len(rows) - 1}"
    names, values = rows
    assert len(values) == len(names), f"expected {len(names)} fields, received {len(values)}"
    return dict(zip(names, values, strict=True))

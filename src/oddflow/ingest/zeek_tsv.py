"""Connections of a Zeek `conn.log` in Zeek's own form: lines of fields, described by a header.

The header says which columns there are and in which order, so any number of them in any order is
read; those that a connection has no place for are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import polars as pl

from oddflow.core.connection import NAMES
from oddflow.ingest.conn_columns import NUMBERS, read_columns
from oddflow.ingest.reading import WRONG_WIDTH, Read
from oddflow.ingest.zeek_columns import COLUMNS, MAYBE_NAMES, OTHER_NAMES, REQUIRED

_SEPARATOR, _FIELDS = "#separator ", "#fields"
_ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})")
_TAB, _COMMA = "\t", ","
_TIMES = ("start_s", "duration_s")


@dataclass(frozen=True, slots=True)
class Header:
    """What the `#` lines of a log said so far; how Zeek writes by default, before any.

    Attributes:
        separator: between two fields, one character.
        set_separator: between the members of a field that is a set.
        empty_field: in place of a set without members.
        unset_field: in place of a value that is not there.
        columns: names of the fields, or () before `#fields` came or where it has no connections.
        missing: columns of `REQUIRED` that `#fields` lacks.
        used: form of the last line that was no comment, None before any; not compared, as the next.
        n_changes: how often a line had another form than the one before.
    """

    separator: str = _TAB
    set_separator: str = _COMMA
    empty_field: str = "(empty)"
    unset_field: str = "-"
    columns: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    used: Header | None = field(default=None, compare=False, repr=False)
    n_changes: int = field(default=0, compare=False)


def with_line(header: Header, line: str) -> Header:
    """The header after one more `#` line; comments that say nothing about the form change nothing.

    A `#separator` begins a new header: logs get concatenated.
    """
    if line.startswith(_SEPARATOR):
        separator = _unescaped(line.removeprefix(_SEPARATOR))
        return Header(separator=separator, used=header.used, n_changes=header.n_changes)
    name, *values = line.split(header.separator)
    if name == _FIELDS:
        written = frozenset(values)
        values = [_usual(column, written) for column in values]
        missing = tuple(column for column in REQUIRED if column not in values)
        return replace(header, columns=() if missing else tuple(values), missing=missing)
    match name, values:
        case "#set_separator", [text]:
            return replace(header, set_separator=text)
        case "#empty_field", [text]:
            return replace(header, empty_field=text)
        case "#unset_field", [text]:
            return replace(header, unset_field=text)
    return header


def in_use(header: Header) -> Header:
    """The header as lines come that are no comments."""
    if header.used == header:
        return header
    n_changes = header.n_changes + (header.used is not None)
    return replace(header, used=replace(header, used=None, n_changes=0), n_changes=n_changes)


def _usual(column: str, written: frozenset[str]) -> str:
    usual = OTHER_NAMES.get(column, column)
    return column if usual in written else usual


def _unescaped(text: str) -> str:
    r"""One character, as is or as `\x09`; the default where it is neither."""
    if escaped := _ESCAPED.fullmatch(text):
        return chr(int(escaped[1], base=16))
    return text if len(text) == 1 else _TAB


def parse_rows(header: Header, lines: pl.Series) -> Read:
    """The connections of some lines, none of which is a comment.

    Args:
        header: of these lines, with its columns.
        lines: without their line ends.
    """
    width = len(header.columns)
    is_whole = lines.str.count_matches(header.separator, literal=True) == width - 1
    whole = lines if is_whole.all() else lines.filter(is_whole)
    fields = whole.str.split_exact(header.separator, width - 1).struct.unnest()
    texts = {
        ours: fields.to_series(header.columns.index(zeeks))
        for zeeks, ours in COLUMNS.items()
        if zeeks in header.columns
    }
    read = _read(header, texts)
    n_others = len(lines) - len(whole)
    return Read(read.connections, {WRONG_WIDTH: n_others, **read.skipped}) if n_others else read


def _read(header: Header, texts: dict[str, pl.Series]) -> Read:
    absent = [header.unset_field, header.empty_field, ""]
    n_rows = len(texts["start_s"])
    columns, unreadable = {}, {}
    for name in NUMBERS:
        kind = pl.Float64 if name in _TIMES else pl.Int64
        if name not in texts:
            columns[name] = pl.repeat(None, n_rows, dtype=kind, eager=True)
            continue
        columns[name] = texts[name].cast(kind, strict=False)
        n_unset = (texts[name] == header.unset_field).sum()
        if columns[name].null_count() != n_unset:
            unreadable[name] = columns[name].is_null() & ~texts[name].is_in(absent)
    for name in NAMES:
        otherwise = MAYBE_NAMES.get(name)
        columns[name] = texts.get(name, pl.repeat(otherwise, n_rows, dtype=pl.String, eager=True))
        for value in absent:
            if otherwise not in (None, value) and (columns[name] == value).any():
                columns[name] = columns[name].replace(value, otherwise)
    if header.set_separator not in ("", _COMMA):
        columns["service"] = columns["service"].str.replace_all(
            header.set_separator, _COMMA, literal=True
        )
    return read_columns(columns, unreadable)

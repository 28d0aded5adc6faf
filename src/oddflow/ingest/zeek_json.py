"""Connections of a Zeek `conn.log` as JSON lines, with any of the times that Zeek can write."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from oddflow.core.connection import COUNTS
from oddflow.ingest.conn_columns import read_columns, whole_numbers
from oddflow.ingest.iso_time import epoch_seconds, written_seconds
from oddflow.ingest.json_lines import Records, json_columns
from oddflow.ingest.raw_lines import TextLines
from oddflow.ingest.reading import Read
from oddflow.ingest.zeek_columns import COLUMNS, MAYBE_NAMES, UNTOLD

_ZEEK_NAMES = {ours: zeeks for zeeks, ours in COLUMNS.items()}
_UNDERSCORED = {ours: zeeks.replace(".", "_") for ours, zeeks in _ZEEK_NAMES.items()}


class _Row(msgspec.Struct, gc=False, rename=_ZEEK_NAMES.get):
    start_s: float | str
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int
    proto: str
    conn_state: str
    uid: str | None = None
    service: str | list[str] | None = None
    history: str | None = None
    duration_s: float | None = None
    orig_bytes: int | None = None
    resp_bytes: int | None = None
    missed_bytes: int | None = None
    orig_pkts: int | None = None
    orig_ip_bytes: int | None = None
    resp_pkts: int | None = None
    resp_ip_bytes: int | None = None


_RowOfUnderscores = msgspec.defstruct(
    "_RowOfUnderscores",
    [
        (field.name, field.type) if field.required else (field.name, field.type, field.default)
        for field in msgspec.structs.fields(_Row)
    ],
    gc=False,
    rename=_UNDERSCORED.get,
)


def _values(rows: list[_Row]) -> dict[str, list[Any]]:
    return {
        "start_s": [row.start_s for row in rows],
        "orig_h": [row.orig_h for row in rows],
        "orig_p": [row.orig_p for row in rows],
        "resp_h": [row.resp_h for row in rows],
        "resp_p": [row.resp_p for row in rows],
        "proto": [row.proto for row in rows],
        "conn_state": [row.conn_state for row in rows],
        "uid": [row.uid for row in rows],
        "service": [row.service for row in rows],
        "history": [row.history for row in rows],
        "duration_s": [row.duration_s for row in rows],
        "orig_bytes": [row.orig_bytes for row in rows],
        "resp_bytes": [row.resp_bytes for row in rows],
        "missed_bytes": [row.missed_bytes for row in rows],
        "orig_pkts": [row.orig_pkts for row in rows],
        "orig_ip_bytes": [row.orig_ip_bytes for row in rows],
        "resp_pkts": [row.resp_pkts for row in rows],
        "resp_ip_bytes": [row.resp_ip_bytes for row in rows],
    }


_ROWS = Records(_values, [msgspec.json.Decoder(_Row), msgspec.json.Decoder(_RowOfUnderscores)])
_WHOLE = ("orig_p", "resp_p", *(name for name in COUNTS if name not in UNTOLD))
_NEEDED_NAMES = ("orig_h", "resp_h", "proto", "conn_state")


def parse_objects(lines: TextLines) -> Read:
    """The connections of some lines, each of them a JSON object as Zeek writes it.

    Times may be seconds or milliseconds since 1970, as numbers or as text, or ISO 8601.
    """
    values, skipped = json_columns(_ROWS, lines)
    nothing = pl.repeat(None, len(values["start_s"]), dtype=pl.Int64, eager=True)
    columns = dict.fromkeys(UNTOLD, nothing)
    columns |= {name: whole_numbers(values[name]) for name in _WHOLE}
    columns |= {name: pl.Series(values[name], dtype=pl.String) for name in _NEEDED_NAMES}
    columns["start_s"] = _seconds(values["start_s"])
    columns["duration_s"] = pl.Series(values["duration_s"], dtype=pl.Float64)
    for name, otherwise in MAYBE_NAMES.items():
        names = _names(values[name])
        names = names.fill_null(otherwise) if names.null_count() else names
        columns[name] = names.replace("", otherwise) if (names == "").any() else names
    read = read_columns(columns)
    return Read(read.connections, {**skipped, **read.skipped})


def _names(values: list[Any]) -> pl.Series:
    """Names, and sets of them as the list that Zeek writes otherwise, `http,ssl`."""
    try:
        return pl.Series(values, dtype=pl.String)
    except TypeError:
        joined = [",".join(names) if isinstance(names, list) else names for names in values]
        return pl.Series(joined, dtype=pl.String)


def _seconds(times: list[Any]) -> pl.Series:
    try:
        return epoch_seconds(pl.Series(times, dtype=pl.Float64))
    except TypeError:
        return written_seconds(pl.Series([str(time) for time in times], dtype=pl.String))

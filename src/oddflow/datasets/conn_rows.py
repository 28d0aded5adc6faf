"""Labelled connections of Zeek, as IoT-23 has them: in Zeek's own form, or as CSV.

Zeek's form has `#` lines and tabs between 21 fields, of which the last holds three columns:
`tunnel_parents`, `label` and `detailed-label`, with three blanks between them. The CSV has the 23
columns, and nothing where Zeek writes `-`. The first line tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oddflow.core.conn import CONN, UNSET
from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.matrix import FeatureMatrix
from oddflow.datasets.columns import (
    Column,
    Place,
    categories_of,
    feature_column,
    feature_matrix,
    name_column,
)
from oddflow.datasets.kept_lines import KeptLines, read_kept
from oddflow.ingest.source import LineBlock, line_blocks

BLOCK_ROWS = 65_536
"""Rows that are parsed at once, at most."""

FIELDS = (
    *("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service"),
    *("duration", "orig_bytes", "resp_bytes", "conn_state", "local_orig", "local_resp"),
    *("missed_bytes", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes"),
    *("tunnel_parents", "label", "detailed-label"),
)
"""The columns of both forms, in order."""

_BLANKS = "   "
_FIELDS_LINE = "\t".join(["#fields", *FIELDS])
_NOTHING = ("", UNSET)
_MAX_PORT = 65_535
_MAX_S = 253_402_300_800.0  # the year 10000
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, eq=False, slots=True)
class ConnBlock:
    """Consecutive connections of a file.

    Attributes:
        features: of the n connections, in profile `conn`; n may be 0.
        start_s: when each began, seconds since 1970, shape (n,).
        orig_h: address of its originator, shape (n,), strings.
        resp_h: address of its responder, shape (n,), strings.
        label: as written, such as `Benign` or `Malicious`, shape (n,), strings.
        detail: the detailed label as written, `-` for none, shape (n,), strings.
        n_blanks: connections with three columns in one field.
    """

    features: FeatureMatrix
    start_s: NDArray[np.float64]
    orig_h: NDArray[np.object_]
    resp_h: NDArray[np.object_]
    label: NDArray[np.object_]
    detail: NDArray[np.object_]
    n_blanks: int


def parse_conn_rows(
    stream: BufferedIOBase,
    path: str | Path,
    details: Sequence[str],
    *,
    block_rows: int = BLOCK_ROWS,
) -> Iterator[ConnBlock]:
    """The connections of a file, block by block and in its order.

    Args:
        stream: uncompressed bytes.
        path: where they come from, for error messages.
        details: the detailed labels that malicious connections may have.
        block_rows: connections in a block, at most; memory grows with it, results do not change.

    Raises:
        InputError: `block_rows` is below 1.
        MalformedInput: a header, row or value is wrong, or there is no connection.
    """
    if block_rows < 1:
        raise InputError(f"expected block_rows of 1 or more, received {block_rows}")
    columns, n_rows = _columns(details), 0
    blocks = line_blocks(stream, path, max_lines=block_rows)
    first = next(blocks, None)
    if first is not None:
        rows_of = _zeek_rows if first.lines[0].startswith("#") else _csv_rows
        for rows in rows_of(path, chain([first], blocks)):
            block = _block(rows, read_kept(rows.place, rows.text, rows.keep, columns))
            n_rows += len(block.features)
            yield block
    if n_rows == 0:
        raise MalformedInput(
            path,
            "expected a header and at least one connection, received none; give a labelled "
            "conn.log or its CSV",
        )


class _Rows(NamedTuple):
    """Lines as comma-separated values, those to keep among them, and `ConnBlock.n_blanks`."""

    place: Place
    text: pl.Series
    keep: pl.Series
    n_blanks: int


def _csv_rows(path: str | Path, blocks: Iterator[LineBlock]) -> Iterator[_Rows]:
    for first_line, lines in blocks:
        if first_line == 1:
            if tuple(name.strip() for name in lines[0].split(",")) != FIELDS:
                raise _wrong_header(path, 1, f"{lines[0][:60]!r}")
            first_line, lines = 2, lines[1:]  # noqa: PLW2901 - the block without its header
        text = pl.Series(lines, dtype=pl.String)
        yield _Rows(Place(path, first_line), text, pl.repeat(True, len(text), eager=True), 0)


def _zeek_rows(path: str | Path, blocks: Iterator[LineBlock]) -> Iterator[_Rows]:
    is_headed = False
    for first_line, lines in blocks:
        written = pl.Series(lines, dtype=pl.String)
        text = written.str.replace_all(_BLANKS, "\t", literal=True)
        is_row = ~text.str.starts_with("#")
        if not is_headed:
            n_head = int(is_row.arg_max() or 0) if is_row.any() else len(text)
            is_headed = bool((text.head(n_head) == _FIELDS_LINE).any())
            if n_head < len(text) and not is_headed:
                raise _wrong_header(path, first_line + n_head, "a connection before them")
        n_blanks = int((is_row & written.str.contains(_BLANKS, literal=True)).sum())
        as_csv = text.str.replace_all("\t", ",", literal=True)
        yield _Rows(Place(path, first_line), as_csv, is_row, n_blanks)


def _wrong_header(path: str | Path, line: int, received: str) -> MalformedInput:
    return MalformedInput(
        path,
        f"expected the {len(FIELDS)} columns of a labelled conn.log from {FIELDS[0]!r} to "
        f"{FIELDS[-1]!r}, received {received}; give the file as published",
        line=line,
    )


def _block(rows: _Rows, kept: KeptLines) -> ConnBlock:
    values = dict(zip(FIELDS, kept.columns, strict=True))
    _require_agreement(rows.place.path, kept, values["label"], values["detailed-label"])
    ready = {name: values[name] for name in CONN.names if name in values}
    ready["resp_p"] = values["id.resp_p"].cast(pl.Int64).cast(pl.String)
    for name in ("service", "history"):
        ready[name] = values[name].replace("", UNSET)
    for name in ("duration", "orig_bytes", "resp_bytes"):
        ready[name] = values[name].cast(pl.Float64, strict=False)
    no_bytes = ready["orig_bytes"].is_null() | ready["resp_bytes"].is_null()
    ready["bytes_unset"] = no_bytes.cast(pl.Float64)
    ready["duration_unset"] = ready["duration"].is_null().cast(pl.Float64)
    for name in ("duration", "orig_bytes", "resp_bytes"):
        ready[name] = ready[name].fill_null(0.0)
    return ConnBlock(
        features=feature_matrix(CONN, [ready[name] for name in CONN.names]),
        start_s=values["ts"].to_numpy(),
        orig_h=categories_of(values["id.orig_h"]).names(),
        resp_h=categories_of(values["id.resp_h"]).names(),
        label=categories_of(values["label"]).names(),
        detail=categories_of(values["detailed-label"].replace("", UNSET)).names(),
        n_blanks=rows.n_blanks,
    )


def _require_agreement(
    path: str | Path, kept: KeptLines, label: pl.Series, detail: pl.Series
) -> None:
    wrong = ((label.str.to_lowercase() == "benign") != detail.is_in(_NOTHING)).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise MalformedInput(
            path,
            "expected no detailed label for Benign and one for Malicious, received "
            f"{detail[row]!r} for {label[row]}; correct the row or remove it",
            line=int(kept.numbers[row]),
            column=len(FIELDS),
        )


def _columns(details: Sequence[str]) -> list[Column]:
    """What each of `FIELDS` must hold."""
    known = [*_NOTHING, *details]
    ours = {
        "ts": Column(
            "ts",
            "seconds since 1970",
            True,
            lambda values: values.is_between(0, _MAX_S),
        ),
        "uid": name_column("uid", "letters and digits", r"^[A-Za-z0-9]{1,32}$"),
        "service": name_column("service", "a name or nothing", r"^[A-Za-z0-9_./+-]{0,64}$"),
        "history": name_column("history", "letters or nothing", r"^(-|[A-Za-z^]{0,64})$"),
        "label": name_column("label", "Benign or Malicious", r"^(?i:benign|malicious)$"),
        "detailed-label": Column(
            "detailed-label",
            f"nothing or one of {', '.join(details)}",
            False,
            lambda values: values.is_in(known),
        ),
    }
    ours |= {name: _address(name) for name in ("id.orig_h", "id.resp_h")}
    ours |= {name: _port(name) for name in ("id.orig_p", "id.resp_p")}
    ours |= {name: _maybe_number(name) for name in ("duration", "orig_bytes", "resp_bytes")}
    features = {feature.name: feature_column(feature) for feature in CONN.features}
    return [ours.get(name) or features.get(name) or _anything(name) for name in FIELDS]


def _address(name: str) -> Column:
    return name_column(name, "an IP address", r"^[0-9a-fA-F:.]{2,45}$")


def _port(name: str) -> Column:
    return Column(
        name,
        f"a whole number from 0 to {_MAX_PORT}",
        True,
        lambda values: values.is_between(0, _MAX_PORT) & (values == values.floor()),
    )


def _maybe_number(name: str) -> Column:
    def is_right(values: pl.Series) -> pl.Series:
        number = values.cast(pl.Float64, strict=False)
        return values.is_in(_NOTHING) | number.is_between(0, _LARGEST).fill_null(value=False)

    return Column(name, "a finite number of 0 or more, or nothing", False, is_right)


def _anything(name: str) -> Column:
    return Column(name, "anything", False, pl.Series.is_not_null)

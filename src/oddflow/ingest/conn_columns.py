"""Columns of any log as `Connections`: each value is checked, and wrong rows are counted.

This is the one place where what a log says becomes what a connection holds, so that every reader
has the same bounds: no negative, infinite or absurd number, no name that is long or could steer a
terminal, one spelling for each address.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oddflow.core.conn import PROTOCOLS, STATES
from oddflow.core.connection import COUNTS, NAMES, UNKNOWN, Connections
from oddflow.core.matrix import Categories
from oddflow.ingest.iso_time import MAX_S
from oddflow.ingest.reading import Read

MAX_NAME_CHARS = 64
"""Longest uid, service and history."""
MAX_COUNT = 1 << 62
"""Most packets or bytes of a connection."""
MAX_PORT = 65_535

PORTS = ("orig_p", "resp_p")
NUMBERS = ("start_s", "duration_s", *PORTS, *COUNTS)
"""Columns of numbers; a null is one that is not known."""

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V6_SIGN, _MAX_V6_CHARS = ":", 45

_BOUNDS = {"start_s": MAX_S, "duration_s": MAX_S, **dict.fromkeys(PORTS, MAX_PORT)}
_REQUIRED = ("start_s", *PORTS)
_ADDRESSES = ("orig_h", "resp_h")
_VOCABULARIES = {"proto": PROTOCOLS, "conn_state": STATES}
_PATTERNS = {
    "uid": rf"^[!-~]{{0,{MAX_NAME_CHARS}}}$",
    **dict.fromkeys(("service", "history"), rf"^[!-~]{{1,{MAX_NAME_CHARS}}}$"),
    **dict.fromkeys(_ADDRESSES, rf"^(?:{_BYTE}\.){{3}}{_BYTE}$|{_V6_SIGN}"),
}


class _Column(NamedTuple):
    """A column as numbers or codes, and which of its rows are wrong, if any is."""

    values: NDArray[Any]
    levels: tuple[str, ...]
    wrong: NDArray[np.bool_] | None


def read_columns(
    columns: Mapping[str, pl.Series], unreadable: Mapping[str, pl.Series] | None = None
) -> Read:
    """The connections among some rows.

    Args:
        columns: one series for each of `NUMBERS` and `NAMES`, times as Float64 and other numbers
            as Int64, null where not known. Ports and the time of start must be known.
        unreadable: True where a log has something in a column of numbers that is no number.
    """
    checked = {name: _number(name, columns[name]) for name in NUMBERS}
    for name, rows in (unreadable or {}).items():
        wrong = checked[name].wrong
        no_number = rows.to_numpy()
        checked[name] = checked[name]._replace(
            wrong=no_number if wrong is None else wrong | no_number
        )
    checked |= {name: _name(name, columns[name]) for name in NAMES}
    wrong_rows = {name: c.wrong for name, c in checked.items() if c.wrong is not None}
    if not wrong_rows:
        return Read(_connections(checked))
    skipped: dict[str, int] = {}
    is_skipped = np.zeros(len(columns["start_s"]), dtype=np.bool_)
    for name, wrong in wrong_rows.items():
        if n_rows := int((wrong & ~is_skipped).sum()):
            skipped[f"wrong {name}"] = n_rows
        is_skipped |= wrong
    kept = pl.Series(~is_skipped)
    rest = read_columns({name: columns[name].filter(kept) for name in (*NUMBERS, *NAMES)})
    return Read(rest.connections, skipped)


def whole_numbers(values: list[Any]) -> pl.Series:
    """Whole numbers of any size as a column; those out of all bounds become one that is wrong."""
    try:
        return pl.Series(values, dtype=pl.Int64)
    except (OverflowError, TypeError):
        bounded = [v if v is None or abs(v) <= MAX_COUNT else -MAX_COUNT for v in values]
        return pl.Series(bounded, dtype=pl.Int64)


def _number(name: str, column: pl.Series) -> _Column:
    """Numbers within their bounds; `UNKNOWN` or NaN for those that are not known."""
    n_unknown = column.null_count()
    if n_unknown == len(column) and name not in _REQUIRED:
        unknown = np.nan if column.dtype.is_float() else UNKNOWN
        return _Column(np.full(len(column), unknown), (), None)
    is_counted = n_unknown and column.dtype.is_integer()
    values = (column.fill_null(UNKNOWN) if is_counted else column).to_numpy()
    is_right = (values >= 0) & (values <= _BOUNDS.get(name, MAX_COUNT))
    if name not in _REQUIRED and n_unknown:
        is_right |= column.is_null().to_numpy()
    return _Column(values, (), None if is_right.all() else ~is_right)


def _name(name: str, column: pl.Series) -> _Column:
    column = column.fill_null("") if column.null_count() else column
    levels = column.unique()
    if name in _ADDRESSES and (respelt := _respelt(levels)):
        column = column.replace(list(respelt), list(respelt.values()))
        levels = column.unique()
    if len(levels) == len(column):  # no name twice, as of uids: they are their own levels
        levels, codes = column, np.arange(len(column), dtype=np.int32)
    else:
        levels = levels.sort()
        codes = column.cast(pl.Enum(levels)).to_physical().to_numpy().astype(np.int32)
    names = tuple(levels.to_list())
    is_right = _is_right(name, levels, names)
    return _Column(codes, names, None if is_right.all() else ~is_right[codes])


def _is_right(name: str, levels: pl.Series, names: tuple[str, ...]) -> NDArray[np.bool_]:
    if name in _VOCABULARIES:
        return np.array([level in _VOCABULARIES[name] for level in names], dtype=np.bool_)
    return levels.str.contains(_PATTERNS[name]).to_numpy()


def _respelt(levels: pl.Series) -> dict[str, str]:
    """IPv6 addresses and how RFC 5952 spells them, where it does so in another way.

    What is no address in spite of its colon becomes "".
    """
    written = levels.filter(levels.str.contains(_V6_SIGN, literal=True)).to_list()
    return {text: spelt for text in written if (spelt := _ipv6(text)) != text}


def _ipv6(text: str) -> str:
    if len(text) > _MAX_V6_CHARS:
        return ""
    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        return ""


def _connections(checked: Mapping[str, _Column]) -> Connections:
    return Connections(
        start_s=checked["start_s"].values,
        duration_s=checked["duration_s"].values,
        orig_p=checked["orig_p"].values.astype(np.int32),
        resp_p=checked["resp_p"].values.astype(np.int32),
        counts={name: checked[name].values for name in COUNTS},
        names={name: Categories(checked[name].values, checked[name].levels) for name in NAMES},
    )

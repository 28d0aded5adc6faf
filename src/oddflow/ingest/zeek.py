"""Connections of Zeek: `conn.log` as fields or JSON lines, plain or packed, or a folder of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from oddflow.core.errors import InputError
from oddflow.ingest.log_file import read_logs
from oddflow.ingest.raw_lines import TextLines, joined, text_lines
from oddflow.ingest.reading import Read, nothing_but
from oddflow.ingest.source import PIECE_BYTES
from oddflow.ingest.zeek_columns import REQUIRED
from oddflow.ingest.zeek_json import parse_objects
from oddflow.ingest.zeek_tsv import Header, in_use, parse_rows, with_line

EXPECTED = (
    f"a conn.log of Zeek: `#fields` with {', '.join(REQUIRED)}, or JSON lines with the same names"
)

MAX_CHANGES = 500
"""Changes of the form of lines that are followed in a file; each costs some 2 ms."""
CHANGED_TOO_OFTEN = "behind too many changes of the header"

_COMMENT = ord("#")
_CURRENT = "conn.log"
_ROTATED = re.compile(r"conn\..+\.log(\.gz|\.xz|\.zst)?")
_PACKED = re.compile(r"\.(gz|xz|zst)$")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_zeek(path: str | Path, *, n_bytes: int = PIECE_BYTES) -> Iterator[Read]:
    """The connections of a `conn.log`, or of a folder of rotated ones, in order.

    Fields under a header and JSON lines are told apart by what they are, line by line; of fields,
    any number in any order are read as long as `zeek_columns.REQUIRED` are among them. What Zeek
    has no value for is not known (`UNKNOWN`, NaN or `-`). `wrong_fragment`, `urgent` and `content`
    are never known.

    Args:
        path: a file, plain or in .gz, .xz or .zst; or a folder, see `zeek_logs`.
        n_bytes: that are read at once; memory grows with it, results do not change.

    Raises:
        InputError: a file cannot be read, or the folder has no log of connections.
        MalformedInput: a damaged archive, or no connection at all.
    """
    path = Path(path)
    paths = zeek_logs(path) if path.is_dir() else [path]
    yield from read_logs(paths, parse_zeek, Header(), expected=EXPECTED, n_bytes=n_bytes)


def zeek_logs(folder: str | Path) -> list[Path]:
    """Logs of connections in a folder in the order of time, the current `conn.log` last.

    Names are those of Zeek's rotation, `conn.*.log`, plain or packed, there or in folders named by
    the day such as `2024-04-20`. Where a log is there both plain and packed, it is being packed,
    and the plain one is taken.

    Raises:
        InputError: there is none.
    """
    folder = Path(folder)
    days = [day for day in folder.iterdir() if day.is_dir() and _DAY.fullmatch(day.name)]
    found = {
        log.with_name(_PACKED.sub("", log.name)): log
        for place in [folder, *days]
        for log in sorted(place.iterdir(), key=lambda log: -len(log.name))
        if _ROTATED.fullmatch(log.name) and log.is_file()
    }
    current = [log] if (log := folder / _CURRENT).is_file() else []
    if not found and not current:
        raise InputError(
            f"{folder}: expected logs named conn.*.log or conn.log, plain or packed, received "
            "none; give the folder that Zeek writes to or archives in"
        )
    return [found[name] for name in sorted(found)] + current


def parse_zeek(header: Header, data: bytes) -> tuple[Header, Sequence[Read]]:
    """The header and the connections after some more complete lines.

    Lines after a header are fields, lines before any are JSON.
    """
    lines = text_lines(data)
    reads = nothing_but(lines.skipped)
    header, parts = _by_header(header, lines)
    for of_part, part in parts:
        reads += _parse(of_part, part)
    return header, reads


def _by_header(
    header: Header, lines: TextLines
) -> tuple[Header, Sequence[tuple[Header, TextLines]]]:
    """The header behind some lines, and the lines that are no comments with the header of each.

    Repetitions of a header, as concatenated logs have them, do not part lines.
    """
    raw = np.frombuffer(lines.data, dtype=np.uint8)
    comments = np.flatnonzero(raw[lines.starts] == _COMMENT).tolist()
    parts: list[tuple[Header, list[TextLines]]] = []
    first = 0
    for at in [*comments, len(lines.ends)]:
        if at > first:
            header = in_use(header)
            if not parts or _are_apart(parts[-1][0], header):
                parts.append((header, []))
            parts[-1][1].append(lines.part(first, at))
        if at < len(lines.ends):
            header = with_line(header, lines.part(at, at + 1).data.decode().removesuffix("\n"))
        first = at + 1
    return header, [(of_part, joined(pieces)) for of_part, pieces in parts]


def _are_apart(header: Header, following: Header) -> bool:
    """True if lines under two headers cannot be read together."""
    are_both_late = min(header.n_changes, following.n_changes) > MAX_CHANGES
    return header != following and not are_both_late


def _parse(header: Header, lines: TextLines) -> list[Read]:
    if header.n_changes > MAX_CHANGES:
        return nothing_but({CHANGED_TOO_OFTEN: len(lines.ends)})
    if header.columns:
        rows = pl.Series(lines.data.decode().split("\n")[:-1], dtype=pl.String)
        return [parse_rows(header, rows)]
    if header.missing:
        return nothing_but({f"in a log without {', '.join(header.missing)}": len(lines.ends)})
    return [parse_objects(lines)]

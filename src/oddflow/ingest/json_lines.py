"""Lines of JSON as columns; what is wrong with one line leaves the others alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
import numpy as np

from oddflow.ingest.raw_lines import TextLines
from oddflow.ingest.reading import NOT_JSON, OTHER_KIND

DAMAGE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a line raises: no JSON, of other types or bounds, bad escapes, nested too deep."""

_BLOCK_LINES = 1024  # more at once are slower: they leave the processor's caches
_OPEN, _CLOSE = ord("{"), ord("}")
_PLACE = re.compile(r"`\$\.([\w.]{1,40})[`.\[]")
_MISSING = re.compile(r"required field `([\w.]{1,40})`")


class JsonColumns(NamedTuple):
    """Values of the lines that could be decoded.

    Attributes:
        values: one list of n values a name, as `Records.values` gives them.
        skipped: number of the other lines by reason.
    """

    values: dict[str, list[Any]]
    skipped: dict[str, int]


def reason_of(line: bytes, error: Exception) -> str:  # noqa: ARG001 - others look at the line
    """Why a line is none of the records that were expected, in a few words."""
    if not isinstance(error, msgspec.ValidationError):
        return NOT_JSON
    if place := _PLACE.search(str(error)):
        return f"wrong {place[1]}"
    if missing := _MISSING.search(str(error)):
        return f"no {missing[1]}"
    return NOT_JSON


class Records(NamedTuple):
    """What the lines are.

    Attributes:
        values: of some records by name, one list each; written out, it takes half the time of a
            loop over names.
        decoders: of one line, which is an object, as a record; the first that takes it counts.
        reason: why a line is skipped that the first decoder refused with this error.
        wanted: those of some records that are of interest; the others are right, too.
    """

    values: Callable[[list[Any]], dict[str, list[Any]]]
    decoders: Sequence[msgspec.json.Decoder[Any]]
    reason: Callable[[bytes, Exception], str] = reason_of
    wanted: Callable[[list[Any]], list[Any]] | None = None


def json_columns(kind: Records, lines: TextLines) -> JsonColumns:
    """The values of the records that lines of JSON are."""
    columns = kind.values([])
    skipped: Counter[str] = Counter()
    for first in range(0, len(lines.ends), _BLOCK_LINES):
        records = _decoded(kind, lines.part(first, first + _BLOCK_LINES), skipped)
        if kind.wanted is not None:
            n_records = len(records)
            records = kind.wanted(records)
            skipped[OTHER_KIND] += n_records - len(records)
        for name, values in kind.values(records).items():
            columns[name] += values
    return JsonColumns(columns, {why: n for why, n in skipped.items() if n})


def _decoded(kind: Records, lines: TextLines, skipped: Counter[str]) -> list[Any]:
    """The records of some lines, all at once if each line is an object for itself."""
    for decoder in kind.decoders if _is_object_a_line(lines) else ():
        with suppress(*DAMAGE):
            together = decoder.decode_lines(lines.data)
            if len(together) == len(lines.ends):
                return together
    records = []
    for start, end in zip(lines.starts.tolist(), lines.ends.tolist(), strict=True):
        line = lines.data[start : end - 1]
        try:
            records.append(kind.decoders[0].decode(line))
        except DAMAGE as error:
            others = _by_others(kind, line)
            if not others:
                skipped[kind.reason(line, error)] += 1
            records += others
    return records


def _by_others(kind: Records, line: bytes) -> list[Any]:
    """The record of a line that the first decoder refused; none if all others do too."""
    for decoder in kind.decoders[1:]:
        with suppress(*DAMAGE):
            return [decoder.decode(line)]
    return []


def _is_object_a_line(lines: TextLines) -> bool:
    """True if each line has braces at its ends; then no value can go on in the next line.

    `decode_lines` takes values that span lines, and several on one. In JSON a `}` never stands
    right before a `{`, so with braces at the ends of all lines no value spans two; and as many
    values as lines are then one in each.
    """
    raw = np.frombuffer(lines.data, dtype=np.uint8)
    return bool((raw[lines.starts] == _OPEN).all() and (raw[lines.ends - 2] == _CLOSE).all())

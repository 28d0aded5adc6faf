"""Bytes of a message that are in no record, lest flows vanish without being counted.

The library passes over what makes no sense: a set of a reserved kind, what follows a set shorter
than its header, a last record that does not fit. Padding is zeros, and is no loss.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from oddflow.ingest.netflow_messages import IPFIX, V5, V9

Fields: TypeAlias = list[tuple[str, str, int]]
"""Name, kind and length of each field of a record."""
VARIABLE = 0xFFFF
"""As a length in IPFIX: a field begins with its own."""

_V5_HEADER, _V5_RECORD, _SET_HEADER = 24, 48, 4
_HEADERS = {V9: 20, IPFIX: 16}
_TEMPLATES = {V9: (0, 1), IPFIX: (2, 3)}  # other sets below `_FIRST_FLOWS` are reserved
_FIRST_FLOWS = 256
_PAIR = struct.Struct("!HH")


class _Set(NamedTuple):
    number: int
    body: bytes
    is_cut: bool


def has_unread(message: bytes, asked: Sequence[Fields | None]) -> bool:
    """True if a message has bytes other than 0 that belong to no record.

    What is missing at its end, so that the last set is cut short, is not looked at.

    Args:
        message: of NetFlow v5, v9 or IPFIX, with a whole header.
        asked: layout of each set of flows in it, None for one that is not known.
    """
    version, said = _PAIR.unpack_from(message)
    if version == V5:
        return _is_filled(message[_V5_HEADER + said * _V5_RECORD :])
    end = min(said or len(message), len(message)) if version == IPFIX else len(message)
    at = _HEADERS[version]
    layouts = iter(asked)
    for one in _sets(message, at, end):
        at += _SET_HEADER + len(one.body)
        fields = next(layouts, None) if one.number >= _FIRST_FLOWS else None
        if one.is_cut:
            continue
        is_reserved = one.number < _FIRST_FLOWS and one.number not in _TEMPLATES[version]
        n_read = _n_read(one.body, fields, version) if fields else 0
        if (fields or is_reserved) and _is_filled(one.body[n_read:]):
            return True
    return _is_filled(message[at:])


def _is_filled(data: bytes) -> bool:
    return bool(data.strip(b"\0"))


def _sets(message: bytes, at: int, end: int) -> Iterator[_Set]:
    """The sets of a message up to one that is shorter than its header."""
    while end - at >= _SET_HEADER:
        number, length = _PAIR.unpack_from(message, at)
        if length < _SET_HEADER:
            return
        stop = min(at + length, end)
        yield _Set(number, message[at + _SET_HEADER : stop], at + length > end)
        at = stop


def _n_read(body: bytes, fields: Fields, version: int) -> int:
    """Bytes of whole records that a set begins with."""
    lengths = [length for _, _, length in fields]
    if version == V9 or VARIABLE not in lengths:
        return len(body) // sum(lengths) * sum(lengths)
    at = 0
    while (end := _end_of_record(body, at, lengths)) is not None:
        at = end
    return at


def _end_of_record(body: bytes, at: int, lengths: Sequence[int]) -> int | None:
    """Where a record with fields of variable length ends; None if that is beyond the set."""
    for length in lengths:
        if length != VARIABLE:
            at += length
        elif at < len(body) and body[at] == 0xFF:
            at += 3 + int.from_bytes(body[at + 1 : at + 3], "big")
        elif at < len(body):
            at += 1 + body[at]
        else:
            return None
    return at if at <= len(body) else None

"""Records of NetFlow messages counted by their headers alone, by nothing of the package.

Sources: Cisco's "NetFlow Export Datagram Format" (v5), RFC 3954 (v9), RFC 7011 (IPFIX).
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

FLOWS, OPTIONS, NONE = "flows", "options", "no message"
CUT, UNKNOWN, UNREAD = "cut", "unknown template", "unread"
MAX_FIELDS = 256
VARIABLE = 0xFFFF

_V5_HEADER, _V5_RECORD, _V9_HEADER, _IPFIX_HEADER = 24, 48, 20, 16


class Template(NamedTuple):
    """Lengths of the fields of a record, and whether it is about the exporter."""

    lengths: list[int]
    is_options: bool


class Counting:
    """Counts the records of messages of one exporter, of which it keeps the templates."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], Template] = {}

    def count(self, message: bytes) -> Counter[str]:
        """What is in a message; nothing that there is none of."""
        version = int.from_bytes(message[:2], "big")
        header = {5: _V5_HEADER, 9: _V9_HEADER, 10: _IPFIX_HEADER}.get(version)
        if header is None or len(message) < header:
            return Counter({NONE: 1})
        if version == 5:
            return _count_v5(message)
        counts: Counter[str] = Counter()
        said = int.from_bytes(message[2:4], "big") if version == 10 else 0
        end = min(said or len(message), len(message))
        counts[CUT] = int(said > len(message))
        at = header
        while end - at >= 4:
            number, length = struct.unpack_from("!HH", message, at)
            if length < 4:
                break
            body = message[at + 4 : min(at + length, end)]
            domain = int.from_bytes(message[header - 4 : header], "big")
            rest = self._take(version == 10, number, body, domain, counts)
            if length > end - at:
                counts[CUT] = 1
            elif any(rest):
                counts[UNREAD] = 1
            at = min(at + length, end)
        counts[UNREAD] |= int(any(message[at:]))
        return +counts

    def _take(
        self, is_ipfix: bool, number: int, body: bytes, domain: int, counts: Counter[str]
    ) -> bytes:
        """Count what a set holds; what is left of it."""
        of_templates, of_options = (2, 3) if is_ipfix else (0, 1)
        if number in (of_templates, of_options):
            is_options = number == of_options
            for key, lengths in _templates(body, is_ipfix, is_options):
                self._kept.pop((domain, key), None)
                if not _is_refused(lengths, is_options):
                    self._kept[domain, key] = Template(lengths, is_options)
            return b""
        if number < 256:
            return body
        known = self._kept.get((domain, number))
        if known is None:
            counts[UNKNOWN] += 1
            return b""
        ends = _ends_of_records(body, known.lengths, is_ipfix)
        counts[OPTIONS if known.is_options else FLOWS] += len(ends)
        return body[ends[-1] if ends else 0 :]


def _is_refused(lengths: list[int], is_options: bool) -> bool:
    n_bytes = sum(1 if length == VARIABLE else length for length in lengths)
    return len(lengths) > MAX_FIELDS or 0 in lengths or n_bytes < (4 if is_options else 8)


def _count_v5(message: bytes) -> Counter[str]:
    said = int.from_bytes(message[2:4], "big")
    n_flows = min(said, (len(message) - _V5_HEADER) // _V5_RECORD)
    sampling = int.from_bytes(message[22:24], "big")
    is_sampled = sampling >> 14 != 0 and sampling & 0x3FFF > 1
    rest = message[_V5_HEADER + said * _V5_RECORD :]
    return +Counter(
        {
            FLOWS: n_flows,
            OPTIONS: int(is_sampled),
            CUT: int(n_flows < said),
            UNREAD: int(any(rest)),
        }
    )


def _fields(body: bytes, at: int, n_fields: int, is_ipfix: bool) -> tuple[list[int], int]:
    """Lengths of some fields, fewer where a set ends, and where they end."""
    lengths: list[int] = []
    while len(lengths) < n_fields and len(body) - at >= 4:
        element, length = struct.unpack_from("!HH", body, at)
        at += 8 if is_ipfix and element & 0x8000 else 4
        if at > len(body):
            break
        lengths.append(length)
    return lengths, at


def _templates(body: bytes, is_ipfix: bool, is_options: bool) -> Iterator[tuple[int, list[int]]]:
    """Numbers of templates and the lengths of their fields, up to one that is cut short."""
    at = 0
    while len(body) - at >= (6 if is_options else 4):
        key, n_fields = struct.unpack_from("!HH", body, at)
        at += 6 if is_options else 4
        if is_options and not is_ipfix:  # n_fields is bytes of the scope, then come those of others
            n_bytes = n_fields + int.from_bytes(body[at - 2 : at], "big")
            start, at = at, at + n_bytes
            is_right = n_fields % 4 == 0 and n_bytes % 4 == 0 and at <= len(body)
            n_fields = n_bytes // 4 if is_right else -1
            lengths, _ = _fields(body, start, n_fields, is_ipfix)
        else:
            lengths, at = _fields(body, at, n_fields, is_ipfix)
        if len(lengths) < n_fields or (is_options and n_fields == 0):
            return
        if lengths:
            yield key, lengths


def _ends_of_records(body: bytes, lengths: list[int], is_ipfix: bool) -> list[int]:
    """Where each record ends, up to one that is cut short."""
    ends: list[int] = []
    while True:
        at = ends[-1] if ends else 0
        for length in lengths:
            is_variable = is_ipfix and length == VARIABLE
            at = _end_of_text(body, at) if is_variable else at + length
        if at > len(body):
            return ends
        ends.append(at)


def _end_of_text(body: bytes, at: int) -> int:
    """Where a field ends that begins with its length, of one byte or, behind 255, of two."""
    if body[at : at + 1] == b"\xff":
        return at + 3 + int.from_bytes(body[at + 1 : at + 3], "big")
    return at + 1 + (body[at] if at < len(body) else 0)

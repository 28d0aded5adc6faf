"""A stream of bytes as complete lines, of which those that cannot be read are counted.

`source.line_blocks` refuses a file at its first damage, as corpora need it. Here a line that is too
long or not UTF-8 spoils itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.ingest.reading import NOT_UTF8, TOO_LONG
from oddflow.ingest.source import MAX_LINE_BYTES, PIECE_BYTES, read_piece

BOM = b"\xef\xbb\xbf"
_LF, _LAST_BLANK = 10, 32


class Held(NamedTuple):
    """The beginning of a line whose end has not come yet.

    Attributes:
        rest: its bytes so far, `MAX_LINE_BYTES` at most.
        is_long: it is too long, was counted, and is dropped up to its end.
    """

    rest: bytes = b""
    is_long: bool = False


class RawLines(NamedTuple):
    """Complete lines.

    Attributes:
        data: the lines, each with its LF; may be empty.
        n_too_long: lines that were dropped for their length, before they were complete.
    """

    data: bytes
    n_too_long: int = 0


class TextLines(NamedTuple):
    """Lines that can be read: UTF-8, not blank, not too long.

    Attributes:
        data: the lines, each with its LF and without a CR before it; may be empty.
        ends: where each ends in `data`, behind its LF, shape (n,).
        skipped: lines that were dropped, by reason; 0 is possible.
    """

    data: bytes
    ends: NDArray[np.intp]
    skipped: dict[str, int]

    @property
    def starts(self) -> NDArray[np.intp]:
        """Where each line starts in `data`, shape (n,)."""
        return np.concatenate([np.zeros(1, dtype=np.intp), self.ends])[:-1]

    def part(self, first: int, last: int) -> TextLines:
        """The lines from `first` up to, not including, `last`, counted from 0."""
        start = int(self.ends[first - 1]) if first else 0
        ends = self.ends[first:last]
        end = int(ends[-1]) if ends.size else start
        return TextLines(self.data[start:end], ends - start, {})


def raw_lines(
    stream: BufferedIOBase, path: str | Path, *, n_bytes: int = PIECE_BYTES
) -> Iterator[RawLines]:
    """All lines of a stream in order; a byte order mark is dropped, an LF at the end is added.

    Args:
        stream: uncompressed bytes.
        path: where they come from, for error messages.
        n_bytes: that are read at once; memory grows with it.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: a damaged archive.
    """
    held, is_first = Held(), True
    while piece := read_piece(stream, path, n_bytes):
        held, lines = split_lines(held, piece)
        if is_first and lines.data:
            lines, is_first = lines._replace(data=lines.data.removeprefix(BOM)), False
        yield lines
    if held.rest:
        last = held.rest + b"\n"
        yield RawLines(last.removeprefix(BOM) if is_first else last)


def split_lines(held: Held, piece: bytes) -> tuple[Held, RawLines]:
    """What is held after the next bytes, and the lines that they complete.

    However the bytes are cut into pieces, `text_lines` gets the same lines, and as many are too
    long.
    """
    if held.is_long:
        end_of_long = piece.find(b"\n") + 1
        if not end_of_long:
            return held, RawLines(b"")
        piece = piece[end_of_long:]
    end = piece.rfind(b"\n") + 1
    if end:
        lines, rest = b"".join((held.rest, memoryview(piece)[:end])), piece[end:]
    else:
        lines, rest = b"", held.rest + piece
    if len(rest) > MAX_LINE_BYTES:
        return Held(is_long=True), RawLines(lines, 1)
    return Held(rest), RawLines(lines)


def text_lines(data: bytes) -> TextLines:
    """The lines of `RawLines.data` that can be read."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    raw = np.frombuffer(data, dtype=np.uint8)
    lines = TextLines(data, np.flatnonzero(raw == _LF) + 1, {})
    may_be_blank = raw[lines.starts] <= _LAST_BLANK
    is_long = np.diff(lines.ends, prepend=0) > MAX_LINE_BYTES
    if _is_utf8(data) and not (may_be_blank.any() or is_long.any()):
        return lines
    return _readable(lines)


def joined(parts: Sequence[TextLines]) -> TextLines:
    """The lines of all parts in order."""
    if len(parts) == 1:
        return parts[0]
    data = b"".join(part.data for part in parts)
    return TextLines(data, np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _LF) + 1, {})


def _readable(lines: TextLines) -> TextLines:
    kept: list[bytes] = []
    skipped = {TOO_LONG: 0, NOT_UTF8: 0}
    for start, end in zip(lines.starts.tolist(), lines.ends.tolist(), strict=True):
        line = lines.data[start:end]
        if len(line) > MAX_LINE_BYTES:
            skipped[TOO_LONG] += 1
        elif not _is_utf8(line):
            skipped[NOT_UTF8] += 1
        elif line.strip():
            kept.append(line)
    ends = np.cumsum([len(line) for line in kept], dtype=np.intp)
    return TextLines(b"".join(kept), ends, skipped)


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

"""Files of any length as bounded blocks of text lines, plain or packed.

Memory does not depend on the file: a block holds at most `PIECE_BYTES` of text and one line, a
line at most `MAX_LINE_BYTES`, and archives are unpacked piece by piece, so that one that swells a
thousandfold is as cheap to refuse as any other.
"""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from oddflow.core.errors import InputError, MalformedInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 4 << 20
"""Bytes of text that are read at once; no block is longer than this and one line."""

MAX_LINE_BYTES = 64 << 10
"""A longer line, its line end included, is refused."""

_ARCHIVE_BYTES = 64 << 10
_XZ_MEMORY_BYTES = 128 << 20  # `xz -9` needs 65 MiB; the format allows 4 GiB
_BOM = b"\xef\xbb\xbf"
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
_UNREADABLE = {b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z"}


class LineBlock(NamedTuple):
    """Some complete lines of a file.

    Attributes:
        first_line: one-based number of the first of them.
        lines: without their line ends; at least one.
    """

    first_line: int
    lines: list[str]


@contextmanager
def open_stream(path: str | Path) -> Iterator[BufferedIOBase]:
    """The uncompressed bytes of a file; its first bytes, not its name, say how it is packed.

    Raises:
        InputError: the file cannot be opened.
        MalformedInput: an archive of a kind that is not read here.
    """
    try:
        file = Path(path).open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputError(
            f"{path}: expected a readable file, received {error}; check the path and its permissions"
        ) from error
    with file:
        magic = file.peek(len(_XZ))[: len(_XZ)]
        kind = next((kind for sign, kind in _UNREADABLE.items() if magic.startswith(sign)), None)
        if kind is not None:
            raise MalformedInput(
                path, f"expected text, plain or in .gz or .xz, received a {kind} archive; unpack it"
            )
        if magic.startswith(_GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        elif magic.startswith(_XZ):
            with BufferedReader(_XzReader(file)) as unpacked:
                yield unpacked
        else:
            yield file


def read_piece(stream: BufferedIOBase, path: str | Path, n_bytes: int) -> bytes:
    """The next `n_bytes`, fewer only at the end of the file.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: the archive is cut short or damaged.
    """
    try:
        return stream.read(n_bytes)
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise MalformedInput(
            path,
            f"expected a whole archive, received one that is cut short or damaged ({error}); "
            "fetch it again",
        ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error}); check the disk or give a copy")\
            from error


def line_blocks(
    stream: BufferedIOBase, path: str | Path, *, max_lines: int
) -> Iterator[LineBlock]:
    """All lines of a stream in order; what is wrong is raised after the lines before it.

    Lines end with LF or CRLF, the last one may be unterminated, and a byte order mark is dropped.

    Args:
        stream: uncompressed bytes.
        path: where they come from, for error messages.
        max_lines: in a block; it may hold fewer.

    Raises:
        MalformedInput: text that is not UTF-8, a line that is too long, a damaged archive.
    """
    rest, line = b"", 1
    while piece := read_piece(stream, path, PIECE_BYTES):
        data = rest + piece
        ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")) + 1
        too_long = np.flatnonzero(np.diff(ends, prepend=0) > MAX_LINE_BYTES)
        whole = ends[: too_long[0]] if too_long.size else ends
        start = 0
        for cut in dict.fromkeys([*whole[max_lines - 1 :: max_lines], *whole[-1:]]):
            yield from _decoded(data[start:cut], line, path)
            start = int(cut)
            line += max_lines
        line += len(whole) - ...
        rest = data[start:]

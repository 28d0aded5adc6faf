"""Files of any length as bounded blocks of text lines, plain or packed.

Memory does not depend on the file: a block holds at most `PIECE_BYTES` of text and one line, a
line at most `MAX_LINE_BYTES`, and archives are unpacked piece by piece, so that one that swells a
thousandfold is as cheap to refuse as any other.
"""

from __future__ import annotations

import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
from numpy.typing import NDArray

from oddflow.core.errors import InputError, MalformedInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE_BYTES = 4 << 20
"""Bytes of text that are read at once; no block is longer than this and one line."""

MAX_LINE_BYTES = 64 << 10
"""A longer line, its line end included, is refused."""

ARCHIVE_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, ZstdError)
"""What reading an archive raises when it is cut short or damaged."""

_ARCHIVE_BYTES = 64 << 10
_XZ_MEMORY_BYTES = 128 << 20  # `xz -9` needs 65 MiB; the format allows 4 GiB
_ZSTD_WINDOW_LOG = 27  # 128 MiB, as much as `zstd --ultra -22` needs; the format allows 2 TiB
_BOM = b"\xef\xbb\xbf"
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")  # or a frame to be passed over
_UNREADABLE = {b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7z"}


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
        file = Path(path).open("rb")  # noqa: SIM115 - closed by the `with` below
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputError(
            f"{path}: expected a readable file, received {error}; check path and permissions"
        ) from error
    with file, unpacked(file, path) as stream:
        yield stream


@contextmanager
def unpacked(stream: BufferedReader, path: str | Path) -> Iterator[BufferedIOBase]:
    """The uncompressed bytes of a stream, which is read from its start; `path` is for errors.

    Raises:
        MalformedInput: an archive of a kind that is not read here.
    """
    magic = stream.peek(len(_XZ))[: len(_XZ)]
    kind = next((kind for sign, kind in _UNREADABLE.items() if magic.startswith(sign)), None)
    if kind is not None:
        raise MalformedInput(
            path,
            f"expected text, plain or in .gz, .xz or .zst, received a {kind} archive; unpack it",
        )
    if magic.startswith(_GZIP):
        with gzip.GzipFile(fileobj=stream) as content:
            yield content
    elif magic.startswith(_XZ):
        with BufferedReader(_Unpacker(stream, _xz_decoder, padding=b"\0")) as content:
            yield content
    elif _ZSTD.match(magic):
        with BufferedReader(_Unpacker(stream, _zstd_decoder)) as content:
            yield content
    else:
        yield stream


def read_piece(stream: BufferedIOBase, path: str | Path, n_bytes: int) -> bytes:
    """The next `n_bytes`, fewer only at the end of the file.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: the archive is cut short or damaged.
    """
    with _reading(path):
        return stream.read(n_bytes)


def read_into(stream: BufferedIOBase, path: str | Path, room: NDArray[np.uint8]) -> int:
    """Fill `room` with what comes next; how many bytes came, fewer only at the end of the file.

    Raises:
        InputError, MalformedInput: as `read_piece`.
    """
    n_read = 0
    with _reading(path):
        while n_read < len(room) and (n_new := stream.readinto(room[n_read:].data)):
            n_read += n_new
    return n_read


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """Say of what goes wrong within which file it was."""
    try:
        yield
    except ARCHIVE_DAMAGE as error:
        raise MalformedInput(
            path,
            f"expected a whole archive, received one that is cut short or damaged ({error}); "
            "fetch it again",
        ) from error
    except OSError as error:
        raise InputError(
            f"{path}: expected a readable file, received {error}; check the disk or give a copy"
        ) from error


def line_blocks(stream: BufferedIOBase, path: str | Path, *, max_lines: int) -> Iterator[LineBlock]:
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
        data, start = rest + piece, 0
        ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")) + 1
        too_long = np.flatnonzero(np.diff(ends, prepend=0) > MAX_LINE_BYTES)
        whole = ends[: too_long[0]] if too_long.size else ends
        for first in range(0, len(whole), max_lines):
            last = min(first + max_lines, len(whole)) - 1
            end = int(whole[last])
            yield from _decoded(data[start:end], line, path)
            start, line = end, line + last - first + 1
        rest = data[start:]
        if len(rest) > MAX_LINE_BYTES:
            raise MalformedInput(
                path,
                f"expected lines of at most {MAX_LINE_BYTES:,} bytes, received a longer one; "
                "correct it or remove it",
                line=line,
            )
    if rest:
        yield from _decoded(rest, line, path)


def _decoded(data: bytes, first_line: int, path: str | Path) -> Iterator[LineBlock]:
    if first_line == 1:
        data = data.removeprefix(_BOM)
    damage: MalformedInput | None = None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line_start = data.rfind(b"\n", 0, error.start) + 1
        text = data[:line_start].decode("utf-8")
        damage = MalformedInput(
            path,
            f"expected UTF-8 text, received the byte 0x{data[error.start]:02x}; correct the line, "
            "or give text rather than a binary file",
            line=first_line + text.count("\n"),
        )
    if text:
        text = text.replace("\r\n", "\n").removesuffix("\n").removesuffix("\r")
        yield LineBlock(first_line, text.split("\n"))
    if damage is not None:
        raise damage


class _Decoder(Protocol):
    """Unpacks one part of an archive: a stream of .xz, a frame of .zst."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _xz_decoder() -> _Decoder:
    """`lzma.LZMAFile` sets no limit on the memory that an archive may ask for; this does."""
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


def _zstd_decoder() -> _Decoder:
    return ZstdDecompressor(options={DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


class _Unpacker(RawIOBase):
    """Unpacks an archive, of several parts after one another too, within bounded memory."""

    def __init__(
        self, file: BufferedIOBase, new_decoder: Callable[[], _Decoder], *, padding: bytes = b""
    ) -> None:
        """Unpack a file; between its parts there may be bytes of `padding`."""
        self._file = file
        self._new_decoder = new_decoder
        self._padding = padding
        self._packed = b""
        self._decoder = new_decoder()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        while True:
            if self._decoder.eof and not self._next_part():
                return 0
            if self._decoder.needs_input and not self._packed:
                self._packed = self._file.read(_ARCHIVE_BYTES)
                if not self._packed:
                    raise EOFError("it ends before its end marker")
            data = self._decoder.decompress(self._packed, len(view))
            self._packed = b""
            if data:
                view[: len(data)] = data
                return len(data)

    def _next_part(self) -> bool:
        """Start on the part that follows, past padding; False at the end of the file."""
        packed = self._decoder.unused_data
        while not (packed := packed.lstrip(self._padding)):
            packed = self._file.read(_ARCHIVE_BYTES)
            if not packed:
                return False
        self._packed, self._decoder = packed, self._new_decoder()
        return True

"""Text in Latin-1, or in nobody knows what, as UTF-8."""

from __future__ import annotations

from io import BufferedIOBase, BufferedReader, RawIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE_BYTES = 64 << 10
_BOM = b"\xef\xbb\xbf"


def latin1_as_utf8(stream: BufferedIOBase) -> BufferedReader:
    """The bytes of a stream, each taken as one character and written in UTF-8.

    Every byte is a character of Latin-1, so that nothing is refused; what was UTF-8 before comes
    out garbled beyond ASCII. A byte order mark at the start is dropped.
    """
    return BufferedReader(_Latin1AsUtf8(stream))


class _Latin1AsUtf8(RawIOBase):
    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._ready: bytes | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if not self._ready:
            piece = self._stream.read(_PIECE_BYTES)
            if self._ready is None:
                piece = piece.removeprefix(_BOM)
            self._ready = piece.decode("latin-1").encode()
        data, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(data)] = data
        return len(data)

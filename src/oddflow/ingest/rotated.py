"""One log on disk: the growing one, or what rotation made of it, plain or packed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from oddflow.core.errors import InputError
from oddflow.ingest.source import PIECE_BYTES, read_piece, unpacked

HEAD_BYTES = 1024
"""By so many of its first bytes a log is known again after it was copied or packed."""

MAX_FILES = 64
"""Files of a folder, the newest, among which a log that was rotated is looked for."""

_STAMP = r"[._-]+[0-9][0-9T:_.-]*?"
_PACKED = r"(?:\.gz|\.xz|\.zst)?"


class OpenLog:
    """A log that stays readable after it was renamed, moved or removed.

    Attributes:
        path: where it was opened.
        inode: which file it is.
    """

    def __init__(self, path: Path) -> None:
        """Open a log; its first bytes say whether it is packed.

        Raises:
            InputError: it cannot be opened.
        """
        self.path = path
        self._unpacking, self._at = ExitStack(), 0
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise InputError(
                f"{path}: expected a log that may be read, received {error}; check its permissions"
            ) from error
        self.inode = os.fstat(self._file.fileno()).st_ino
        try:
            self._rewind()
        except InputError:
            self.close()
            raise

    @property
    def is_packed(self) -> bool:
        """True if it is an archive."""
        return self._stream is not self._file

    @property
    def n_bytes(self) -> int:
        """Bytes on disk."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def changed_ns(self) -> int:
        """When it was written last; renaming and packing keep that."""
        return os.fstat(self._file.fileno()).st_mtime_ns

    def read(self, offset: int, n_bytes: int) -> bytes:
        """Some bytes of the text, fewer at its end; going on where it was read last costs least.

        Raises:
            InputError: it cannot be read, or is damaged.
        """
        if not self.is_packed:
            return self._read_plain(offset, n_bytes)
        if offset < self._at:
            self._rewind()
        while self._at < offset:
            skipped = read_piece(self._stream, self.path, min(PIECE_BYTES, offset - self._at))
            if not skipped:
                return b""
            self._at += len(skipped)
        piece = read_piece(self._stream, self.path, n_bytes)
        self._at = offset + len(piece)
        return piece

    def _read_plain(self, offset: int, n_bytes: int) -> bytes:
        """From the disk and no buffer: the log may have been truncated and written anew."""
        try:
            return os.pread(self._file.fileno(), n_bytes, offset)
        except OSError as error:
            raise InputError(
                f"{self.path}: expected a readable file, received {error}; check the disk"
            ) from error

    def head(self, n_bytes: int) -> str:
        """sha256 of the first bytes of the text.

        Raises:
            InputError: it cannot be read, or is damaged.
        """
        return hashlib.sha256(self.read(0, n_bytes)).hexdigest()

    def close(self) -> None:
        """Close it."""
        self._unpacking.close()
        self._file.close()

    def _rewind(self) -> None:
        self._unpacking.close()
        self._file.seek(0)
        self._stream = self._unpacking.enter_context(unpacked(self._file, self.path))
        self._at = 0


class Beside(NamedTuple):
    """A file beside a log, and when it was written last."""

    changed_ns: int
    file: Path


def files_beside(path: Path) -> list[Beside]:
    """Files whose names begin as that of a log, which it may have become; newest first."""
    found = []
    with suppress(OSError):  # no such folder, or not to be listed
        for file in path.parent.iterdir():
            if not file.name.startswith(path.stem) or file.name == path.name:
                continue
            with suppress(FileNotFoundError):  # removed in between
                about = file.stat()
                if stat.S_ISREG(about.st_mode):
                    found.append(Beside(about.st_mtime_ns, file))
    return sorted(found, reverse=True)[:MAX_FILES]


def rotated_since(path: Path, since_ns: int) -> list[Beside]:
    """Files called as older parts of a log that were written after a time; oldest first."""
    return [
        beside
        for beside in reversed(files_beside(path))
        if beside.changed_ns > since_ns and has_rotated_name(path, beside.file)
    ]


def is_same_log(one: OpenLog, other: OpenLog) -> bool:
    """True if what one begins with the other begins with too, and it is something.

    Raises:
        InputError: one cannot be read, or is damaged.
    """
    first, second = one.read(0, HEAD_BYTES), other.read(0, HEAD_BYTES)
    n_both = min(len(first), len(second))
    return n_both > 0 and first[:n_both] == second[:n_both]


def has_rotated_name(path: Path, file: Path) -> bool:
    """True if a file is called as rotation calls older parts of a log.

    The name of the log with a number or time behind it (`eve.json.1`), or between its stem and its
    suffix (`conn-2024-04-20-01.log.gz`).
    """
    stem, suffix, name = (re.escape(text) for text in (path.stem, path.suffix, path.name))
    return bool(re.fullmatch(rf"(?:{name}{_STAMP}|{stem}{_STAMP}{suffix}){_PACKED}", file.name))

"""A sensor that writes a log, and the rotations that it may suffer."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

RENAME, PACK, COPY = "rename", "pack", "copy and truncate"


class Writer:
    """Writes bytes to a log; every change is later than the one before, to the nanosecond."""

    def __init__(self, path: Path, header: bytes = b"") -> None:
        self.path = path
        self._header = header
        self._now_ns = 1_600_000_000_000_000_000
        self._begin()

    def write(self, data: bytes) -> None:
        with self.path.open("ab") as log:
            log.write(data)
        self._touch(self.path)

    def rotate(self, kind: str) -> None:
        """`conn.log` becomes `conn.log.1`, that `conn.log.2`, and so on."""
        self._shift()
        older = self.path.with_name(f"{self.path.name}.1")
        if kind == COPY:
            shutil.copyfile(self.path, older)
            self._touch(older)
            os.truncate(self.path, 0)
            self._touch(self.path)
            return
        self.path.rename(older)
        if kind == PACK:
            pack(older)
        self._begin()

    def _begin(self) -> None:
        """An empty log, or one with a header that says when it was begun, as Zeek writes it."""
        opened = b"#open\t%d\n" % self._now_ns if self._header else b""
        self.write(opened + self._header)

    def _shift(self) -> None:
        for number in range(99, 0, -1):
            for suffix in ("", ".gz"):
                older = self.path.with_name(f"{self.path.name}.{number}{suffix}")
                if older.exists():
                    older.rename(self.path.with_name(f"{self.path.name}.{number + 1}{suffix}"))

    def _touch(self, path: Path) -> None:
        self._now_ns += 1
        os.utime(path, ns=(self._now_ns, self._now_ns))


def pack(path: Path) -> Path:
    """As gzip does it: the time of the last change stays."""
    packed = path.with_name(f"{path.name}.gz")
    changed_ns = path.stat().st_mtime_ns
    packed.write_bytes(gzip.compress(path.read_bytes()))
    os.utime(packed, ns=(changed_ns, changed_ns))
    path.unlink()
    return packed

"""Follows a log that a sensor writes, through every usual kind of rotation.

Rotation by renaming (a new file takes the name), by copying and truncating, and packing of what was
rotated by gzip are all told by what the files are: the inode, and a hash of the first bytes. What
was read so far is a small frozen `Place`; a program that keeps it and starts again goes on where it
was, and finds the rest of a log that was rotated in the meantime.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from oddflow.core.errors import InputError
from oddflow.ingest.raw_lines import BOM, Held, RawLines, split_lines
from oddflow.ingest.rotated import HEAD_BYTES, OpenLog, files_beside, is_same_log, rotated_since
from oddflow.ingest.source import MAX_LINE_BYTES, PIECE_BYTES

MAX_DONE = 16
"""Logs that a place remembers to have read."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a log was read; plain values, to be kept as a checkpoint.

    Attributes:
        inode: of the file that is being read; 0 before there is one.
        offset: bytes of its text that were read, up to the end of a line.
        n_head: first bytes of the file that are known, `HEAD_BYTES` at most.
        head: their sha256.
        is_long: a line that is too long was counted, and its end has not come.
        done: `head` of the logs that were read before, the last `MAX_DONE`, so that none is read
            again when it is packed late; at first those that had been rotated before.
        since_ns: a log that was rotated and written last after this time, in ns since 1970, is one
            that comes after what was read; 0 before the first step.
    """

    inode: int = 0
    offset: int = 0
    n_head: int = 0
    head: str = ""
    is_long: bool = False
    done: tuple[str, ...] = ()
    since_ns: int = 0


class Tailed(NamedTuple):
    """What a step came upon.

    Attributes:
        lines: complete lines.
        is_idle: there is nothing more to read for now.
        n_lost: logs that were rotated away and are not to be found; the rest of them is lost.
    """

    lines: RawLines = RawLines(b"")
    is_idle: bool = False
    n_lost: int = 0


_IDLE = Tailed(is_idle=True)


class Tail:
    """Steps through a log. Use it in a `with`.

    It keeps nothing but open files, so that the rest of a log can be read after it was moved to
    another folder or removed; what was read is in `Place` alone.
    """

    def __init__(self, path: str | Path, *, n_bytes: int = PIECE_BYTES) -> None:
        """Follow the log of this name, which need not be there yet.

        Args:
            path: of the log, which is plain text while it is written.
            n_bytes: read in a step, but no fewer than the longest line.
        """
        self._path = Path(path)
        self._n_bytes = max(n_bytes, MAX_LINE_BYTES + 1)
        self._open: dict[int, OpenLog] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._keep(None)

    def step(self, place: Place) -> tuple[Place, Tailed]:
        """The place after some more lines, and the lines.

        A line without an end is held back until its end comes, or until its log was rotated and
        its successor is written to.

        Raises:
            InputError: the log is there and cannot be read.
        """
        if not place.since_ns:
            place = self._looked_around(place)
        current = self._current()
        if not place.n_head:
            place = self._begun(current, place)
        if not place.inode:
            tailed = _IDLE
        elif current is not None and _is_at(current, place):
            place, tailed = self._read(current, place, is_over=False)
        else:
            place, tailed = self._leave(current, place)
        self._keep(place.inode)
        return place, tailed

    def _current(self) -> OpenLog | None:
        try:
            inode = self._path.stat().st_ino
            return self._open.get(inode) or self._opened(self._path)
        except FileNotFoundError:
            return None
        except InputError:
            if self._path.exists():
                raise
            return None  # rotated at this moment

    def _looked_around(self, place: Place) -> Place:
        """A place that knows which logs had been rotated before the first step."""
        beside = rotated_since(self._path, 0)
        heads = []
        for _, file in beside[-MAX_DONE:]:
            with suppress(InputError):  # no log, being packed, or removed in between
                heads.append(self._opened(file).head(HEAD_BYTES))
        newest_ns = beside[-1].changed_ns if beside else 0
        return replace(place, done=tuple(heads), since_ns=max(newest_ns, 1))

    def _begun(self, current: OpenLog | None, place: Place) -> Place:
        """Where to begin while no line was read: what was rotated in the meantime comes first."""
        log = self._unread(current, place.done, place.since_ns)
        if log is None and not place.inode:
            log = current
        return place if log is None else replace(place, inode=log.inode)

    def _leave(self, current: OpenLog | None, place: Place) -> tuple[Place, Tailed]:
        """Read what is left of a log that was rotated, then go on to the next."""
        is_followed = current is not None and current.n_bytes > 0
        old = self._rotated(place)
        if old is not None:
            place = replace(place, inode=old.inode, since_ns=max(place.since_ns, old.changed_ns))
        following = self._unread(current, _done(place), place.since_ns)
        if following is None and is_followed:
            following = current
        try:
            if old is None:
                return _next(place, following, Tailed(n_lost=1))
            place, tailed = self._read(old, place, is_over=following is not None)
        except InputError:  # damaged where it was packed
            return _next(place, following, Tailed(n_lost=1))
        return _next(place, following, tailed) if tailed.is_idle else (place, tailed)

    def _read(self, log: OpenLog, place: Place, *, is_over: bool) -> tuple[Place, Tailed]:
        piece = log.read(place.offset, self._n_bytes)
        held, lines = split_lines(Held(is_long=place.is_long), piece)
        is_idle = len(piece) < self._n_bytes
        n_read = len(piece) - len(held.rest)
        if is_over and is_idle and held.rest:
            lines = lines._replace(data=lines.data + held.rest + b"\n")
            n_read = len(piece)
        if not place.offset:
            lines = lines._replace(data=lines.data.removeprefix(BOM))
        place = replace(place, offset=place.offset + n_read, is_long=held.is_long)
        if place.n_head < min(HEAD_BYTES, place.offset):
            n_head = min(HEAD_BYTES, place.offset)
            place = replace(place, n_head=n_head, head=log.head(n_head))
        if place.n_head:
            place = replace(place, since_ns=log.changed_ns)
        return place, Tailed(lines, is_idle)

    def _rotated(self, place: Place) -> OpenLog | None:
        """The log of a place, under whichever name; None if it is not to be found."""
        kept = self._open.get(place.inode)
        if kept is not None and _is_at(kept, place):
            return kept
        copies = []
        for _, file in files_beside(self._path):
            log = self._opened_if_right(file, place)
            if log is not None and log.inode == place.inode:
                return log
            copies += [] if log is None else [log]
        return min(copies, key=lambda log: log.is_packed, default=None)  # one may be being packed

    def _unread(
        self, current: OpenLog | None, done: tuple[str, ...], since_ns: int
    ) -> OpenLog | None:
        """The first log that was rotated after a time and was not read; None if there is none.

        A copy of the log that is being written is none as long as that is not truncated.
        """
        for _, file in rotated_since(self._path, since_ns):
            with suppress(InputError):  # no log, being packed, or removed in between
                log = self._opened(file)
                is_copied = current is not None and is_same_log(log, current)
                if log.n_bytes and not is_copied and log.head(HEAD_BYTES) not in done:
                    return log
        return None

    def _opened_if_right(self, file: Path, place: Place) -> OpenLog | None:
        try:
            log = self._opened(file)
            return log if _is_at(log, place) or _is_copy(log, place) else None
        except InputError:  # no log, still being packed, or removed in between
            return None

    def _opened(self, path: Path) -> OpenLog:
        log = OpenLog(path)
        if log.inode in self._open:
            log.close()
        return self._open.setdefault(log.inode, log)

    def _keep(self, inode: int | None) -> None:
        """Close all files but one."""
        for other in [other for other in self._open if other != inode]:
            self._open.pop(other).close()


def _next(place: Place, following: OpenLog | None, tailed: Tailed) -> tuple[Place, Tailed]:
    """At the beginning of the next log, or waiting for one to come."""
    if following is None:
        return place, tailed._replace(is_idle=True, n_lost=0)
    done = _done(place)[-MAX_DONE:]
    place = Place(inode=following.inode, done=done, since_ns=place.since_ns)
    return place, tailed._replace(is_idle=False)


def _done(place: Place) -> tuple[str, ...]:
    """The logs that were read, this one too."""
    return (*place.done, place.head) if place.n_head else place.done


def _is_at(log: OpenLog, place: Place) -> bool:
    """True if a place is one in this file, by its inode and by what it begins with."""
    if log.inode != place.inode or (log.n_bytes < place.offset and not log.is_packed):
        return False
    return not place.n_head or log.head(place.n_head) == place.head


def _is_copy(log: OpenLog, place: Place) -> bool:
    """True if a file begins as the one of a place did."""
    return bool(place.n_head) and log.head(place.n_head) == place.head

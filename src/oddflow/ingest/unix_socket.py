"""A unix socket that we create, that a sensor connects to and writes lines into.

Suricata does so with `filetype: unix_stream` and the socket as `filename`, and connects anew by
itself after either side was restarted.
"""

from __future__ import annotations

import selectors
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

from oddflow.core.errors import InputError
from oddflow.ingest.raw_lines import Held, RawLines, split_lines

MAX_WRITERS = 16
"""Sensors that may be connected at a time; more have to wait until one leaves."""

MODE = 0o660
"""Of the socket: its owner and its group may write."""

_PIECE_BYTES = 1 << 20


class Written(NamedTuple):
    """What one writer has written. Whose lines have a header needs a parser's state for each.

    Attributes:
        writer: number of its connection; no other ever gets it.
        lines: complete lines; may be none.
        is_last: it has left.
    """

    writer: int
    lines: RawLines
    is_last: bool = False


class _Writer(NamedTuple):
    """A connection, and the beginning of a line that came over it."""

    number: int
    held: Held = Held()


class LineSocket:
    """What is written into a listening socket, as lines; `line_socket` makes one."""

    def __init__(self, door: socket.socket) -> None:
        """Take writers from a socket that listens and does not block."""
        self._door = door
        self._writers: dict[socket.socket, _Writer] = {}
        self._numbers = count()

    def lines(self, *, wait_s: float) -> list[Written]:
        """Complete lines that have come, of each writer in its order; none if nothing came.

        A line that is cut off when its writer leaves is complete. Memory is bounded: of each writer
        one piece and the beginning of one line.

        Args:
            wait_s: seconds to wait for something to come, at most.
        """
        with selectors.DefaultSelector() as selector:
            for writer in self._writers:
                selector.register(writer, selectors.EVENT_READ)
            if len(self._writers) < MAX_WRITERS:
                selector.register(self._door, selectors.EVENT_READ)
            ready = [key.fileobj for key, _ in selector.select(wait_s)]
        come = [self._read(*kept) for kept in [*self._writers.items()] if kept[0] in ready]
        if self._door in ready:
            self._admit()
        return [one for one in come if one.lines.data or one.lines.n_too_long or one.is_last]

    def close(self) -> None:
        """Let all writers go."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def _admit(self) -> None:
        with suppress(OSError):  # it left again before we got there
            writer, _ = self._door.accept()
            writer.setblocking(False)
            self._writers[writer] = _Writer(next(self._numbers))

    def _read(self, connection: socket.socket, writer: _Writer) -> Written:
        try:
            piece = connection.recv(_PIECE_BYTES)
        except BlockingIOError:
            return Written(writer.number, RawLines(b""))
        except OSError:  # it was reset
            piece = b""
        if piece:
            held, lines = split_lines(writer.held, piece)
            self._writers[connection] = writer._replace(held=held)
            return Written(writer.number, lines)
        del self._writers[connection]
        connection.close()
        rest = writer.held.rest
        return Written(writer.number, RawLines(rest + b"\n" if rest else b""), is_last=True)


@contextmanager
def line_socket(path: str | Path) -> Iterator[LineSocket]:
    """Create a socket, listen, and remove it at the end, unless another has taken its place.

    A socket that nobody listens on, as a process that was killed leaves it, is replaced.

    Args:
        path: of the socket, in a folder that exists; Linux takes at most 107 bytes.

    Raises:
        InputError: there is something else at the path, or a socket in use, or it cannot be
            created.
    """
    path = Path(path)
    _make_room(path)
    with ExitStack() as ends:
        door = ends.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        door.setblocking(False)
        try:
            door.bind(str(path))
            made = path.lstat()
            ends.callback(_remove, path, made.st_ino)
            path.chmod(MODE)  # nobody can connect before it listens
            door.listen(MAX_WRITERS)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise InputError(
                f"{path}: expected a place for a socket, received {error}; give a short path in a "
                "folder that may be written"
            ) from error
        listening = LineSocket(door)
        ends.callback(listening.close)
        yield listening


def _make_room(path: Path) -> None:
    """Remove a socket that nobody listens on."""
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return  # nothing there, or `bind` says what is wrong
    if not stat.S_ISSOCK(mode):
        raise InputError(
            f"{path}: expected nothing there or a socket of ours, received something else; it is "
            "left as it is, give another path"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
        visitor.setblocking(False)
        try:
            visitor.connect(str(path))
        except ConnectionRefusedError:
            with suppress(FileNotFoundError):
                path.unlink()
            return
        except OSError:
            pass  # in use and busy, or of another type, or not ours
    raise InputError(
        f"{path}: expected a socket that nobody uses, received one in use; end its process or give "
        "another path"
    )


def _remove(path: Path, inode: int) -> None:
    with suppress(OSError):
        if path.lstat().st_ino == inode:
            path.unlink()

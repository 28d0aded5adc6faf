"""Where lines go: stdout, or a file that appears only when it is complete; or nowhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO

from oddflow.core.errors import InputError


@contextmanager
def line_sink(path: Path | None) -> Iterator[Callable[[bytes], object]]:
    """A function that writes bytes to `path`, or to stdout for None.

    Raises:
        InputError: the file cannot be written.
    """
    if path is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    if path.exists() and not path.is_file():
        # A device or a pipe, such as /dev/null: a file must not take its place.
        with _opened(path, path) as file:
            yield file.write
        return
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    file = _opened(draft, path)
    try:
        with file:
            yield file.write
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def no_sink() -> Iterator[Callable[[bytes], object]]:
    """A function that writes nothing."""
    yield lambda _line: None


@contextmanager
def appending_sink(path: Path | None, header: bytes) -> Iterator[Callable[[bytes], object]]:
    """A function that adds a line to `path`, or to stdout for None, and lets it be read at once.

    Args:
        path: a file that may be there already; it is created if not.
        header: what the file begins with, written if it is empty.

    Raises:
        InputError: the file cannot be written.
    """
    if path is None:
        stream = sys.stdout.buffer
        _write_now(stream, header)
        yield lambda line: _write_now(stream, line)
        return
    try:
        file = path.open("ab")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
    with file:
        if file.tell() == 0:
            _write_now(file, header)
        yield lambda line: _write_now(file, line)


def _write_now(stream: BinaryIO, line: bytes) -> None:
    stream.write(line)
    stream.flush()


def _opened(path: Path, wanted: Path) -> BufferedWriter:
    try:
        return path.open("wb")
    except OSError as error:
        raise InputError(f"{wanted}: cannot be written ({error.strerror})") from error

"""Which of the real corpora a test could not run for want of."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from oddflow.core.errors import DataUnavailable


def lacking(error: BaseException, folder: Path) -> str | None:
    """The file of a folder whose absence raised an error, or None if that was not the reason.

    What stands in the folder is not lacking, whatever an error says: a loader that fails to find it
    must not make its tests skip.
    """
    for cause in causes(error):
        if isinstance(cause, DataUnavailable):
            name = str(cause).split()[0]
            return None if stands_in(folder, name) else name
        if isinstance(cause, FileNotFoundError) and isinstance(cause.filename, str | Path):
            path = Path(cause.filename)
            if path.is_relative_to(folder) and not path.exists():
                return str(path.relative_to(folder))
    return None


def need(folder: Path, *names: str) -> None:
    """Raise FileNotFoundError, which makes a test marked `data` skip, unless all files are there.

    For tests that would see no more of it than the exit code of another process.
    """
    for name in names:
        if not stands_in(folder, name):
            raise FileNotFoundError(errno.ENOENT, "no such corpus", str(folder / name))


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that led to it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def stands_in(folder: Path, name: str) -> bool:
    """True if a file of that name is anywhere in a folder, under whatever ending."""
    stem = Path(name).stem
    return any(path.name == stem or path.name.startswith(f"{stem}.") for path in folder.rglob("*"))

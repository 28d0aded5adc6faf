"""Where lines go: stdout, or a file that appears only when it is complete."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
    try:
        draft = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed below, kept on success
            dir=path.parent, prefix=f".{path.name}.", delete=False
        )
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        with draft:
            yield draft.write
        Path(draft.name).replace(path)
    except BaseException:
        Path(draft.name).unlink(missing_ok=True)
        raise

"""Fetching corpus files that are not on this machine: bounded, verified, all or nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO
from urllib import request

from oddflow.core.errors import DataUnavailable
from oddflow.datasets.catalog import (
    DATA_VARIABLE,
    CorpusFile,
    cache_folder,
    find,
    search_folders,
)

ProgressCallback = Callable[[int, int], None]
"""Called with (bytes done, bytes in all); starts again at 0 with each source."""

TIMEOUT_S = 30.0
"""A source that is silent for so long is given up."""

_CHUNK_BYTES = 64 << 10


class _WrongAnswer(Exception):
    """A source answered with something else than the file."""


def obtain(
    file: CorpusFile,
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> Path:
    """Where a file stands on this machine, after downloading it into the cache if it must be.

    A file that stands here already is not checked; `read_verified` does that.

    Args:
        file: what is wanted.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache.
        on_progress: called while downloading.

    Raises:
        InputError: `data_dir` or `$ODDFLOW_DATA` is not a folder.
        DataUnavailable: it is nowhere on this machine and no source gives it.
    """
    found = find(file, data_dir=data_dir)
    if found is not None:
        return found
    target = cache_folder() / file.corpus.folder / file.file_name
    failures = []
    for url in file.urls:
        try:
            _download(url, file, target, on_progress)
        except (OSError, HTTPException, _WrongAnswer) as error:
            failures.append(f"  {url}: {error}")
        else:
            return target
    folders = ", ".join(str(folder) for folder in search_folders(data_dir))
    raise DataUnavailable(
        f"{file.file_name} of {file.corpus.name} is neither on this machine nor downloadable.\n"
        f"Looked for in: {folders}\n" + "\n".join(["Tried:", *failures]) + "\n"
        f"Get it from {file.corpus.homepage} and name its folder with --data DIR or in "
        f"${DATA_VARIABLE}."
    )


def _download(
    url: str, file: CorpusFile, target: Path, on_progress: ProgressCallback | None
) -> None:
    """Put the file at `target`, or leave nothing there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = NamedTemporaryFile(  # noqa: SIM115 - closed below, before it is moved
        dir=target.parent, prefix=f".{target.name}.", suffix=".part", delete=False
    )
    try:
        with part, _opener().open(url, timeout=TIMEOUT_S) as answer:
            _copy(answer, part, file, on_progress)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(target)
    finally:
        Path(part.name).unlink(missing_ok=True)


def _copy(
    answer: IO[bytes], part: IO[bytes], file: CorpusFile, on_progress: ProgressCallback | None
) -> None:
    """Copy exactly the published bytes; anything else is refused as soon as it shows."""
    digest, n_done = hashlib.sha256(), 0
    while chunk := answer.read(_CHUNK_BYTES):
        n_done += len(chunk)
        if n_done > file.n_bytes:
            raise _WrongAnswer(f"expected {file.n_bytes:,} bytes, received more")
        digest.update(chunk)
        part.write(chunk)
        if on_progress is not None:
            on_progress(n_done, file.n_bytes)
    if n_done < file.n_bytes:
        raise _WrongAnswer(f"expected {file.n_bytes:,} bytes, received {n_done:,}")
    if digest.hexdigest() != file.sha256:
        raise _WrongAnswer(f"expected sha256 {file.sha256}, received {digest.hexdigest()}")


def _opener() -> request.OpenerDirector:
    """Speaks http and https alone, behind the proxies of the environment."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.UnknownHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", "oddflow")]
    return opener

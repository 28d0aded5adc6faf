"""Fetching corpus files that are not on this machine: bounded, verified, all or nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import NamedTemporaryFile
from threading import Thread
from typing import IO
from urllib import request

from oddflow.core.errors import DataUnavailable, MalformedInput
from oddflow.datasets.catalog import (
    DATA_VARIABLE,
    CorpusFile,
    cache_folder,
    find,
    search_folders,
)
from oddflow.ingest.source import ARCHIVE_DAMAGE, unpacked

ProgressCallback = Callable[[int, int], None]
"""Called with (bytes done, bytes in all); starts again at 0 with each source."""

ANSWER_S = 10.0
"""A source that does not begin to answer within so long is given up: the network may be away."""
TIMEOUT_S = 30.0
"""A source that is silent for so long in the middle of its answer is given up."""

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

    A file that stands here already is not checked; `read_verified` does that. Sources may give it
    packed as .gz or .xz, in any wrapper: the size and hash of the content decide.

    Args:
        file: what is wanted.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache.
        on_progress: called while downloading.

    Raises:
        InputError: `data_dir` or `$ODDFLOW_DATA` is not a folder.
        DataUnavailable: it is nowhere on this machine and no source gives it; the message says
            where to get it by hand and where to put it.
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
        except MalformedInput as error:  # names the source itself
            failures.append(f"  {error}")
        else:
            return target
    raise DataUnavailable(_how_to_get(file, data_dir, failures))


def _how_to_get(file: CorpusFile, data_dir: Path | None, failures: list[str]) -> str:
    folders = ", ".join(str(folder) for folder in search_folders(data_dir))
    tried = ["Tried:", *failures] if failures else ["Its publisher gives it out by hand alone."]
    advice = (
        f"Get it from {file.corpus.homepage} and put it, plain or as .gz or .xz, into a folder or "
        f"its sub-folder {file.corpus.folder}; name the folder with --data DIR or in "
        f"${DATA_VARIABLE}."
    )
    what = f"{file.file_name} of {file.corpus.name} is neither on this machine nor downloadable."
    return "\n".join([what, f"Looked for in: {folders}", *tried, advice])


def _download(
    url: str, file: CorpusFile, target: Path, on_progress: ProgressCallback | None
) -> None:
    """Put the file at `target`, or leave nothing there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = NamedTemporaryFile(  # noqa: SIM115 - closed below, before it is moved
        dir=target.parent, prefix=f".{target.name}.", suffix=".part", delete=False
    )
    try:
        with (
            part,
            _answer(url) as answer,
            unpacked(BufferedReader(answer), url) as content,
        ):
            _copy(content, part, file, on_progress)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(target)
    finally:
        Path(part.name).unlink(missing_ok=True)


def _answer(url: str) -> HTTPResponse:
    """The answer of a source, whose content is yet to be read.

    Asked from a thread of its own: the time limit of a socket holds for each address of a host
    anew, and for the look-up of its name not at all.

    Raises:
        OSError, HTTPException: it cannot be reached, or does not answer within `ANSWER_S`.
    """
    answers: SimpleQueue[HTTPResponse | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_opener().open(url, timeout=TIMEOUT_S))
        except (OSError, HTTPException, ValueError) as error:
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_S)
    except Empty:
        raise TimeoutError(f"no answer within {ANSWER_S:g} s") from None
    if isinstance(answer, HTTPResponse):
        return answer
    try:
        raise answer
    finally:
        del answer  # its traceback holds this frame, which would hold it and its socket


def _copy(
    content: BufferedIOBase, part: IO[bytes], file: CorpusFile, on_progress: ProgressCallback | None
) -> None:
    """Copy exactly the published bytes; anything else is refused as soon as it shows."""
    digest, n_done = hashlib.sha256(), 0
    while chunk := _next_chunk(content):
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


def _next_chunk(content: BufferedIOBase) -> bytes:
    try:
        return content.read(_CHUNK_BYTES)
    except ARCHIVE_DAMAGE as error:
        raise _WrongAnswer(f"expected a whole archive, received a damaged one ({error})") from error


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

"""What a corpus and its files are, and where a file may stand on this machine.

Each corpus has a module of its own with its `CORPUS` and its `FILES`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from platformdirs import user_cache_path

from oddflow.core.errors import InputError, MalformedInput
from oddflow.ingest.source import open_stream, read_piece

DATA_VARIABLE = "ODDFLOW_DATA"
"""Environment variable that names a folder of corpora."""

_TEXT_ENDINGS = (".txt", ".csv")
_PACKED_ENDINGS = ("", ".gz", ".xz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A published data set.

    Attributes:
        name: as its publisher writes it.
        folder: the sub-folder in which its files may stand.
        homepage: the publisher's page.
        terms: under what terms it may be used.
        citation: what a paper that uses it must cite.
    """

    name: str
    folder: str
    homepage: str
    terms: str
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFile:
    """One file of a corpus, described by its uncompressed content.

    Attributes:
        corpus: the corpus it belongs to.
        name: file name without an ending, such as `KDDTrain+`.
        sha256: hexadecimal hash of the content.
        n_bytes: size of the content.
        n_rows: number of records in it.
        urls: where the content can be downloaded, plain or packed as .gz or .xz, in the order in
            which they are tried; empty where the publisher gives it by hand alone.
        ending: what follows `name` in the name of the published file, unpacked.
    """

    corpus: Corpus
    name: str
    sha256: str
    n_bytes: int
    n_rows: int
    urls: tuple[str, ...]
    ending: str = ".txt"

    @property
    def file_name(self) -> str:
        """Name under which the file is published and kept in the cache."""
        return self.name + self.ending


def corpus_file(files: Sequence[CorpusFile], name: str) -> CorpusFile:
    """The entry of a file among those of its corpus, by its name with or without its ending.

    Raises:
        InputError: the corpus has no such file.
    """
    for file in files:
        if name in (file.name, file.file_name):
            return file
    known = [file.name for file in files]
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    owner = files[0].corpus.name if files else "a corpus without files"
    raise InputError(f"{owner} has no file {name!r}; expected one of {', '.join(known)}{hint}")


def cache_folder() -> Path:
    """The per-user folder into which corpora are downloaded; it need not exist."""
    return user_cache_path("oddflow", appauthor=False)


def search_folders(data_dir: Path | None = None) -> tuple[Path, ...]:
    """Where corpora are looked for, in order.

    Args:
        data_dir: a folder to look in first; then come `$ODDFLOW_DATA` and the per-user cache.

    Raises:
        InputError: `data_dir` or `$ODDFLOW_DATA` is not a folder.
    """
    named = [("the data folder", data_dir)] if data_dir is not None else []
    if os.environ.get(DATA_VARIABLE):
        named.append((f"${DATA_VARIABLE}", Path(os.environ[DATA_VARIABLE])))
    for origin, folder in named:
        if not folder.is_dir():
            raise InputError(
                f"expected {origin} to be a folder of corpora, received {str(folder)!r}, which is "
                "none; correct the path or leave it out"
            )
    return (*(folder for _, folder in named), cache_folder())


def find(file: CorpusFile, *, data_dir: Path | None = None) -> Path | None:
    """The first place at which a file stands on this machine, or None.

    In each folder of `search_folders` the file may stand directly or in its corpus's sub-folder,
    under its published ending or as .txt or .csv, plain or packed as .gz or .xz.

    Raises:
        InputError: `data_dir` or `$ODDFLOW_DATA` is not a folder.
    """
    return next((p for p in _candidates(file, search_folders(data_dir)) if p.is_file()), None)


def _candidates(file: CorpusFile, folders: tuple[Path, ...]) -> Iterator[Path]:
    endings = dict.fromkeys((file.ending, *_TEXT_ENDINGS))
    for folder in folders:
        for place in (folder, folder / file.corpus.folder):
            for ending in endings:
                for packed in _PACKED_ENDINGS:
                    yield place / (file.name + ending + packed)


def read_verified(path: Path, file: CorpusFile) -> bytes:
    """The uncompressed content of a file, after its size and hash were found right.

    No more than the published size is ever unpacked into memory.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: the content is not what was published, or the archive is damaged.
    """
    with open_stream(path) as stream:
        content = read_piece(stream, path, file.n_bytes + 1)
    received = hashlib.sha256(content).hexdigest()
    if received == file.sha256:
        return content
    size = f"{len(content):,} bytes with sha256 {received}"
    if len(content) > file.n_bytes:
        size = f"a longer file (sha256 of its first {len(content):,} bytes: {received})"
    raise MalformedInput(
        path,
        f"this is not {file.name} as published: expected {file.n_bytes:,} bytes with sha256 "
        f"{file.sha256}, received {size}. Move it away to have the published file downloaded, or "
        f"put the one from {file.corpus.homepage} in its place",
    )


def require_rows(file: CorpusFile, path: Path, n_rows: int) -> None:
    """Raise MalformedInput unless a file was read to as many records as were published."""
    if n_rows != file.n_rows:
        raise MalformedInput(
            path,
            f"expected the {file.n_rows:,} records of {file.name}, received {n_rows:,}; fetch the "
            f"published file from {file.corpus.homepage}",
        )

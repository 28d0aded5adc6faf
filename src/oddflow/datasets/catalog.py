"""The files of the public corpora: what they are, where they come from, where they may stand."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote

from platformdirs import user_cache_path

from oddflow.core.errors import InputError, MalformedInput
from oddflow.datasets.source import open_stream, read_piece

DATA_VARIABLE = "ODDFLOW_DATA"
"""Environment variable that names a folder of corpora."""

_ENDINGS = tuple(text + packed for text in (".txt", ".csv") for packed in ("", ".gz", ".xz"))


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
        urls: where the content can be downloaded, in the order in which they are tried.
    """

    corpus: Corpus
    name: str
    sha256: str
    n_bytes: int
    n_rows: int
    urls: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """Name under which the file is published and kept in the cache."""
        return f"{self.name}.txt"


NSL_KDD = Corpus(
    name="NSL-KDD",
    folder="nsl-kdd",
    homepage="https://www.unb.ca/cic/datasets/nsl.html",
    terms="may be redistributed, republished and mirrored in any form if the paper is cited",
    citation=(
        "M. Tavallaee, E. Bagheri, W. Lu, A. Ghorbani, 'A Detailed Analysis of the KDD CUP 99 "
        "Data Set', IEEE Symposium on Computational Intelligence for Security and Defense "
        "Applications (CISDA), 2009"
    ),
)

# The publisher gives the files out behind a form, so that they are fetched from mirrors whose git
# blobs are the published bytes; the hash decides, not the mirror.
_NSL_KDD_MIRRORS = (
    "https://raw.githubusercontent.com/defcom17/NSL_KDD/master/",
    "https://raw.githubusercontent.com/jmnwong/NSL-KDD-Dataset/master/",
)

# name, bytes, rows, sha256
_NSL_KDD_FILES = (
    (
        "KDDTrain+",
        19_109_424,
        125_973,
        "1b86d2f957b33082081bba410fe129b475efebcc13c9014c3f447c8271aadf95",
    ),
    (
        "KDDTrain+_20Percent",
        3_822_033,
        25_192,
        "7ea86479faab5ca2190b7f18b4982fb058ce5bf2b46e0e1017d0d9ef90f9c16e",
    ),
    (
        "KDDTest+",
        3_441_513,
        22_544,
        "fa46b0935342616aa83b7c2578db355b6a7aaabbc492248172c7a1e8b7ab8f84",
    ),
    (
        "KDDTest-21",
        1_814_092,
        11_850,
        "746993ac9e25868827cacf09eab450050a2a1056e1ce48a1ad39f5dc801d531d",
    ),
)

FILES = tuple(
    CorpusFile(
        corpus=NSL_KDD,
        name=name,
        sha256=sha256,
        n_bytes=n_bytes,
        n_rows=n_rows,
        urls=tuple(f"{mirror}{quote(name)}.txt" for mirror in _NSL_KDD_MIRRORS),
    )
    for name, n_bytes, n_rows, sha256 in _NSL_KDD_FILES
)
"""Every file that oddflow knows."""


def corpus_file(corpus: Corpus, name: str) -> CorpusFile:
    """The entry of a file, by its name with or without `.txt`.

    Raises:
        InputError: the corpus has no such file.
    """
    files = {file.name: file for file in FILES if file.corpus == corpus}
    wanted = name.removesuffix(".txt")
    if wanted in files:
        return files[wanted]
    close = get_close_matches(wanted, files, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise InputError(
        f"{corpus.name} has no file {name!r}; expected one of {', '.join(files)}{hint}"
    )


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
    as .txt or .csv, plain or packed as .gz or .xz.

    Raises:
        InputError: `data_dir` or `$ODDFLOW_DATA` is not a folder.
    """
    return next((p for p in _candidates(file, search_folders(data_dir)) if p.is_file()), None)


def _candidates(file: CorpusFile, folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        for place in (folder, folder / file.corpus.folder):
            for ending in _ENDINGS:
                yield place / (file.name + ending)


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

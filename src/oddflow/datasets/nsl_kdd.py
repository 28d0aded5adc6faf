"""NSL-KDD (2009): KDD Cup 99 without its duplicates, in the splits its publisher chose.

What to know before using it:

- 41 features a record, the attack's name, and a difficulty: by how many of 21 learners, trained on
  parts of KDD99, the record was labelled correctly (21: by all).
- The records stand in no order of time, and hosts are not given: neighbouring rows say nothing
  about each other.
- `KDDTrain+_20Percent` is the first fifth of `KDDTrain+`. `KDDTest-21` is `KDDTest+` without the
  records of difficulty 21: 82 % of it are attacks, so accuracy says little there.
- The test files hold 17 attacks that training does not, and 54 records of `KDDTest+` occur twice,
  once as normal and once as snmpgetattack: no detector gets all of it right (see `defects`).
- Terms: may be redistributed, republished and mirrored in any form if Tavallaee, Bagheri, Lu and
  Ghorbani, "A Detailed Analysis of the KDD CUP 99 Data Set" (CISDA 2009), is cited.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import MalformedInput
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.catalog import Corpus, CorpusFile, corpus_file
from oddflow.datasets.download import ProgressCallback
from oddflow.datasets.duplicates import counted
from oddflow.datasets.kdd_files import labelled, published_block

CORPUS = Corpus(
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
_MIRRORS = (
    "https://raw.githubusercontent.com/defcom17/NSL_KDD/master/",
    "https://raw.githubusercontent.com/jmnwong/NSL-KDD-Dataset/master/",
)

# name, bytes, rows, sha256
_PUBLISHED = (
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
        corpus=CORPUS,
        name=name,
        sha256=sha256,
        n_bytes=n_bytes,
        n_rows=n_rows,
        urls=tuple(f"{mirror}{quote(name)}.txt" for mirror in _MIRRORS),
    )
    for name, n_bytes, n_rows, sha256 in _PUBLISHED
)
"""The published files."""


def load_nsl_kdd(
    name: str = "KDDTrain+",
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> LabelledMatrix:
    """One file of NSL-KDD, byte for byte as published.

    Args:
        name: `KDDTrain+`, `KDDTrain+_20Percent`, `KDDTest+` or `KDDTest-21`.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache; what is in none
            of them is downloaded into the cache.
        on_progress: called with (bytes done, bytes in all) during a download.

    Raises:
        InputError: an unknown name, or a data folder that is none.
        MalformedInput: the file found is not the published one.
        DataUnavailable: it is nowhere on this machine and cannot be downloaded.
    """
    file = corpus_file(FILES, name)
    return counted(labelled(file, published_block(file, data_dir, on_progress)))


def load_difficulty(name: str = "KDDTrain+", *, data_dir: Path | None = None) -> NDArray[np.int8]:
    """For each record, how many of 21 learners labelled it correctly, shape (n,), 0 to 21.

    Raises:
        OddflowError: as `load_nsl_kdd`.
    """
    file = corpus_file(FILES, name)
    difficulty = published_block(file, data_dir, None).difficulty
    if difficulty is None:
        raise MalformedInput(
            file.file_name, "expected 43 columns, received records without difficulty"
        )
    return difficulty

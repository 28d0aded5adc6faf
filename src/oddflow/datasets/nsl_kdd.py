"""NSL-KDD (2009): KDD Cup 99 without its duplicates, in the splits its publisher chose.

What to know before using it:

- 41 features a record, the attack's name, and a difficulty: by how many of 21 learners, trained on
  parts of KDD99, the record was labelled correctly (21: by all).
- The records stand in no order of time, and hosts are not given: neighbouring rows say nothing
  about each other.
- `KDDTrain+_20Percent` is the first fifth of `KDDTrain+`. `KDDTest-21` is `KDDTest+` without the
  records of difficulty 21: 82 % of it are attacks, so accuracy says little there.
- The test files hold 17 attacks that training does not, and 54 records of `KDDTest+` occur twice,
  once as normal and once as snmpgetattack: no detector gets all of it right.
- Terms: may be redistributed, republished and mirrored in any form if Tavallaee, Bagheri, Lu and
  Ghorbani, "A Detailed Analysis of the KDD CUP 99 Data Set" (CISDA 2009), is cited.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import MalformedInput
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.catalog import NSL_KDD, corpus_file, read_verified
from oddflow.datasets.download import ProgressCallback, obtain
from oddflow.datasets.families import labels_of
from oddflow.datasets.kdd_rows import KddBlock, gather, parse_kdd_rows


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
    block = _load(name, data_dir, on_progress)
    if block.attacks is None:
        raise MalformedInput(name, "expected 42 columns or more, received records without labels")
    return LabelledMatrix(corpus_file(NSL_KDD, name).name, block.features, labels_of(block.attacks))


def load_difficulty(name: str = "KDDTrain+", *, data_dir: Path | None = None) -> NDArray[np.int8]:
    """For each record, how many of 21 learners labelled it correctly, shape (n,), 0 to 21.

    Raises:
        OddflowError: as `load_nsl_kdd`.
    """
    block = _load(name, data_dir, None)
    if block.difficulty is None:
        raise MalformedInput(name, "expected 43 columns, received records without difficulty")
    return block.difficulty


def _load(name: str, data_dir: Path | None, on_progress: ProgressCallback | None) -> KddBlock:
    file = corpus_file(NSL_KDD, name)
    path = obtain(file, data_dir=data_dir, on_progress=on_progress)
    content = BytesIO(read_verified(path, file))
    block = gather(parse_kdd_rows(content, path))
    if len(block.features) != file.n_rows:
        raise MalformedInput(
            path, f"expected {file.n_rows:,} records, received {len(block.features):,}"
        )
    return block

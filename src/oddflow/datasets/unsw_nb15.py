"""UNSW-NB15 (2015): normal traffic and nine kinds of attack, made by a traffic generator.

What to know before using it:

- 42 features a record (see `unsw_nb15_schema`); `attack` and `family` are both the publishers'
  category in lower case, which is the finest label there is.
- The two files are the publishers' own split. Their names are swapped in many copies: here, as in
  the publishers' description, `UNSW_NB15_training-set` has 175,341 records and
  `UNSW_NB15_testing-set` 82,332. What counts is the hash, so a swapped file is refused.
- Both files begin with a byte order mark and end their lines with CRLF; both are read as they are.
- A third of the testing set equals an earlier row but for its `id`, most of it "generic" attacks,
  and a tenth has the features of a row with another label. Both are in `defects`.
- `sttl`, `dttl` and `ct_state_ttl` tell which machine made the traffic rather than what it does:
  of the testing set's attacks 99.8 % have an `sttl` of 62 or 254, and 45 % of its normal records
  have 31, which no attack has. Sarhan, Layeghy and Portmann, "Towards a Standard Feature Set for
  Network Intrusion Detection System Datasets" (2022), leave them out for this reason; report
  figures without them too.
- `service` is `-`, none recognised, in over half of the records. `is_ftp_login` is called binary
  and is 2 in some rows; it equals `ct_ftp_cmd` in all but 8 of the testing set. `rate` is not in
  the publishers' list of features, and disagrees with `dur` in 23 of its rows of over 10 ms.
- Addresses, ports and times are left out of these files: records stand in no order of time, and
  neighbouring rows say nothing about each other.
- Terms: free for academic research; commercial use by agreement with the authors.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase, BytesIO
from pathlib import Path

import numpy as np

from oddflow.core.errors import MalformedInput
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels, concatenate
from oddflow.core.schema import Feature, Kind
from oddflow.datasets.catalog import Corpus, CorpusFile, corpus_file, read_verified, require_rows
from oddflow.datasets.columns import (
    Place,
    categories_of,
    feature_column,
    feature_matrix,
    read_columns,
)
from oddflow.datasets.download import ProgressCallback, obtain
from oddflow.datasets.duplicates import counted
from oddflow.datasets.unsw_nb15_schema import UNSW_NB15
from oddflow.ingest.source import line_blocks

CORPUS = Corpus(
    name="UNSW-NB15",
    folder="unsw-nb15",
    homepage="https://research.unsw.edu.au/projects/unsw-nb15-dataset",
    terms="free for academic research; commercial use by agreement with the authors",
    citation=(
        "N. Moustafa, J. Slay, 'UNSW-NB15: a comprehensive data set for network intrusion "
        "detection systems (UNSW-NB15 network data set)', Military Communications and Information "
        "Systems Conference (MilCIS), 2015, https://doi.org/10.1109/MilCIS.2015.7348942"
    ),
)

FILES = (
    CorpusFile(
        corpus=CORPUS,
        name="UNSW_NB15_training-set",
        ending=".csv",
        sha256="bec7dd5ec88dc2a0ccc7a07879d338395ed7421750f675fd0339e07dfe0648fa",
        n_bytes=32_293_018,
        n_rows=175_341,
        urls=(),
    ),
    CorpusFile(
        corpus=CORPUS,
        name="UNSW_NB15_testing-set",
        ending=".csv",
        sha256="734fe6642edf758f7c94d7d9149426b49d202fe8e7bf0bef47392489c3c0a559",
        n_bytes=15_380_800,
        n_rows=82_332,
        urls=(),
    ),
)
"""The publishers' split, to be downloaded from their page by hand."""

CATEGORIES = (
    *("Normal", "Analysis", "Backdoor", "DoS", "Exploits", "Fuzzers", "Generic"),
    *("Reconnaissance", "Shellcode", "Worms"),
)
"""Values of `attack_cat`; in lower case they are attack and family at once."""

NO_SERVICE = "rows without a recognised service"
"""Key in `LabelledMatrix.defects`."""
FTP_LOGINS = "rows with is_ftp_login above 1"
"""Key in `LabelledMatrix.defects`."""

BLOCK_ROWS = 65_536
"""Rows that are parsed at once, at most."""

_ID = Feature(name="id", kind=Kind.COUNT, group="", meaning="number of the row")
_ATTACK_CAT = Feature(name="attack_cat", kind=Kind.CATEGORY, group="", levels=CATEGORIES)
_LABEL = Feature(name="label", kind=Kind.FLAG, group="", meaning="0 for normal records alone")
_COLUMNS = tuple(map(feature_column, (_ID, *UNSW_NB15.features, _ATTACK_CAT, _LABEL)))
_HEADER = tuple(column.name for column in _COLUMNS)


def load_unsw_nb15(
    name: str = "UNSW_NB15_training-set",
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> LabelledMatrix:
    """One file of UNSW-NB15, every row as published; what is odd about them is in `defects`.

    Args:
        name: `UNSW_NB15_training-set` or `UNSW_NB15_testing-set`.
        data_dir: looked in first, then `$ODDFLOW_DATA`, then the per-user cache.
        on_progress: called with (bytes done, bytes in all) during a download.

    Raises:
        InputError: an unknown name, or a data folder that is none.
        MalformedInput: the file found is not the published one.
        DataUnavailable: it is nowhere on this machine; the publishers give it out by hand alone.
    """
    file = corpus_file(FILES, name)
    path = obtain(file, data_dir=data_dir, on_progress=on_progress)
    content = BytesIO(read_verified(path, file))
    parts = list(parse_unsw_nb15(content, path))
    features = concatenate([features for features, _ in parts])
    require_rows(file, path, len(features))
    attack = np.concatenate([labels.attack for _, labels in parts])
    found = {
        NO_SERVICE: int((features.column("service") == "-").sum()),
        FTP_LOGINS: int((features.column("is_ftp_login") > 1).sum()),
    }
    defects = {defect: n_rows for defect, n_rows in found.items() if n_rows}
    return counted(LabelledMatrix(file.name, features, Labels(attack, attack), defects))


def parse_unsw_nb15(
    stream: BufferedIOBase, path: str | Path, *, block_rows: int = BLOCK_ROWS
) -> Iterator[tuple[FeatureMatrix, Labels]]:
    """Features and labels of uncompressed rows with a header, block by block and in order.

    Args:
        stream: the bytes; a byte order mark and CRLF are understood.
        path: where they come from, for error messages.
        block_rows: records in a block, at most; memory grows with it, results do not change.

    Raises:
        MalformedInput: a header, row or value is wrong, or there is no record.
    """
    n_rows = 0
    for first_line, lines in line_blocks(stream, path, max_lines=block_rows):
        if first_line == 1:
            _require_header(path, lines[0])
            first_line, lines = 2, lines[1:]  # noqa: PLW2901 - the block without its header
        if lines:
            yield _block(Place(path, first_line), lines)
        n_rows += len(lines)
    if n_rows == 0:
        raise MalformedInput(
            path, "expected a header and at least one row, received none; give a file of records"
        )


def _require_header(path: str | Path, line: str) -> None:
    received = tuple(name.strip() for name in line.split(","))
    if received == _HEADER:
        return
    missing = [name for name in _HEADER if name not in received]
    unexpected = [name[:40] for name in received if name not in _HEADER]
    detail = (
        f"missing {missing}, unexpected {unexpected[:10]}"
        if missing or unexpected
        else "the same in another order, or twice"
    )
    raise MalformedInput(
        path,
        f"expected the {len(_HEADER)} columns of UNSW-NB15 from `id` to `label`, received "
        f"{len(received)}: {detail}; give the training or testing set as published",
        line=1,
    )


def _block(place: Place, lines: list[str]) -> tuple[FeatureMatrix, Labels]:
    _, *features, category, label = read_columns(place, lines, _COLUMNS)
    contradicting = ((category == "Normal") == (label == 1)).arg_true()
    if len(contradicting):
        row = int(contradicting[0])
        raise MalformedInput(
            place.path,
            f"expected a label of 0 for Normal and 1 for attacks, received {label[row]:.0f} for "
            f"{category[row]}; correct the row or remove it",
            line=place.first_line + row,
            column=len(_HEADER),
        )
    attack = categories_of(category.str.to_lowercase()).names()
    return feature_matrix(UNSW_NB15, features), Labels(attack, attack)

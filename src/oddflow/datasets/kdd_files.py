"""Published files of KDD Cup 99 and NSL-KDD: found or fetched, verified, and read."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from oddflow.core.errors import MalformedInput
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.catalog import CorpusFile, read_verified, require_rows
from oddflow.datasets.download import ProgressCallback, obtain
from oddflow.datasets.families import labels_of
from oddflow.datasets.kdd_rows import KddBlock, gather, parse_kdd_rows


def published_block(
    file: CorpusFile, data_dir: Path | None, on_progress: ProgressCallback | None
) -> KddBlock:
    """All records of a file.

    Raises:
        InputError: a data folder that is none.
        MalformedInput: the file found is not the published one.
        DataUnavailable: it is nowhere on this machine and cannot be downloaded.
    """
    path = obtain(file, data_dir=data_dir, on_progress=on_progress)
    block = gather(parse_kdd_rows(BytesIO(read_verified(path, file)), path))
    require_rows(file, path, len(block.features))
    return block


def labelled(file: CorpusFile, block: KddBlock) -> LabelledMatrix:
    """The records of a file with their labels.

    Raises:
        InputError: an attack of no known family.
        MalformedInput: the file has no labels.
    """
    if block.attacks is None:
        raise MalformedInput(
            file.file_name, "expected 42 columns or more, received records without labels"
        )
    return LabelledMatrix(file.name, block.features, labels_of(block.attacks))

"""Rows of KDD Cup 99 and NSL-KDD files, read block by block so that a file may have any length.

A row is 41 features in the order of `KDD41`, separated by commas; then, if the file has them, the
name of the attack, and after it the difficulty that NSL-KDD adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix, concatenate
from oddflow.datasets.columns import (
    Place,
    categories_of,
    feature_matrix,
    read_columns,
    wrong_width,
)
from oddflow.datasets.kdd_columns import COLUMNS
from oddflow.ingest.source import line_blocks, open_stream

BLOCK_ROWS = 65_536
"""Rows that are parsed at once, at most."""

_N_FEATURES = len(KDD41.features)
_WIDTHS = (_N_FEATURES, _N_FEATURES + 1, _N_FEATURES + 2)
_LAYOUT = f"{_N_FEATURES} features, then perhaps a label, then perhaps a difficulty"


@dataclass(frozen=True, eq=False, slots=True)
class KddBlock:
    """Consecutive records of a file.

    Attributes:
        first_row: zero-based number of the first record; a header is not counted.
        features: of the n records.
        attacks: names as strings, `normal` for none, shape (n,); None if the file has no labels.
        difficulty: 0 to 21, shape (n,); None if the file has none.
    """

    first_row: int
    features: FeatureMatrix
    attacks: NDArray[np.object_] | None
    difficulty: NDArray[np.int8] | None


def read_kdd_rows(path: str | Path, *, block_rows: int = BLOCK_ROWS) -> Iterator[KddBlock]:
    """The records of a file, plain or packed as .gz or .xz, in order.

    The first row decides whether there are labels and difficulties. A header that names the 41
    features is skipped. A faulty row ends the reading; the blocks before it have been given out.

    Args:
        path: of the file.
        block_rows: records in a block, at most; memory grows with it, results do not change.

    Raises:
        InputError: the file cannot be read, or `block_rows` is below 1.
        MalformedInput: a row, value or archive is wrong, or there is no record.
    """
    with open_stream(path) as stream:
        yield from parse_kdd_rows(stream, path, block_rows=block_rows)


def parse_kdd_rows(
    stream: BufferedIOBase, path: str | Path, *, block_rows: int = BLOCK_ROWS
) -> Iterator[KddBlock]:
    """As `read_kdd_rows`, from uncompressed bytes; `path` is for error messages.

    Raises:
        InputError: `block_rows` is below 1.
        MalformedInput: a row or value is wrong, or there is no record.
    """
    if block_rows < 1:
        raise InputError(f"expected block_rows of 1 or more, received {block_rows}")
    width, n_rows, empty_line = 0, 0, 0
    for first_line, lines in line_blocks(stream, path, max_lines=block_rows):
        if empty_line:  # and it was not the last line
            expected = f"{width} fields as in the rows before" if width else _LAYOUT
            raise wrong_width(path, empty_line, "", expected)
        if first_line == 1 and _is_header(lines[0]):
            first_line, lines = 2, lines[1:]  # noqa: PLW2901 - the block without its header
        if lines and not lines[-1]:
            empty_line = first_line + len(lines) - 1
            lines.pop()
        if not lines:
            continue
        width = width or _width(path, first_line, lines[0])
        yield _block(n_rows, read_columns(Place(path, first_line), lines, COLUMNS[:width]))
        n_rows += len(lines)
    if n_rows == 0:
        raise MalformedInput(
            path, f"expected at least one row of {_LAYOUT}, received none; give a file of records"
        )


def gather(blocks: Iterable[KddBlock]) -> KddBlock:
    """All blocks of one file as one.

    Raises:
        InputError: there is no block.
    """
    parts = list(blocks)
    features = concatenate([part.features for part in parts])
    attacks = [part.attacks for part in parts if part.attacks is not None]
    difficulty = [part.difficulty for part in parts if part.difficulty is not None]
    return KddBlock(
        first_row=parts[0].first_row,
        features=features,
        attacks=np.concatenate(attacks) if attacks else None,
        difficulty=np.concatenate(difficulty) if difficulty else None,
    )


def _block(first_row: int, columns: list[pl.Series]) -> KddBlock:
    extra = columns[_N_FEATURES:]
    return KddBlock(
        first_row=first_row,
        features=feature_matrix(KDD41, columns[:_N_FEATURES]),
        attacks=categories_of(extra[0].str.strip_suffix(".")).names() if extra else None,
        difficulty=extra[1].to_numpy().astype(np.int8) if len(extra) > 1 else None,
    )


def _is_header(line: str) -> bool:
    fields = [field.strip().strip('"').lower() for field in line.split(",")]
    return tuple(fields[:_N_FEATURES]) == KDD41.names and len(fields) in _WIDTHS


def _width(path: str | Path, line: int, text: str) -> int:
    width = text.count(",") + 1
    if width not in _WIDTHS:
        raise wrong_width(path, line, text, _LAYOUT)
    return width

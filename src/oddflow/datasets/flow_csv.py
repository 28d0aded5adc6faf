"""Flow tables of CICFlowMeter, with the defects that its published tables have.

Rows are read as they are wherever that makes sense; what makes none is set right or left out, and
counted; what is no number at all is refused:

- column names with blanks around them, and a column that is written twice;
- empty rows, with or without their commas, and the header again among the rows;
- rates that are infinite, missing or negative, of flows that lasted no time: 0, and a flag;
- TCP windows of -1, of flows without any: 0, and a flag;
- negative times and sizes: 0;
- labels with blanks around them, or with a dash in one of several character sets.

Text is taken as Latin-1, in which every byte is a character: nothing but labels may hold others
than ASCII, and there they become `_`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels, concatenate
from oddflow.core.schema import FeatureSchema
from oddflow.datasets.columns import Column, Place, categories_of, feature_matrix
from oddflow.datasets.flow_features import Role
from oddflow.datasets.flow_layout import FlowLayout, columns_of, plain
from oddflow.datasets.kept_lines import read_kept
from oddflow.datasets.latin1 import latin1_as_utf8
from oddflow.ingest.source import line_blocks

BLOCK_ROWS = 16_384
"""Rows that are parsed at once, at most."""

# Keys in `LabelledMatrix.defects`, beside those of `flow_layout`.
EMPTY_ROWS = "empty rows, left out"
REPEATED_HEADERS = "headers among the rows, left out"
NO_RATE = "rows with an infinite, missing or negative rate, set to 0 and flagged"
NO_WINDOW = "rows without a TCP window in one direction or both, set to 0 and flagged"
NEGATIVE_TIME = "rows with a negative time, set to 0"
NEGATIVE_SIZE = "rows with a negative size, set to 0"
LABEL_BLANKS = "labels with blanks around them, trimmed"
LABEL_BYTES = "labels with characters beyond ASCII, read as _"

_DEFECTS = {
    Role.RATE: NO_RATE,
    Role.WINDOW: NO_WINDOW,
    Role.TIME: NEGATIVE_TIME,
    Role.SIZE: NEGATIVE_SIZE,
}


@dataclass(frozen=True, eq=False, slots=True)
class FlowBlock:
    """Consecutive rows of a table.

    Attributes:
        features: of the n rows; n may be 0.
        labels: of the same rows.
        defects: what was wrong in them, between them and in the header.
    """

    features: FeatureMatrix
    labels: Labels
    defects: Counter[str]


def parse_flow_csv(
    stream: BufferedIOBase,
    path: str | Path,
    layout: FlowLayout,
    *,
    block_rows: int = BLOCK_ROWS,
) -> Iterator[FlowBlock]:
    """The rows of a table with a header, block by block and in order.

    Args:
        stream: uncompressed bytes.
        path: where they come from, for error messages.
        layout: what the columns are.
        block_rows: rows in a block, at most; memory grows with it, results do not change.

    Raises:
        InputError: `block_rows` is below 1.
        MalformedInput: a header, row or value is wrong, or there is no row.
    """
    if block_rows < 1:
        raise InputError(f"expected block_rows of 1 or more, received {block_rows}")
    table: _Table | None = None
    n_rows = 0
    with latin1_as_utf8(stream) as text:
        for first_line, lines in line_blocks(text, path, max_lines=block_rows):
            defects: Counter[str] = Counter()
            if table is None:
                columns, defects = columns_of(path, lines[0], layout)
                table = _Table(layout, layout.schema, lines[0].strip(), columns)
                first_line, lines = 2, lines[1:]  # noqa: PLW2901 - the block without its header
            block = table.block(Place(path, first_line), lines, defects)
            n_rows += len(block.features)
            yield block
    if n_rows == 0:
        raise MalformedInput(
            path, "expected a header and at least one row, received none; give a table of flows"
        )


def gather(name: str, blocks: Iterable[FlowBlock]) -> LabelledMatrix:
    """All blocks of one table, or of several with one layout, as one corpus.

    Raises:
        InputError: there is no block.
    """
    parts = list(blocks)
    features = concatenate([part.features for part in parts])
    labels = Labels(
        np.concatenate([part.labels.attack for part in parts]),
        np.concatenate([part.labels.family for part in parts]),
    )
    defects: Counter[str] = sum((part.defects for part in parts), start=Counter())
    return LabelledMatrix(name, features, labels, dict(defects))


@dataclass(frozen=True, slots=True)
class _Table:
    """A layout as one file has it: the header, and what each field of a row must hold."""

    layout: FlowLayout
    schema: FeatureSchema
    header: str
    columns: list[Column]

    def block(self, place: Place, lines: list[str], defects: Counter[str]) -> FlowBlock:
        """The rows among some lines; `defects` are those of the lines before them."""
        text = pl.Series(lines, dtype=pl.String)
        is_empty = text.str.strip_chars(", \t\r") == ""
        is_header = text.str.strip_chars() == self.header
        series = read_kept(place, text, ~(is_empty | is_header), self.columns).columns
        values = {column.name: s for column, s in zip(self.columns, series, strict=True)}
        label = values[self.layout.label]
        features, found = self._features(values)
        found[EMPTY_ROWS], found[REPEATED_HEADERS] = int(is_empty.sum()), int(is_header.sum())
        found[LABEL_BLANKS] = int((label.str.strip_chars() != label).sum())
        found[LABEL_BYTES] = int(label.str.contains(r"[^\x00-\x7f]").sum())
        return FlowBlock(features, self._labels(label), defects + found)

    def _labels(self, label: pl.Series) -> Labels:
        names = plain(label)
        attack, family = (
            names.replace_strict(
                list(self.layout.attacks),
                [entry[i] for entry in self.layout.attacks.values()],
                return_dtype=pl.String,
            )
            for i in (0, 1)
        )
        return Labels(categories_of(attack).names(), categories_of(family).names())

    def _features(self, values: Mapping[str, pl.Series]) -> tuple[FeatureMatrix, Counter[str]]:
        """Features of the rows, and how many of the rows were set right in which way."""
        numbers = {
            column.feature.name: _numbers(values[column.feature.name])
            for column in self.layout.columns
        }
        unset: dict[str, NDArray[np.bool_]] = {}
        for column in self.layout.columns:
            if column.flag:
                lacking = ~np.isfinite(numbers[column.feature.name])
                lacking |= numbers[column.feature.name] < 0
                unset[column.flag] = unset.get(column.flag, False) | lacking
        ready: dict[str, pl.Series] = {}
        repaired: dict[str, NDArray[np.bool_]] = {}
        for column in self.layout.columns:
            name, value = column.feature.name, numbers[column.feature.name]
            if column.role is Role.CODE:
                ready[name] = pl.Series(value.astype(np.int64)).cast(pl.String)
                continue
            wrong = unset[column.flag] if column.flag else value < 0
            ready[name] = pl.Series(np.where(wrong, 0.0, value))
            defect = _DEFECTS[column.role]
            repaired[defect] = repaired.get(defect, False) | wrong
        ready |= {flag: pl.Series(rows.astype(np.float64)) for flag, rows in unset.items()}
        matrix = feature_matrix(self.schema, [ready[name] for name in self.schema.names])
        return matrix, Counter({defect: int(rows.sum()) for defect, rows in repaired.items()})


def _numbers(values: pl.Series) -> NDArray[np.float64]:
    """A column as numbers, NaN where a rate is empty."""
    return values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()

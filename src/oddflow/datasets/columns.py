"""Lines of comma-separated values as typed columns, checked against what each of them must hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from oddflow.core.errors import MalformedInput
from oddflow.core.matrix import Categories, FeatureMatrix
from oddflow.core.schema import Feature, FeatureSchema, Kind

_SHOWN_CHARS = 60  # of a value in an error message
_LARGEST = float(np.finfo(np.float64).max)
_BOUNDS = {
    Kind.COUNT: (0.0, _LARGEST),
    Kind.RATE: (0.0, 1.0),
    Kind.FLAG: (0.0, 1.0),
    Kind.NUMBER: (-_LARGEST, _LARGEST),
}
_NUMBER_WORDS = {
    Kind.COUNT: "a finite number of 0 or more",
    Kind.RATE: "a share between 0 and 1",
    Kind.FLAG: "0 or 1",
    Kind.NUMBER: "a finite number",
}


class Column(NamedTuple):
    """One column of a file: what its values must be, in words and as a test."""

    name: str
    expected: str
    is_number: bool
    is_right: Callable[[pl.Series], pl.Series]


class Place(NamedTuple):
    """Where a block of lines comes from: a file, and the one-based number of its first line."""

    path: str | Path
    first_line: int


def feature_column(feature: Feature) -> Column:
    """The column of a feature; its kind and levels say which values are right."""
    if not feature.is_category:
        return _number_column(feature)
    if feature.levels:
        levels = list(feature.levels)
        expected = f"one of {', '.join(levels)}"
        return Column(feature.name, expected, False, lambda values: values.is_in(levels))
    return name_column(
        feature.name,
        "a name of 1 to 32 letters, digits and _ . / + -",
        r"^[A-Za-z0-9_./+-]{1,32}$",
    )


def name_column(name: str, expected: str, pattern: str) -> Column:
    """A column of names, each of which matches a regular expression."""
    return Column(name, expected, False, lambda values: values.str.contains(pattern))


def _number_column(feature: Feature) -> Column:
    lower, upper = _BOUNDS[feature.kind]

    def is_right(values: pl.Series) -> pl.Series:
        if feature.kind is Kind.FLAG:
            return (values == 0) | (values == 1)
        return values.is_between(lower, upper)

    return Column(feature.name, _NUMBER_WORDS[feature.kind], True, is_right)


def read_columns(place: Place, lines: list[str], columns: Sequence[Column]) -> list[pl.Series]:
    """The values of lines of comma-separated values, one series a column: Float64 or String.

    Raises:
        MalformedInput: the first line with another number of fields, or the first wrong value.
    """
    width = len(columns)
    rows = pl.Series(lines, dtype=pl.String)
    wrong = rows.str.count_matches(",", literal=True) != width - 1
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        if row:
            read_columns(place, lines[:row], columns)  # what is wrong before it comes first
        raise wrong_width(
            place.path, place.first_line + row, lines[row], f"{width} fields as in the rows before"
        )
    texts = rows.str.split_exact(",", width - 1).struct.unnest().get_columns()
    values = [
        text.cast(pl.Float64, strict=False) if column.is_number else text
        for text, column in zip(texts, columns, strict=True)
    ]
    _check(place, texts, values, columns)
    return values


def wrong_width(path: str | Path, line: int, text: str, expected: str) -> MalformedInput:
    """The error for a line with too few or too many fields."""
    received = f"{text.count(',') + 1} fields" if text else "an empty line"
    return MalformedInput(
        path, f"expected {expected}, received {received}; correct the row or remove it", line=line
    )


def feature_matrix(schema: FeatureSchema, columns: Sequence[pl.Series]) -> FeatureMatrix:
    """Features from one series each, in schema order."""
    pairs = list(zip(schema.features, columns, strict=True))
    numeric = [values.to_numpy() for feature, values in pairs if not feature.is_category]
    categorical = [categories_of(values) for feature, values in pairs if feature.is_category]
    table = np.column_stack(numeric) if numeric else np.empty((len(columns[0]), 0))
    return FeatureMatrix(schema, table, tuple(categorical))


def categories_of(values: pl.Series) -> Categories:
    """Codes and sorted levels of a series of names."""
    levels = values.unique().sort()
    codes = values.cast(pl.Enum(levels)).to_physical().to_numpy().astype(np.int32)
    return Categories(codes, tuple(levels.to_list()))


def _check(
    place: Place,
    texts: Sequence[pl.Series],
    values: Sequence[pl.Series],
    columns: Sequence[Column],
) -> None:
    """Raise MalformedInput for the first wrong value, by row and then by column."""
    wrong = [
        (~column.is_right(values).fill_null(value=False)).arg_true()
        for column, values in zip(columns, values, strict=True)
    ]
    first = [(int(rows[0]), i) for i, rows in enumerate(wrong) if len(rows)]
    if not first:
        return
    row, i = min(first)
    text = texts[i][row]
    shown = text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "..."
    raise MalformedInput(
        place.path,
        f"expected {columns[i].name} to be {columns[i].expected}, received {shown!r}; correct the "
        "row or remove it",
        line=place.first_line + row,
        column=i + 1,
    )

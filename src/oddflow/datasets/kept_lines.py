"""Lines of which some are no records: left out, without losing the numbers of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from oddflow.core.errors import MalformedInput
from oddflow.datasets.columns import Column, Place, read_columns


class KeptLines(NamedTuple):
    """The records among some lines.

    Attributes:
        numbers: one-based numbers of their lines, shape (n,).
        columns: their values, one series of n values a column: Float64 or String.
    """

    numbers: NDArray[np.int64]
    columns: list[pl.Series]


def read_kept(
    place: Place, lines: pl.Series, keep: pl.Series, columns: Sequence[Column]
) -> KeptLines:
    """The values of the lines that are kept, as `columns.read_columns` reads them.

    Args:
        place: of the first line, kept or not.
        lines: of comma-separated values.
        keep: True for the lines that are records.
        columns: what they must hold.

    Raises:
        MalformedInput: the first kept line that is wrong, under its number in the file.
    """
    numbers = keep.arg_true().to_numpy().astype(np.int64) + place.first_line
    kept = lines.filter(keep).to_list()
    try:
        return KeptLines(numbers, read_columns(Place(place.path, 0), kept, columns))
    except MalformedInput as error:
        row = error.line or 0  # counted from 0, among the kept lines alone
        read_columns(Place(place.path, int(numbers[row])), [kept[row]], columns)
        raise

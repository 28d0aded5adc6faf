"""What each column of a KDD Cup 99 or NSL-KDD file must hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import polars as pl

from oddflow.core.kdd41 import KDD41
from oddflow.core.schema import Feature, Kind

MAX_DIFFICULTY = 21
"""Number of learners that NSL-KDD's publishers had label each record."""


class Column(NamedTuple):
    """One column of the file: what its values must be, in words and as a test."""

    name: str
    expected: str
    is_number: bool
    is_right: Callable[[pl.Series], pl.Series]


_UPPER = {Kind.COUNT: float(np.finfo(np.float64).max), Kind.RATE: 1.0, Kind.FLAG: 1.0}
_NUMBER_WORDS = {
    Kind.COUNT: "a finite number of 0 or more",
    Kind.RATE: "a share between 0 and 1",
    Kind.FLAG: "0 or 1",
}


def _number_column(feature: Feature) -> Column:
    upper = _UPPER[feature.kind]

    def is_right(values: pl.Series) -> pl.Series:
        if feature.kind is Kind.FLAG:
            return (values == 0) | (values == 1)
        return values.is_between(0, upper)

    return Column(feature.name, _NUMBER_WORDS[feature.kind], True, is_right)


def _name_column(name: str, expected: str, pattern: str) -> Column:
    return Column(name, expected, False, lambda values: values.str.contains(pattern))


def _feature_column(feature: Feature) -> Column:
    if not feature.is_category:
        return _number_column(feature)
    if feature.levels:
        levels = list(feature.levels)
        expected = f"one of {', '.join(levels)}"
        return Column(feature.name, expected, False, lambda values: values.is_in(levels))
    return _name_column(
        feature.name,
        "a name of 1 to 32 letters, digits and _ . / + -",
        r"^[A-Za-z0-9_./+-]{1,32}$",
    )


COLUMNS = (
    *(_feature_column(feature) for feature in KDD41.features),
    _name_column("the label", "an attack's name in lower case", r"^[a-z0-9_-]{1,32}$"),
    Column(
        "the difficulty",
        f"a whole number from 0 to {MAX_DIFFICULTY}",
        True,
        lambda values: values.is_between(0, MAX_DIFFICULTY) & (values == values.floor()),
    ),
)

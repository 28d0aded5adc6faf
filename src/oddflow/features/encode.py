"""Records to numbers: log1p, z-score and one-hot, learnt from normal training rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.matrix import Categories, FeatureMatrix
from oddflow.core.schema import Feature, FeatureSchema, Kind

LIMIT_SD = 1e4
"""Encoded numbers are clipped to this many standard deviations, lest one overflow 32 bits.

A tight limit (5) would find more of KDDTrain+'s own attacks, and twice as many false alarms on the
normals of KDDTest+: see docs/quality.md.
"""


class Scaling(StrEnum):
    """What a numeric column is shifted and divided by, after the logarithm of counts."""

    STANDARD = "standard"
    """Mean and standard deviation."""
    MIN_MAX = "min-max"
    """Smallest value and range: training rows come to lie in [0, 1]."""
    NONE = "none"
    """0 and 1: what the logarithm left of counts, and all other values, stay as they are."""


MAX_LEVELS = 256
"""The most frequent names of a category that get a column each; whoever writes the traffic decides
how many names there are, and must not decide how much memory it takes."""

UNSEEN = "(never seen in training)"
"""Name of the slot for a category that training did not contain."""


@dataclass(frozen=True)
class NumberCode:
    """How one numeric feature becomes one column: `(f(value) - mean) / scale`.

    Attributes:
        feature: the feature.
        mean: of f over the training rows, or what `Scaling` takes in its place.
        scale: standard deviation of f over the training rows, or what `Scaling` takes in its
            place, 1 for a constant column; f is log1p for counts and bytes, and the identity
            otherwise.

    Raises:
        InputError: a scale that is not above 0, or a number that is not finite.
    """

    feature: Feature
    mean: float
    scale: float

    def __post_init__(self) -> None:
        if not (self.scale > 0 and np.isfinite(self.scale) and np.isfinite(self.mean)):
            raise InputError(
                f"feature {self.feature.name}: expected a finite mean and a scale above 0, "
                f"received {self.mean} and {self.scale}"
            )

    @property
    def width(self) -> int:
        """Number of encoded columns."""
        return 1

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Encoded column, shape (n, 1)."""
        reach = LIMIT_SD * self.scale
        near = np.clip(_squash(self.feature, values), self.mean - reach, self.mean + reach)
        return ((near - self.mean) / self.scale).astype(np.float32)[:, None]

    def decode(self, encoded: NDArray[Any]) -> float:
        """Value in original units, kept within what the feature can be."""
        z = float(np.clip(encoded[0], -LIMIT_SD, LIMIT_SD))
        value = z * self.scale + self.mean
        if self.feature.kind is Kind.COUNT:
            value = float(np.expm1(np.clip(value, 0, 700)))
        if self.feature.kind in (Kind.RATE, Kind.FLAG):
            value = float(np.clip(value, 0, 1))
        return value

    def to_json(self) -> dict[str, Any]:
        """What `Encoder.from_json` reads."""
        return {"name": self.feature.name, "mean": self.mean, "scale": self.scale}


@dataclass(frozen=True)
class CategoryCode:
    """How one category becomes columns: one for each level seen in training, one for the rest.

    Attributes:
        feature: the feature.
        levels: names seen in training, sorted.
    """

    feature: Feature
    levels: tuple[str, ...]

    @property
    def width(self) -> int:
        """Number of encoded columns."""
        return len(self.levels) + 1

    def encode(self, column: Categories) -> NDArray[np.float32]:
        """Encoded columns, 0 or 1, shape (n, width)."""
        slot = {level: i for i, level in enumerate(self.levels)}
        slots = np.array([slot.get(level, len(slot)) for level in column.levels], dtype=np.intp)
        return one_hot(slots[column.codes], self.width)

    def decode(self, encoded: NDArray[Any]) -> str:
        """Name of the level with the largest code."""
        return (*self.levels, UNSEEN)[int(np.argmax(encoded))]

    def to_json(self) -> dict[str, Any]:
        """What `Encoder.from_json` reads."""
        return {"name": self.feature.name, "levels": list(self.levels)}


Code = NumberCode | CategoryCode


@dataclass(frozen=True)
class Encoder:
    """Turns a FeatureMatrix into float32 columns; fitted state is plain data.

    Columns stand in schema order within each feature group, and groups in the order of the schema,
    so that a group is one slice of the encoded row.

    Attributes:
        schema: features it was fitted on; no other is accepted.
        codes: one for each feature, in the order of the encoded columns.

    Raises:
        InputError: codes that are not those of the schema.
    """

    schema: FeatureSchema
    codes: tuple[Code, ...]

    def __post_init__(self) -> None:
        expected = [(feature, feature.is_category) for feature in _in_order(self.schema)]
        received = [(code.feature, isinstance(code, CategoryCode)) for code in self.codes]
        if received != expected:
            raise InputError(
                f"expected one code for each of the {len(expected)} features, by group, a category "
                f"for each name and a number for each number; received {len(received)} others"
            )

    @classmethod
    def fit(cls, matrix: FeatureMatrix, *, scaling: Scaling = Scaling.STANDARD) -> Encoder:
        """Learn means, scales and vocabularies from training rows; a detector gives normal ones.

        Raises:
            InputError: there is no row.
        """
        if len(matrix) == 0:
            raise InputError("cannot learn an encoding from 0 rows; give normal training rows")
        codes = tuple(_fit_code(matrix, f, scaling) for f in _in_order(matrix.schema))
        return cls(matrix.schema, codes)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Encoded columns of each feature."""
        ends = np.cumsum([code.width for code in self.codes])
        return {
            code.feature.name: slice(int(end) - code.width, int(end))
            for code, end in zip(self.codes, ends, strict=True)
        }

    @property
    def n_columns(self) -> int:
        """Width of an encoded row."""
        return sum(code.width for code in self.codes)

    @cached_property
    def group_slices(self) -> tuple[slice, ...]:
        """Encoded columns of each feature group, in order."""
        slices = []
        for group in self.schema.groups:
            inside = [self.slices[c.feature.name] for c in self.codes if c.feature.group == group]
            slices.append(slice(inside[0].start, inside[-1].stop))
        return tuple(slices)

    def transform(self, matrix: FeatureMatrix) -> NDArray[np.float32]:
        """Encoded rows, float32, shape (n, n_columns); each depends on its own record alone.

        Raises:
            SchemaMismatch: the matrix has another schema than the training rows.
        """
        if matrix.schema.sha256 != self.schema.sha256:
            raise SchemaMismatch(expected=self.schema.names, received=matrix.schema.names)
        numeric = {f.name: i for i, f in enumerate(matrix.schema.numeric)}
        categorical = {f.name: i for i, f in enumerate(matrix.schema.categorical)}
        encoded = np.empty((len(matrix), self.n_columns), dtype=np.float32)
        for code in self.codes:
            name = code.feature.name
            if isinstance(code, NumberCode):
                encoded[:, self.slices[name]] = code.encode(matrix.numeric[:, numeric[name]])
            else:
                encoded[:, self.slices[name]] = code.encode(matrix.categorical[categorical[name]])
        return encoded

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back to the same encoder."""
        return {
            "schema": self.schema.to_json(),
            "codes": [code.to_json() for code in self.codes],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Encoder:
        """The encoder that `to_json` wrote."""
        schema = FeatureSchema.from_json(data["schema"])
        features = {feature.name: feature for feature in schema.features}
        return cls(
            schema,
            tuple(
                CategoryCode(features[c["name"]], tuple(c["levels"]))
                if "levels" in c
                else NumberCode(features[c["name"]], float(c["mean"]), float(c["scale"]))
                for c in data["codes"]
            ),
        )


def one_hot(slots: NDArray[np.intp], width: int) -> NDArray[np.float32]:
    """Rows of zeros with a 1 in the given slot, shape (n, width).

    >>> one_hot(np.array([1, 0]), 3).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    rows = np.zeros((len(slots), width), dtype=np.float32)
    rows[np.arange(len(slots)), slots] = 1
    return rows


def _in_order(schema: FeatureSchema) -> list[Feature]:
    """The features as their columns stand: group by group."""
    return [f for group in schema.groups for f in schema.features if f.group == group]


def _squash(feature: Feature, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """log1p for counts and bytes (negative values count as 0), the identity otherwise."""
    return np.log1p(np.maximum(values, 0)) if feature.kind is Kind.COUNT else values


def _fit_code(matrix: FeatureMatrix, feature: Feature, scaling: Scaling) -> Code:
    if feature.is_category:
        column = matrix.categorical[matrix.schema.categorical.index(feature)]
        counts = np.bincount(column.codes, minlength=len(column.levels))
        seen = sorted(np.flatnonzero(counts).tolist(), key=lambda i: (-counts[i], column.levels[i]))
        return CategoryCode(feature, tuple(sorted(column.levels[i] for i in seen[:MAX_LEVELS])))
    values = _squash(feature, matrix.column(feature.name))
    match scaling:
        case Scaling.STANDARD:
            middle, spread = float(values.mean()), float(values.std())
        case Scaling.MIN_MAX:
            middle, spread = float(values.min()), float(np.ptp(values))
        case Scaling.NONE:
            middle, spread = 0.0, 1.0
    is_constant = spread <= 1e-12 * max(1.0, float(np.abs(values).max()))
    return NumberCode(feature, middle, 1.0 if is_constant else spread)

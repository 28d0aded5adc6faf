"""Typed feature columns and, apart from them, labels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from oddflow.core.context import Context, Rows, chained, kept_apart
from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.schema import FeatureSchema

Column = Sequence[Any] | NDArray[Any]


class Categories(NamedTuple):
    """A column of names: `levels[codes[i]]` is the value of row i."""

    codes: NDArray[np.int32]
    levels: tuple[str, ...]

    def names(self) -> NDArray[np.object_]:
        """The values as strings, shape (n,)."""
        return np.array(self.levels, dtype=object)[self.codes]


@dataclass(frozen=True, eq=False, slots=True)
class FeatureMatrix:
    """The features of n records, in original units. There is no label in it to leak.

    Attributes:
        schema: what the columns mean.
        numeric: shape (n, len(schema.numeric)), finite float64, in schema order.
        categorical: one column for each of `schema.categorical`, in schema order.
        context: between whom and when, for detectors of sequences; None where that is not known.

    Raises:
        InputError: shapes that disagree, or a number that is not finite.
    """

    schema: FeatureSchema
    numeric: NDArray[np.float64]
    categorical: tuple[Categories, ...]
    context: Context | None = None

    def __post_init__(self) -> None:
        n_numeric, n_categorical = len(self.schema.numeric), len(self.schema.categorical)
        if self.numeric.ndim != 2 or self.numeric.shape[1] != n_numeric:
            raise InputError(
                f"expected numeric columns of shape (n, {n_numeric}), received {self.numeric.shape}"
            )
        lengths = {len(column.codes) for column in self.categorical}
        if len(self.categorical) != n_categorical or lengths - {len(self.numeric)}:
            raise InputError(
                f"expected {n_categorical} categorical columns of {len(self.numeric)} rows, "
                f"received {len(self.categorical)} of {sorted(lengths)}"
            )
        if self.context is not None and len(self.context) != len(self.numeric):
            raise InputError(f"{len(self.numeric)} records but {len(self.context)} contexts")
        if not np.isfinite(self.numeric).all():
            row, column = np.argwhere(~np.isfinite(self.numeric))[0]
            raise InputError(
                f"row {row}, feature {self.schema.numeric[column].name}: expected a finite "
                f"number, received {self.numeric[row, column]}; clean or drop the row"
            )

    def __len__(self) -> int:
        return len(self.numeric)

    def take(self, rows: Rows) -> Self:
        """The given rows (mask, indices or slice), in the order given."""
        return type(self)(
            self.schema,
            self.numeric[rows],
            tuple(Categories(c.codes[rows], c.levels) for c in self.categorical),
            None if self.context is None else self.context.take(rows),
        )

    def select(self, schema: FeatureSchema) -> Self:
        """The features of another schema, found by their names; the rest are left out.

        Args:
            schema: may call a number by another kind, but not a name a number nor a number a name.

        Raises:
            SchemaMismatch: it names a feature that is not here, or is of the other sort here.
        """
        columns = {feature.name: i for i, feature in enumerate(self.schema.numeric)}
        names = {feature.name: i for i, feature in enumerate(self.schema.categorical)}
        unknown = {f.name for f in schema.numeric} - set(columns)
        unknown |= {f.name for f in schema.categorical} - set(names)
        if unknown:
            raise SchemaMismatch(expected=schema.names, received=self.schema.names)
        return type(self)(
            schema,
            self.numeric[:, [columns[feature.name] for feature in schema.numeric]],
            tuple(self.categorical[names[feature.name]] for feature in schema.categorical),
            self.context,
        )

    def column(self, name: str) -> NDArray[Any]:
        """Values of one feature, shape (n,): float64, or strings for a category."""
        for i, feature in enumerate(self.schema.numeric):
            if feature.name == name:
                return self.numeric[:, i]
        for feature, column in zip(self.schema.categorical, self.categorical, strict=True):
            if feature.name == name:
                return column.names()
        raise InputError(f"no feature {name!r}; there are {list(self.schema.names)}")

    def value(self, row: int, name: str) -> float | str:
        """One value in original units."""
        for i, feature in enumerate(self.schema.numeric):
            if feature.name == name:
                return float(self.numeric[row, i])
        for feature, column in zip(self.schema.categorical, self.categorical, strict=True):
            if feature.name == name:
                return str(column.levels[column.codes[row]])
        raise InputError(f"no feature {name!r}; there are {list(self.schema.names)}")

    def fingerprint(self) -> str:
        """sha256 over schema and values: which data a model was trained on."""
        digest = hashlib.sha256(self.schema.sha256.encode())
        digest.update(np.ascontiguousarray(self.numeric).tobytes())
        for column in self.categorical:
            digest.update("\n".join(column.names()).encode())
        return digest.hexdigest()

    @classmethod
    def from_columns(cls, schema: FeatureSchema, columns: Mapping[str, Column]) -> Self:
        """Build from one sequence a feature; names in any order.

        Raises:
            SchemaMismatch: a column is missing or unknown.
            InputError: a value that cannot be read as a number.
        """
        schema.require(columns)
        numeric = [_as_numbers(feature.name, columns[feature.name]) for feature in schema.numeric]
        categorical = tuple(categories(columns[feature.name]) for feature in schema.categorical)
        n_rows = len(columns[schema.names[0]])
        table = np.column_stack(numeric) if numeric else np.empty((n_rows, 0))
        return cls(schema, table, categorical)


def categories(values: Column) -> Categories:
    """Encode a sequence of names as codes and levels (sorted, so order does not matter)."""
    levels, codes = np.unique(np.asarray(values).astype(str), return_inverse=True)
    return Categories(codes.astype(np.int32), tuple(str(level) for level in levels))


def _as_numbers(name: str, values: Column) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"feature {name}: expected numbers, received {error}") from error


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """What a corpus says about n records; only `evaluate` looks at it.

    Attributes:
        attack: name of the attack, `normal` for none, shape (n,), strings.
        family: family of the attack, `normal` for none, shape (n,), strings.
    """

    attack: NDArray[np.object_]
    family: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.attack)

    @property
    def is_attack(self) -> NDArray[np.bool_]:
        """True where the record is not normal, shape (n,)."""
        return np.asarray(self.attack != "normal", dtype=np.bool_)

    def take(self, rows: Rows) -> Self:
        """The given rows, in the order given."""
        return type(self)(self.attack[rows], self.family[rows])


@dataclass(frozen=True, eq=False, slots=True)
class Times:
    """When n records happened, in seconds on one clock; only `evaluate` looks at it.

    Attributes:
        start_s: when each began, shape (n,).
        known_s: when each was over and could be judged, shape (n,); no alert comes earlier.

    Raises:
        InputError: shapes that disagree, or a record that was known before it began.
    """

    start_s: NDArray[np.float64]
    known_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.start_s.shape != self.known_s.shape:
            raise InputError(
                f"{self.start_s.shape} starts of records but {self.known_s.shape} times when known"
            )
        if not (self.start_s <= self.known_s).all():
            row = int(np.argmin(self.start_s <= self.known_s))
            raise InputError(
                f"row {row}: expected a record to be known once it began, received start "
                f"{self.start_s[row]} s and {self.known_s[row]} s"
            )

    def __len__(self) -> int:
        return len(self.start_s)

    def take(self, rows: Rows) -> Self:
        """The given rows, in the order given."""
        return type(self)(self.start_s[rows], self.known_s[rows])


@dataclass(frozen=True, eq=False, slots=True)
class LabelledMatrix:
    """Features and labels of the same n records, side by side and never mixed.

    Attributes:
        name: of the corpus or file.
        features: what a detector may see.
        labels: what only an evaluation may see, and a classifier for its training records.
        defects: what was found wrong with the records as published and set right or left out,
            such as "rows with an infinite rate", and in how many of them.
        times: when they happened; None if the corpus does not say.
    """

    name: str
    features: FeatureMatrix
    labels: Labels
    defects: Mapping[str, int] = field(default_factory=dict)
    times: Times | None = None

    def __post_init__(self) -> None:
        if len(self.features) != len(self.labels):
            raise InputError(
                f"{self.name}: {len(self.features)} records but {len(self.labels)} labels"
            )
        if self.times is not None and len(self.times) != len(self.labels):
            raise InputError(f"{self.name}: {len(self.labels)} records but {len(self.times)} times")

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: Rows) -> Self:
        """The given rows, in the order given."""
        times = None if self.times is None else self.times.take(rows)
        features, labels = self.features.take(rows), self.labels.take(rows)
        return type(self)(self.name, features, labels, self.defects, times)

    def normals(self) -> FeatureMatrix:
        """Features of the normal records."""
        return self.features.take(~self.labels.is_attack)


def concatenate(matrices: Sequence[FeatureMatrix]) -> FeatureMatrix:
    """The rows of all matrices, in the order given; levels of a category are merged and sorted.

    The matrices are different recordings: no host of one is a host of another. There is a context
    if each has one.

    Raises:
        InputError: there is no matrix.
        SchemaMismatch: two of them have different features.
    """
    return _joined(matrices, kept_apart)


def consecutive(blocks: Sequence[FeatureMatrix]) -> FeatureMatrix:
    """The same for blocks of one recording or stream, whose hosts are the same.

    Raises:
        InputError, SchemaMismatch: as `concatenate`.
    """
    return _joined(blocks, chained)


def _joined(
    matrices: Sequence[FeatureMatrix], join: Callable[[Sequence[Context]], Context]
) -> FeatureMatrix:
    if not matrices:
        raise InputError("expected at least one block of records to put together, received none")
    schema = matrices[0].schema
    for matrix in matrices:
        if matrix.schema.sha256 != schema.sha256:
            raise SchemaMismatch(expected=schema.names, received=matrix.schema.names)
    columns = zip(*(matrix.categorical for matrix in matrices), strict=True)
    contexts = [matrix.context for matrix in matrices if matrix.context is not None]
    return FeatureMatrix(
        schema,
        np.concatenate([matrix.numeric for matrix in matrices]),
        tuple(_merged(column) for column in columns),
        join(contexts) if len(contexts) == len(matrices) else None,
    )


def _merged(parts: Sequence[Categories]) -> Categories:
    levels = tuple(sorted({level for part in parts for level in part.levels}))
    slot = {level: i for i, level in enumerate(levels)}
    codes = [
        np.array([slot[level] for level in part.levels], dtype=np.int32)[part.codes]
        for part in parts
    ]
    return Categories(np.concatenate(codes), levels)

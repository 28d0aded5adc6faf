"""Data frames, arrays and lists become the same features; what is no table is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import numbered_schema
from oddflow.detect.intake import to_matrix
from tests.toy import toy_normals


@pytest.fixture(scope="module")
def matrix() -> FeatureMatrix:
    return toy_normals(20, seed=0)


def columns_of(matrix: FeatureMatrix, *, reverse: bool = False) -> dict[str, list[Any]]:
    names = reversed(matrix.schema.names) if reverse else matrix.schema.names
    return {name: matrix.column(name).tolist() for name in names}


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("reverse", [False, True])
def test_kdd_frames_are_known_by_their_names(
    matrix: FeatureMatrix, frame: Any, reverse: bool
) -> None:
    read = to_matrix(frame(columns_of(matrix, reverse=reverse)))
    assert read.schema.sha256 == KDD41.sha256
    assert read.fingerprint() == matrix.fingerprint()


def test_a_mixed_array_of_41_columns_is_kdd(matrix: FeatureMatrix) -> None:
    rows = [list(row) for row in zip(*columns_of(matrix).values(), strict=True)]
    for array in (np.array(rows, dtype=object), rows, np.array(rows).astype(str)):
        assert to_matrix(array).fingerprint() == matrix.fingerprint()


def test_categories_of_pandas_and_polars_are_names() -> None:
    wanted = ["a", "b", "a"]
    frames = (
        pd.DataFrame({"x": [1, 2, 3], "name": pd.Categorical(wanted)}),
        pl.DataFrame({"x": [1, 2, 3], "name": pl.Series(wanted, dtype=pl.Categorical)}),
        pl.DataFrame({"x": [1, 2, 3], "name": pl.Series(wanted, dtype=pl.Enum(["b", "a"]))}),
    )
    for frame in frames:
        read = to_matrix(frame)
        assert [f.is_category for f in read.schema.features] == [False, True]
        assert read.column("name").tolist() == wanted


def test_whole_numbers_and_truth_values_are_numbers() -> None:
    frame = pd.DataFrame({"i": [1, 2], "b": [True, False], "u": np.array([3, 4], np.uint8)})
    assert to_matrix(frame).numeric.tolist() == [[1, 1, 3], [2, 0, 4]]


@pytest.mark.parametrize("records", [[[1, 2], [3, 4]], np.array([[1.0, 2], [3, 4]], np.float32)])
def test_plain_arrays_get_numbered_columns(records: Any) -> None:
    read = to_matrix(records)
    assert read.schema.names == ("x0", "x1")
    assert read.numeric.tolist() == [[1, 2], [3, 4]]


def test_41_plain_numbers_are_not_kdd() -> None:
    assert to_matrix(np.zeros((2, 41))).schema.profile == "inferred"


def test_a_given_schema_orders_columns_by_name() -> None:
    schema = to_matrix(pd.DataFrame({"a": [1], "b": [2]})).schema
    assert to_matrix(pl.DataFrame({"b": [5], "a": [4]}), schema).numeric.tolist() == [[4, 5]]
    with pytest.raises(SchemaMismatch, match=r"missing \['b'\], unexpected \['c'\]"):
        to_matrix(pd.DataFrame({"a": [1], "c": [2]}), schema)


def test_the_width_of_an_array_must_fit() -> None:
    with pytest.raises(SchemaMismatch, match="expects 3 features, received 2"):
        to_matrix(np.zeros((1, 2)), numbered_schema(3))


def test_a_matrix_passes_unless_its_schema_is_another(matrix: FeatureMatrix) -> None:
    assert to_matrix(matrix) is matrix
    assert to_matrix(matrix, KDD41) is matrix
    with pytest.raises(SchemaMismatch):
        to_matrix(matrix, numbered_schema(41))


@pytest.mark.parametrize("records", [1.0, [1, 2, 3], np.zeros((2, 2, 2)), "text", None, {}])
def test_what_has_no_two_dimensions_is_refused(records: Any) -> None:
    with pytest.raises(InputError, match="two-dimensional"):
        to_matrix(records)


def test_rows_of_unequal_length_are_refused() -> None:
    with pytest.raises(InputError, match="two-dimensional"):
        to_matrix([[1, 2], [3]])


@pytest.mark.parametrize(
    "records",
    [
        [[1.0, np.nan]],
        np.array([[1.0, np.inf]]),
        pd.DataFrame({"x": [1.0, None]}),
        pl.DataFrame({"x": [1.0, None]}),
        np.array([["one", 2]], dtype=object),
    ],
)
def test_values_that_are_no_finite_numbers_are_refused(records: Any) -> None:
    with pytest.raises(InputError, match="expected"):
        to_matrix(records)


def test_no_rows_are_no_rows(matrix: FeatureMatrix) -> None:
    empty = matrix.take(slice(0, 0))
    assert len(to_matrix(pd.DataFrame(columns_of(empty)), KDD41)) == 0
    assert len(to_matrix(np.empty((0, 41), dtype=object))) == 0

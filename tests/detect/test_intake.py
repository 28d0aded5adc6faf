import numpy as np
import pandas as pd
import polars as pl
import pytest

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.core.schema import numbered_schema
from oddflow.detect.intake import to_matrix


def columns(toy: LabelledMatrix, n: int = 5) -> dict[str, list[object]]:
    some = toy.features.take(slice(0, n))
    return {name: some.column(name).tolist() for name in KDD41.names}


def test_frames_in_any_column_order_give_the_same_records(toy: LabelledMatrix) -> None:
    given = columns(toy)
    reordered = dict(reversed(given.items()))
    expected = toy.features.take(slice(0, 5)).fingerprint()
    for frame in (pd.DataFrame(reordered), pl.DataFrame(reordered)):
        matrix = to_matrix(frame)
        assert matrix.schema.sha256 == KDD41.sha256
        assert matrix.fingerprint() == expected


def test_rows_of_41_mixed_values_are_kdd(toy: LabelledMatrix) -> None:
    rows = list(zip(*columns(toy).values(), strict=True))
    expected = toy.features.take(slice(0, 5)).fingerprint()
    assert to_matrix(np.array(rows, dtype=object)).fingerprint() == expected
    assert to_matrix(np.array(rows)).fingerprint() == expected


def test_other_frames_and_arrays_describe_themselves() -> None:
    matrix = to_matrix(pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [True, False]}))
    assert [f.is_category for f in matrix.schema.features] == [False, True, False]
    assert to_matrix([[1, 2], [3, 4]]).schema.sha256 == numbered_schema(2).sha256


def test_a_matrix_passes_as_it_is(toy: LabelledMatrix) -> None:
    assert to_matrix(toy.features) is toy.features
    with pytest.raises(SchemaMismatch):
        to_matrix(toy.features, numbered_schema(2))


def test_what_is_no_table_is_refused() -> None:
    for wrong in ([1, 2], np.zeros((1, 2, 3)), 7.0):
        with pytest.raises(InputError, match="two-dimensional"):
            to_matrix(wrong)
    with pytest.raises(SchemaMismatch, match="expects 2 features, received 3"):
        to_matrix(np.zeros((4, 3)), numbered_schema(2))
    with pytest.raises(InputError, match="feature x1: expected numbers"):
        to_matrix(np.array([["1", "one"]]))
    with pytest.raises(InputError, match="finite"):
        to_matrix([[1.0, np.nan]])


def test_missing_columns_are_named(toy: LabelledMatrix) -> None:
    frame = pd.DataFrame(columns(toy)).drop(columns="service")
    with pytest.raises(SchemaMismatch, match=r"missing \['service'\]"):
        to_matrix(frame, KDD41)


def test_the_empty_table_keeps_its_columns() -> None:
    assert len(to_matrix(np.empty((0, 3)))) == 0
    assert isinstance(to_matrix(np.empty((0, 3))), FeatureMatrix)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [1, 2, 3], "name": pd.Categorical(["a", "b", "a"])}),
        pl.DataFrame({"x": [1, 2, 3], "name": pl.Series(["a", "b", "a"], dtype=pl.Categorical)}),
        pl.DataFrame(
            {"x": [1, 2, 3], "name": pl.Series(["a", "b", "a"], dtype=pl.Enum(["b", "a"]))}
        ),
    ],
    ids=["pandas", "polars", "polars enum"],
)
def test_categories_are_names_and_not_their_codes(frame: pd.DataFrame | pl.DataFrame) -> None:
    matrix = to_matrix(frame)
    assert [f.is_category for f in matrix.schema.features] == [False, True]
    assert matrix.column("name").tolist() == ["a", "b", "a"]


def test_whole_numbers_and_truth_values_are_numbers() -> None:
    frame = pd.DataFrame({"i": [1, 2], "b": [True, False], "u": np.array([3, 4], np.uint8)})
    assert to_matrix(frame).numeric.tolist() == [[1, 1, 3], [2, 0, 4]]


def test_a_given_schema_orders_columns_by_name() -> None:
    schema = to_matrix(pd.DataFrame({"a": [1], "b": [2]})).schema
    assert to_matrix(pl.DataFrame({"b": [5], "a": [4]}), schema).numeric.tolist() == [[4, 5]]


def test_41_plain_numbers_are_not_kdd() -> None:
    assert to_matrix(np.zeros((2, 41))).schema.sha256 == numbered_schema(41).sha256


def test_rows_of_unequal_length_are_refused() -> None:
    with pytest.raises(InputError, match="two-dimensional"):
        to_matrix([[1, 2], [3]])


@pytest.mark.parametrize(
    "frame", [pd.DataFrame({"x": [1.0, None]}), pl.DataFrame({"x": [1.0, None]})]
)
def test_missing_values_are_refused(frame: pd.DataFrame | pl.DataFrame) -> None:
    with pytest.raises(InputError, match="row 1, feature x: expected a finite number"):
        to_matrix(frame)

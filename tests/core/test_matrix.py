import numpy as np
import pytest

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels, Times
from oddflow.core.schema import Feature, FeatureSchema, Kind, inferred_schema

SCHEMA = inferred_schema(["x", "name", "y"], [False, True, False])


def matrix(n: int = 3) -> FeatureMatrix:
    return FeatureMatrix.from_columns(
        SCHEMA, {"name": ["b", "a", "b"][:n], "x": [1, 2, 3][:n], "y": [0.5, 0.25, 0.125][:n]}
    )


def test_columns_come_back_as_given() -> None:
    m = matrix()
    assert m.column("x").tolist() == [1.0, 2.0, 3.0]
    assert m.column("name").tolist() == ["b", "a", "b"]
    assert m.value(1, "name") == "a"
    assert m.value(2, "y") == 0.125
    with pytest.raises(InputError, match="no feature 'z'"):
        m.column("z")


def test_take_keeps_order() -> None:
    taken = matrix().take(np.array([2, 0]))
    assert taken.column("x").tolist() == [3.0, 1.0]
    assert taken.column("name").tolist() == ["b", "b"]


def test_features_of_another_schema_are_found_by_name() -> None:
    other = FeatureSchema(
        "other",
        (
            Feature(name="y", kind=Kind.RATE, group="a"),
            Feature(name="name", kind=Kind.CATEGORY, group="a"),
        ),
    )
    selected = matrix().select(other)
    assert selected.schema == other
    assert selected.column("y").tolist() == [0.5, 0.25, 0.125]
    assert selected.column("name").tolist() == ["b", "a", "b"]
    assert selected.numeric.shape == (3, 1)
    assert len(selected.categorical) == 1


@pytest.mark.parametrize(
    ("name", "kind"), [("z", Kind.NUMBER), ("name", Kind.NUMBER), ("x", Kind.CATEGORY)]
)
def test_a_feature_that_is_not_there_or_of_the_other_sort_is_refused(name: str, kind: Kind) -> None:
    other = FeatureSchema("other", (Feature(name=name, kind=kind, group="a"),))
    with pytest.raises(SchemaMismatch):
        matrix().select(other)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_are_finite(bad: float) -> None:
    with pytest.raises(InputError, match="row 1, feature y: expected a finite number"):
        FeatureMatrix.from_columns(SCHEMA, {"x": [1, 2], "name": ["a", "a"], "y": [0, bad]})


def test_a_wrong_set_of_columns_or_values_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match=r"missing \['y'\]"):
        FeatureMatrix.from_columns(SCHEMA, {"x": [1], "name": ["a"]})
    with pytest.raises(InputError, match="feature x: expected numbers"):
        FeatureMatrix.from_columns(SCHEMA, {"x": ["one"], "name": ["a"], "y": [0]})
    with pytest.raises(InputError, match="shape"):
        FeatureMatrix(SCHEMA, np.zeros((2, 3)), ())
    with pytest.raises(InputError, match="categorical"):
        FeatureMatrix(SCHEMA, np.zeros((2, 2)), ())


def test_normals_are_the_rows_without_an_attack() -> None:
    labels = Labels(
        np.array(["normal", "neptune", "normal"], dtype=object),
        np.array(["normal", "dos", "normal"], dtype=object),
    )
    labelled = LabelledMatrix("toy", matrix(), labels)
    assert labelled.normals().column("x").tolist() == [1.0, 3.0]
    assert labelled.take(slice(1, 2)).labels.is_attack.tolist() == [True]
    with pytest.raises(InputError, match="3 records but 1 labels"):
        LabelledMatrix("toy", matrix(), labels.take(slice(0, 1)))


def test_times_follow_their_records() -> None:
    names = np.array(["normal", "neptune", "normal"], dtype=object)
    labels = Labels(names, names)
    times = Times(np.array([0.0, 1.0, 2.0]), np.array([5.0, 1.0, 3.0]))
    labelled = LabelledMatrix("toy", matrix(), labels, times=times).take(np.array([2, 0]))
    assert labelled.times is not None
    assert labelled.times.start_s.tolist() == [2.0, 0.0]
    assert labelled.times.known_s.tolist() == [3.0, 5.0]
    assert LabelledMatrix("toy", matrix(), labels).take(slice(1)).times is None
    with pytest.raises(InputError, match="3 records but 2 times"):
        LabelledMatrix("toy", matrix(), labels, times=times.take(slice(2)))


def test_times_that_run_backwards_are_refused() -> None:
    with pytest.raises(InputError, match=r"row 1: .* once it began, received start 1.0 s and 0.5"):
        Times(np.array([0.0, 1.0]), np.array([0.0, 0.5]))
    with pytest.raises(InputError, match="row 0"):
        Times(np.array([0.0]), np.array([np.nan]))
    with pytest.raises(InputError, match=r"\(2,\) starts of records but \(1,\)"):
        Times(np.zeros(2), np.zeros(1))

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import Feature, FeatureSchema, Kind, numbered_schema
from oddflow.features.encode import (
    LIMIT_SD,
    MAX_LEVELS,
    UNSEEN,
    CategoryCode,
    Encoder,
    Scaling,
)

SCHEMA = FeatureSchema(
    "toy",
    (
        Feature(name="bytes", kind=Kind.COUNT, group="a"),
        Feature(name="late", kind=Kind.RATE, group="b"),
        Feature(name="service", kind=Kind.CATEGORY, group="a"),
        Feature(name="constant", kind=Kind.COUNT, group="b"),
    ),
)


def matrix(bytes_: list[float], late: list[float], service: list[str]) -> FeatureMatrix:
    return FeatureMatrix.from_columns(
        SCHEMA,
        {"bytes": bytes_, "late": late, "service": service, "constant": [0.0] * len(bytes_)},
    )


TRAIN = matrix([0, 10, 1000, 1e6], [0, 0.5, 0.5, 1], ["http", "smtp", "http", "dns"])


def test_numbers_are_standardised_on_the_training_rows() -> None:
    encoder = Encoder.fit(TRAIN)
    encoded = encoder.transform(TRAIN)
    for name in ("bytes", "late"):
        column = encoded[:, encoder.slices[name]]
        assert column.mean() == pytest.approx(0, abs=1e-6)
        assert column.std() == pytest.approx(1, abs=1e-6)
    expected = np.log1p([0, 10, 1000, 1e6])
    assert encoded[:, 0] == pytest.approx((expected - expected.mean()) / expected.std(), abs=1e-6)


def test_a_group_is_one_slice() -> None:
    encoder = Encoder.fit(TRAIN)
    assert [code.feature.name for code in encoder.codes] == [
        "bytes",
        "service",
        "late",
        "constant",
    ]
    assert encoder.group_slices == (slice(0, 5), slice(5, 7))
    assert encoder.n_columns == 7


def test_a_category_never_seen_has_a_slot_of_its_own() -> None:
    encoder = Encoder.fit(TRAIN)
    encoded = encoder.transform(matrix([1, 1], [0, 0], ["http", "gopher"]))
    service = encoded[:, encoder.slices["service"]]
    assert service.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    code = next(c for c in encoder.codes if isinstance(c, CategoryCode))
    assert [code.decode(row) for row in service] == ["http", UNSEEN]


def test_the_vocabulary_holds_training_rows_only() -> None:
    """Rows taken from a larger table must not bring its other names along."""
    encoder = Encoder.fit(TRAIN.take(slice(0, 3)))
    code = next(c for c in encoder.codes if isinstance(c, CategoryCode))
    assert code.levels == ("http", "smtp")


def test_traffic_with_many_names_takes_no_more_columns_than_allowed() -> None:
    """The frequent names keep their columns; the rest share the slot of the unseen."""
    names = ["http"] * 50 + ["smtp"] * 40 + [f"made-up-{i}" for i in range(2 * MAX_LEVELS)]
    encoder = Encoder.fit(matrix([1.0] * len(names), [0.0] * len(names), names))
    code = next(c for c in encoder.codes if isinstance(c, CategoryCode))
    assert len(code.levels) == MAX_LEVELS
    assert {"http", "smtp"} <= set(code.levels)
    rare = encoder.transform(matrix([1.0], [0.0], [names[-1]]))[0, encoder.slices["service"]]
    assert code.decode(rare) == UNSEEN


def test_a_constant_column_stays_finite_and_still_shows_a_change() -> None:
    encoder = Encoder.fit(TRAIN)
    odd = FeatureMatrix.from_columns(
        SCHEMA, {"bytes": [0], "late": [0], "service": ["http"], "constant": [3]}
    )
    assert encoder.transform(TRAIN)[:, encoder.slices["constant"]].tolist() == [[0]] * 4
    assert encoder.transform(odd)[0, encoder.slices["constant"]] == pytest.approx(np.log1p(3))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_finite_input_overflows(value: float) -> None:
    train = FeatureMatrix(numbered_schema(1), np.array([[0.0], [1e-9]]), ())
    encoded = Encoder.fit(train).transform(
        FeatureMatrix(numbered_schema(1), np.array([[value]]), ())
    )
    assert np.abs(encoded).max() <= np.float32(LIMIT_SD * (1 + 1e-6))


@given(st.floats(0, 1e9), st.floats(0, 1))
def test_decoding_undoes_encoding(bytes_: float, late: float) -> None:
    encoder = Encoder.fit(TRAIN)
    row = encoder.transform(matrix([bytes_], [late], ["smtp"]))[0]
    decoded = {c.feature.name: c.decode(row[encoder.slices[c.feature.name]]) for c in encoder.codes}
    assert decoded["bytes"] == pytest.approx(bytes_, rel=1e-4, abs=1e-4)
    assert decoded["late"] == pytest.approx(late, abs=1e-5)
    assert decoded["service"] == "smtp"


def test_json_gives_the_same_encoder_back() -> None:
    encoder = Encoder.fit(TRAIN)
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    assert again.to_json() == encoder.to_json()
    assert (again.transform(TRAIN) == encoder.transform(TRAIN)).all()


def test_min_max_puts_training_rows_between_0_and_1() -> None:
    encoder = Encoder.fit(TRAIN, scaling=Scaling.MIN_MAX)
    encoded = encoder.transform(TRAIN)
    assert ((encoded >= 0) & (encoded <= 1)).all()
    for name in ("bytes", "late"):
        column = encoded[:, encoder.slices[name]]
        assert (column.min(), column.max()) == (0, 1)
    assert encoded[:, 0] == pytest.approx(np.log1p([0, 10, 1000, 1e6]) / np.log1p(1e6), abs=1e-6)
    beyond = encoder.transform(matrix([1e9], [0.5], ["http"]))
    assert beyond[0, 0] == pytest.approx(np.log1p(1e9) / np.log1p(1e6))


def test_without_scaling_values_stay_as_they_are() -> None:
    encoder = Encoder.fit(TRAIN, scaling=Scaling.NONE)
    encoded = encoder.transform(TRAIN)
    assert encoded[:, 0] == pytest.approx(np.log1p([0, 10, 1000, 1e6]))
    assert encoded[:, encoder.slices["late"].start].tolist() == [0, 0.5, 0.5, 1]


@pytest.mark.parametrize("scaling", Scaling)
def test_names_are_encoded_alike_however_numbers_are(scaling: Scaling) -> None:
    encoder, standard = Encoder.fit(TRAIN, scaling=scaling), Encoder.fit(TRAIN)
    service = encoder.slices["service"]
    assert (encoder.transform(TRAIN)[:, service] == standard.transform(TRAIN)[:, service]).all()
    assert encoder.transform(TRAIN)[:, encoder.slices["constant"]].tolist() == [[0]] * 4


@pytest.mark.parametrize("scaling", Scaling)
def test_json_keeps_the_scaling(scaling: Scaling) -> None:
    encoder = Encoder.fit(TRAIN, scaling=scaling)
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    assert (again.transform(TRAIN) == encoder.transform(TRAIN)).all()
    others = [Encoder.fit(TRAIN, scaling=other) for other in Scaling if other is not scaling]
    assert all(again.to_json() != other.to_json() for other in others)


def test_another_schema_and_no_rows_are_refused() -> None:
    encoder = Encoder.fit(TRAIN)
    with pytest.raises(SchemaMismatch, match="missing"):
        encoder.transform(FeatureMatrix(numbered_schema(1), np.zeros((1, 1)), ()))
    with pytest.raises(InputError, match="0 rows"):
        Encoder.fit(TRAIN.take(slice(0, 0)))
    assert encoder.schema.sha256 != KDD41.sha256


@given(st.permutations(range(4)))
def test_row_order_changes_nothing(order: list[int]) -> None:
    encoder = Encoder.fit(TRAIN)
    rows = np.array(order)
    assert (encoder.transform(TRAIN.take(rows)) == encoder.transform(TRAIN)[rows]).all()
    shuffled = Encoder.fit(TRAIN.take(rows))
    assert shuffled.transform(TRAIN) == pytest.approx(encoder.transform(TRAIN), abs=1e-6)

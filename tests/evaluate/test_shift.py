"""How normal traffic changed, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.evaluation import FeatureShift
from oddflow.core.kdd41 import TRAFFIC28
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.evaluate.shift import feature_shift
from tests.toy import toy_normals

SCHEMA = FeatureSchema(
    "small",
    (
        Feature(name="bytes", kind=Kind.COUNT, group="g"),
        Feature(name="rate", kind=Kind.RATE, group="g"),
        Feature(name="land", kind=Kind.FLAG, group="g"),
        Feature(name="service", kind=Kind.CATEGORY, group="g"),
    ),
)


def records(**columns: Sequence[float] | Sequence[str]) -> FeatureMatrix:
    return FeatureMatrix.from_columns(SCHEMA, columns)


TRAIN = records(
    bytes=[0, 3, 3, 15], rate=[0.0, 0.5, 0.5, 1.0], land=[0] * 4, service=["ftp", "ftp", "a", "b"]
)
TEST = records(
    bytes=[63] * 4, rate=[0.0, 0.5, 0.5, 1.0], land=[1] * 4, service=["a", "z", "z", "z"]
)


def by_name(train: FeatureMatrix, test: FeatureMatrix) -> dict[str, FeatureShift]:
    return {shift.feature: shift for shift in feature_shift(train, test)}


def test_each_feature_has_its_change() -> None:
    found = by_name(TRAIN, TEST)
    logs = np.log1p([0, 3, 3, 15])
    moved = found["bytes"]
    assert (moved.distance, moved.outside, moved.train, moved.test) == (1.0, 1.0, 3.0, 63.0)
    assert moved.shift_sd == pytest.approx((np.log(64) - logs.mean()) / logs.std())
    assert found["rate"] == FeatureShift(
        feature="rate", distance=0.0, outside=0.0, shift_sd=0.0, train=0.5, test=0.5
    )
    assert found["land"].shift_sd is None, "it never changed in training"
    assert found["service"] == FeatureShift(
        feature="service", distance=0.75, outside=0.75, shift_sd=None, train="ftp", test="z"
    )


def test_what_changed_most_comes_first() -> None:
    names = [shift.feature for shift in feature_shift(TRAIN, TEST)]
    assert names[2:] == ["service", "rate"]
    assert set(names[:2]) == {"bytes", "land"}


def test_the_same_traffic_hardly_differs_and_equal_traffic_not_at_all() -> None:
    one, other = toy_normals(4000, seed=1), toy_normals(4000, seed=2)
    assert max(shift.distance for shift in feature_shift(one, other)) < 0.05
    assert {shift.distance for shift in feature_shift(one, one)} == {0.0}


def test_what_cannot_be_compared_is_refused() -> None:
    records = toy_normals(10, seed=0)
    with pytest.raises(SchemaMismatch):
        feature_shift(records, records.select(TRAFFIC28))
    with pytest.raises(InputError, match="received none"):
        feature_shift(records.take(slice(0)), records)
    assert feature_shift(records, records.take(slice(0))) == ()

"""Blocks put together are the matrix they were cut from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.matrix import FeatureMatrix, concatenate
from oddflow.core.schema import inferred_schema

SCHEMA = inferred_schema(["bytes", "service"], [False, True])
VALUES: dict[str, list[Any]] = {
    "bytes": [3.0, 1.0, 2.0, 5.0],
    "service": ["ssh", "dns", "http", "dns"],
}


def matrix(start: int, stop: int) -> FeatureMatrix:
    return FeatureMatrix.from_columns(SCHEMA, {k: v[start:stop] for k, v in VALUES.items()})


def test_rows_keep_their_order_and_levels_are_merged() -> None:
    whole, joined = matrix(0, 4), concatenate([matrix(0, 1), matrix(1, 2), matrix(2, 4)])
    assert np.array_equal(joined.numeric, whole.numeric)
    assert joined.categorical[0].levels == whole.categorical[0].levels == ("dns", "http", "ssh")
    assert np.array_equal(joined.categorical[0].codes, whole.categorical[0].codes)
    assert joined.column("service").tolist() == VALUES["service"]


def test_other_features_are_refused() -> None:
    other = FeatureMatrix.from_columns(inferred_schema(["x0"], [False]), {"x0": [1.0]})
    with pytest.raises(
        SchemaMismatch, match=r"missing \['bytes', 'service'\], unexpected \['x0'\]"
    ):
        concatenate([matrix(0, 2), other])


def test_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="received none"):
        concatenate([])

"""What counts as a clean exchange: nothing that an unanswered or refused connection has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.kdd41 import KDD41, TRAFFIC28
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import numbered_schema
from oddflow.detect.clean_exchange import is_clean_exchange

CLEAN: dict[str, Any] = {
    "protocol_type": "udp",
    "service": "private",
    "flag": "SF",
    "src_bytes": 46.0,
    "dst_bytes": 52.0,
    "logged_in": 1.0,
    "count": 400.0,
    "same_srv_rate": 1.0,
}


def one(**changed: Any) -> FeatureMatrix:  # noqa: ANN401 - names and numbers
    columns = {name: [{**CLEAN, **changed}.get(name, 0.0)] for name in KDD41.names}
    return FeatureMatrix.from_columns(KDD41, columns)


def test_a_completed_answered_connection_is_clean_however_busy_the_host() -> None:
    assert is_clean_exchange(one()).tolist() == [True]
    assert is_clean_exchange(one().select(TRAFFIC28)).tolist() == [True]


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        ("flag", "S0"),
        ("flag", "REJ"),
        ("src_bytes", 0.0),
        ("dst_bytes", 0.0),
        ("serror_rate", 0.1),
        ("srv_rerror_rate", 0.1),
        ("wrong_fragment", 1.0),
        ("hot", 1.0),
        ("num_failed_logins", 1.0),
        ("root_shell", 1.0),
        ("is_guest_login", 1.0),
    ],
)
def test_one_trouble_is_enough(feature: str, value: float | str) -> None:
    assert is_clean_exchange(one(**{feature: value})).tolist() == [False]


def test_other_features_than_those_of_kdd_are_refused() -> None:
    schema = numbered_schema(2)
    records = FeatureMatrix.from_columns(schema, dict.fromkeys(schema.names, np.zeros(1)))
    with pytest.raises(InputError, match=r"no flag, src_bytes, dst_bytes"):
        is_clean_exchange(records)

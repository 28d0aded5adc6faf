"""The features of flow tables: described, in the tool's order, and without identifiers."""

from __future__ import annotations

import pytest

from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.datasets.cicids2017 import CICIDS2017, CICIDS2017_52
from oddflow.datasets.flow_features import NAMES, RATES_UNSET, Role, flow_columns, flow_schema
from oddflow.datasets.insdn import INSDN

IDENTIFIERS = {"flow id", "source ip", "src ip", "destination ip", "dst ip", "timestamp"}
IDENTIFIERS |= {"source port", "src port", "id.orig_h", "id.resp_h", "id.orig_p", "uid", "ts"}


def check_no_identifiers(schema: FeatureSchema) -> None:
    found = {name for name in schema.names if name.lower() in IDENTIFIERS}
    assert not found, f"{schema.profile}: {found} say who, not what"


@pytest.mark.parametrize("schema", [CICIDS2017, CICIDS2017_52, INSDN])
def test_identifiers_are_no_features(schema: FeatureSchema) -> None:
    check_no_identifiers(schema)


@pytest.mark.parametrize("name", ["Source IP", "Src Port", "Timestamp", "Flow ID"])
def test_an_identifier_would_be_noticed(name: str) -> None:
    column = flow_columns()[1]._replace(feature=Feature(name=name, kind=Kind.COUNT, group="x"))
    with pytest.raises(AssertionError, match=name):
        check_no_identifiers(flow_schema("broken", [*flow_columns(), column]))


def test_the_features_are_described() -> None:
    assert len(NAMES) == len(set(NAMES)) == 77
    assert CICIDS2017.names[:77] == NAMES
    assert CICIDS2017.names[77:] == (
        RATES_UNSET,
        "Init_Win_bytes_forward Unset",
        "Init_Win_bytes_backward Unset",
    )
    assert [f.name for f in CICIDS2017.categorical] == ["Destination Port"]
    assert len(CICIDS2017.groups) == 7
    assert all(feature.meaning and feature.group for feature in CICIDS2017.features)
    assert {f.unit for f in CICIDS2017.features if "IAT" in f.name} == {"us"}
    assert {f.kind for f in CICIDS2017.features[77:]} == {Kind.FLAG}


def test_roles_follow_from_names() -> None:
    """What is a time, a rate or a window says so; all else is counted or is a code."""
    for column in flow_columns():
        name, role = column.feature.name, column.role
        is_time = "IAT" in name or name.startswith(("Active", "Idle", "Flow Duration"))
        assert (role is Role.TIME) == is_time == (column.feature.unit == "us"), name
        assert (role is Role.RATE) == (name in ("Flow Bytes/s", "Flow Packets/s")), name
        assert (role is Role.WINDOW) == ("Win" in name), name
        assert (role is Role.CODE) == column.feature.is_category == ("Port" in name), name
        assert bool(column.flag) == (role in (Role.RATE, Role.WINDOW)), name


def test_names_of_another_version_keep_meaning_and_order() -> None:
    columns = flow_columns([f"c{i}" for i in range(77)])
    assert [c.feature.meaning for c in columns] == [c.feature.meaning for c in flow_columns()]
    assert columns[0].feature.name == "c0"
    with pytest.raises(ValueError, match="argument 2 is longer"):
        flow_columns(["c0"])

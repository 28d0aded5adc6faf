import dataclasses

import pytest

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.kdd41 import FLAGS, KDD41, TRAFFIC28
from oddflow.core.schema import FeatureSchema, inferred_schema, numbered_schema


def test_kdd41_has_the_published_groups() -> None:
    sizes = [sum(f.group == group for f in KDD41.features) for group in KDD41.groups]
    assert sizes == [9, 13, 9, 10]
    assert [f.name for f in KDD41.categorical] == ["protocol_type", "service", "flag"]
    assert KDD41.names[0] == "duration"
    assert KDD41.names[-1] == "dst_host_srv_rerror_rate"
    assert len(FLAGS) == 11


def test_traffic28_is_kdd41_without_content() -> None:
    assert len(TRAFFIC28.features) == 28
    assert {f.group for f in TRAFFIC28.features} == {"basic", "time window", "host window"}
    left_out = [f for f in KDD41.features if f.name not in TRAFFIC28.names]
    assert len(left_out) == 13
    assert {f.group for f in left_out} == {"content"}
    assert [f for f in KDD41.features if f in TRAFFIC28.features] == list(TRAFFIC28.features)


def test_hash_survives_json_and_sees_every_change_of_meaning() -> None:
    assert FeatureSchema.from_json(KDD41.to_json()).sha256 == KDD41.sha256
    first, second, *rest = KDD41.features
    swapped = FeatureSchema("kdd41", (second, first, *rest))
    other_kind = FeatureSchema(
        "kdd41", (dataclasses.replace(first, kind=second.kind), second, *rest)
    )
    other_words = FeatureSchema("kdd41", (dataclasses.replace(first, meaning="x"), second, *rest))
    assert swapped.sha256 != KDD41.sha256
    assert other_kind.sha256 != KDD41.sha256
    assert other_words.sha256 == KDD41.sha256


def test_mismatch_names_what_is_missing_and_what_is_too_much() -> None:
    schema = inferred_schema(["a", "b"], [False, True])
    with pytest.raises(SchemaMismatch, match=r"missing \['b'\], unexpected \['c'\]"):
        schema.require(["a", "c"])
    schema.require(["b", "a"])


def test_names_are_distinct_and_present() -> None:
    with pytest.raises(InputError, match="more than once"):
        inferred_schema(["a", "a"], [False, False])
    with pytest.raises(InputError, match="no features"):
        numbered_schema(0)

"""ECS lines hold fields of ECS in their types, and detail of ours under a name of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, settings

from oddflow.alerts import ecs
from oddflow.alerts.alert import Alert
from tests.alerts.checks import json_object
from tests.alerts.hostile import alerts
from tests.alerts.samples import ANSWER, PING, SCAN

FIELDS = {
    "@timestamp": "date",
    "message": "text",
    "ecs.version": "keyword",
    "event.kind": "keyword",
    "event.category": "keywords",
    "event.type": "keywords",
    "event.module": "keyword",
    "event.dataset": "keyword",
    "event.id": "keyword",
    "event.severity": "long",
    "event.risk_score": "float",
    "event.risk_score_norm": "float",
    "event.start": "date",
    "event.end": "date",
    "event.duration": "long",
    "source.address": "keyword",
    "source.ip": "ip",
    "source.port": "long",
    "source.bytes": "long",
    "source.packets": "long",
    "destination.address": "keyword",
    "destination.ip": "ip",
    "destination.port": "long",
    "destination.bytes": "long",
    "destination.packets": "long",
    "network.transport": "keyword",
    "network.type": "keyword",
    "network.protocol": "keyword",
    "network.community_id": "keyword",
    "network.bytes": "long",
    "network.packets": "long",
    "related.ip": "ips",
    "rule.id": "keyword",
    "rule.name": "keyword",
    "rule.category": "keyword",
    "rule.ruleset": "keyword",
    "rule.version": "keyword",
    "threat.framework": "keyword",
    "threat.tactic.id": "keywords",
    "threat.tactic.name": "keywords",
    "threat.technique.id": "keywords",
    "threat.technique.name": "keywords",
    "observer.vendor": "keyword",
    "observer.product": "keyword",
    "observer.type": "keyword",
    "observer.version": "keyword",
}
"""Fields of ECS 8 that we write, and what they hold."""

REQUIRED = {"@timestamp", "ecs.version", "event.kind", "event.category", "event.id", "message"}

ALLOWED = {
    "event.kind": {"alert"},
    "event.category": {"intrusion_detection", "network"},
    "event.type": {"info"},
    "network.type": {"ipv4", "ipv6"},
}


def fits(kind: str, value: object) -> bool:
    """Whether Elasticsearch takes a value into a field of this kind."""
    if kind == "date":
        return isinstance(value, str) and bool(
            re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value)
        )
    if kind == "ip":
        return isinstance(value, str) and bool(ip_address(value))
    if kind in {"keywords", "ips"}:
        return isinstance(value, list) and all(fits(kind[:-1], each) for each in value)
    if kind == "long":
        return isinstance(value, int) and -(2**63) <= value < 2**63
    if kind == "float":
        return isinstance(value, int | float)
    return isinstance(value, str)


def flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Full names and values, other than what stands under `oddflow`."""
    for key, value in document.items():
        if key == "oddflow" and not prefix:
            continue
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def check(document: dict[str, Any]) -> None:
    """Assert that a document is of ECS."""
    fields = dict(flat(document))
    assert not REQUIRED - set(fields), f"missing: {REQUIRED - set(fields)}"
    for name, value in fields.items():
        assert name in FIELDS, f"{name} is not of ECS"
        assert fits(FIELDS[name], value), f"{name}: {value!r} is no {FIELDS[name]}"
        allowed = ALLOWED.get(name)
        found = set(value) if isinstance(value, list) else {value}
        assert allowed is None or found <= allowed, f"{name}: {value!r}"


def document(alert: Alert) -> dict[str, Any]:
    return json_object(ecs.line(alert))


@pytest.mark.parametrize("alert", [SCAN, ANSWER, PING])
def test_samples_are_of_ecs(alert: Alert) -> None:
    check(document(alert))


@settings(max_examples=100, deadline=None)
@given(alerts)
def test_hostile_alerts_are_of_ecs(alert: Alert) -> None:
    check(document(alert))


def indexed(value: object, prefix: str = "") -> dict[str, set[type]]:
    """The types that an index sees under each name; a list counts as its items."""
    if isinstance(value, list):
        found: dict[str, set[type]] = {}
        for each in value:
            for name, types in indexed(each, prefix).items():
                found.setdefault(name, set()).update(types)
        return found
    if isinstance(value, dict):
        return {
            name: types
            for key, item in value.items()
            for name, types in indexed(item, f"{prefix}.{key}").items()
        }
    return {prefix: {float if isinstance(value, int) else type(value)}}


def check_one_type(document: dict[str, Any]) -> None:
    """Assert that no field of ours is a number here and a name there."""
    mixed = {name for name, types in indexed(document["oddflow"]).items() if len(types) > 1}
    assert not mixed, f"several types under {mixed}"


def test_a_field_has_one_type_in_all_alerts() -> None:
    causes = document(SCAN)["oddflow"]["causes"]
    assert [cause["observed"] for cause in causes] == ["0.98", "REJ"]
    check_one_type(document(SCAN))
    spoilt = document(SCAN)
    spoilt["oddflow"]["causes"][0]["observed"] = 0.98
    with pytest.raises(AssertionError, match=r"causes\.observed"):
        check_one_type(spoilt)


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("source", "ip", "server"),
        ("source", "port", "80"),
        ("event", "kind", "event"),
        ("event", "category", "network"),
        ("event", "score", 7.25),
        ("event", "start", "yesterday"),
        ("event", "id", None),
    ],
)
def test_what_is_not_of_ecs_is_noticed(group: str, name: str, value: object) -> None:
    spoilt = document(SCAN)
    if value is None:
        del spoilt[group][name]
    else:
        spoilt[group][name] = value
    with pytest.raises((AssertionError, ValueError)):
        check(spoilt)


def test_a_host_without_an_address_is_a_name() -> None:
    alert = replace(SCAN, connection=replace(SCAN.connection, orig_h="server"))
    found = document(alert)
    assert found["source"]["address"] == "server"
    assert "ip" not in found["source"]
    assert found["related"]["ip"] == ["192.0.2.80"]


def test_icmp_of_both_versions() -> None:
    assert document(PING)["network"]["transport"] == "ipv6-icmp"
    assert "port" not in document(PING)["source"]
    connection = replace(PING.connection, orig_h="192.0.2.1", resp_h="192.0.2.2")
    assert document(replace(PING, connection=connection))["network"]["transport"] == "icmp"


def test_totals_are_known_where_both_halves_are() -> None:
    assert document(SCAN)["network"]["packets"] == 2
    alert = replace(SCAN, connection=replace(SCAN.connection, resp_pkts=None))
    assert "packets" not in document(alert)["network"]


def test_a_total_beyond_the_numbers_of_an_index_is_left_out() -> None:
    counts = replace(SCAN.connection, orig_bytes=2**62, resp_bytes=2**62)
    found = document(replace(SCAN, connection=counts))
    assert "bytes" not in found["network"]
    check(found)
    found["network"]["bytes"] = 2**63
    with pytest.raises(AssertionError, match="is no long"):
        check(found)

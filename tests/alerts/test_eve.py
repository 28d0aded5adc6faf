"""EVE lines hold what Suricata's schema allows, in its types, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, ValidationError

from oddflow.alerts import eve
from oddflow.alerts.alert import Alert
from tests.alerts.checks import json_object
from tests.alerts.hostile import alerts
from tests.alerts.samples import ANSWER, PING, SCAN

TEXT, WHOLE, NUMBER = {"type": "string"}, {"type": "integer"}, {"type": "number"}
TEXTS = {"type": "array", "minItems": 1, "items": TEXT}


def an_object(*required: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - schemas
    """The schema of an object that has no other fields."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(required),
        "additionalProperties": False,
    }


TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}$"}

TEXTS = {"type": "array", "minItems": 1, "items": TEXT}

CONTEXT = an_object(
    *("alert_id", "severity", "score", "p_value", "threshold", "row", "model", "connection"),
    alert_id={"type": "string", "pattern": "^[0-9a-f]{64}$"},
    uid=TEXT,
    severity={"enum": ["low", "medium", "high"]},
    score=NUMBER,
    p_value={"type": "number", "minimum": 0, "maximum": 1},
    threshold=NUMBER,
    row=WHOLE,
    explanation=TEXT,
    causes={
        "type": "array",
        "minItems": 1,
        "items": an_object(
            *("feature", "share", "observed", "expected"),
            feature=TEXT,
            share={"type": "number", "minimum": 0, "maximum": 1},
            observed=TEXT,
            expected=TEXT,
            usual=TEXT,
        ),
    },
    listed=TEXT,
    counterfactual=an_object(
        features=TEXTS, aspects=TEXTS, score=NUMBER, passes={"type": "boolean"}
    ),
    nearest_normal=an_object(
        distance=NUMBER,
        values={
            "type": "array",
            "minItems": 1,
            "items": an_object("feature", "value", feature=TEXT, value=TEXT),
        },
    ),
    similar_attack=an_object(
        "name", "similarity", name=TEXT, similarity={"type": "number", "minimum": 0, "maximum": 1}
    ),
    steps={
        "type": "array",
        "minItems": 1,
        "items": an_object("name", "share", name=TEXT, share=NUMBER),
    },
    members={
        "type": "array",
        "minItems": 1,
        "items": an_object(
            *("name", "p_value", "fired"),
            name=TEXT,
            p_value={"type": "number", "minimum": 0, "maximum": 1},
            fired={"type": "boolean"},
            family=TEXT,
        ),
    },
    agreement=TEXT,
    techniques={
        "type": "array",
        "minItems": 1,
        "items": an_object(
            *("id", "name", "tactic_id", "tactic", "confidence", "reason"),
            id={"type": "string", "pattern": r"^T\d{4}$"},
            name=TEXT,
            tactic_id={"type": "string", "pattern": r"^TA\d{4}$"},
            tactic=TEXT,
            confidence={"type": "number", "minimum": 0, "maximum": 1},
            reason=TEXT,
        ),
    },
    model=an_object("sha256", "name", "profile", sha256=TEXT, name=TEXT, profile=TEXT),
    connection=an_object(
        conn_state=TEXT,
        service=TEXT,
        history=TEXT,
        duration_s=NUMBER,
        orig_bytes=WHOLE,
        resp_bytes=WHOLE,
        missed_bytes=WHOLE,
    ),
)

EVENT = an_object(
    *("timestamp", "event_type", "flow_id", "src_ip", "dest_ip", "alert"),
    timestamp=TIME,
    event_type={"const": "alert"},
    flow_id={"type": "integer", "minimum": 0, "maximum": 2**53},
    src_ip=TEXT,
    src_port=WHOLE,
    dest_ip=TEXT,
    dest_port=WHOLE,
    icmp_type=WHOLE,
    icmp_code=WHOLE,
    proto=TEXT,
    app_proto=TEXT,
    community_id={"type": "string", "pattern": "^1:[A-Za-z0-9+/]{27}=$"},
    alert=an_object(
        *("action", "gid", "signature_id", "rev", "signature", "category", "severity"),
        action={"enum": ["allowed", "blocked"]},
        gid=WHOLE,
        signature_id=WHOLE,
        rev=WHOLE,
        signature=TEXT,
        category=TEXT,
        severity={"type": "integer", "minimum": 1, "maximum": 4},
        metadata={"type": "object", "additionalProperties": TEXTS},
        context=an_object("oddflow", oddflow=CONTEXT),
    ),
    flow=an_object(
        pkts_toserver=WHOLE,
        pkts_toclient=WHOLE,
        bytes_toserver=WHOLE,
        bytes_toclient=WHOLE,
        start=TIME,
    ),
)
"""What an EVE alert of ours may hold: in our words, after `etc/schema.json` of Suricata 8."""

VALIDATOR = Draft202012Validator(EVENT)


def event(alert: Alert) -> dict[str, Any]:
    return json_object(eve.line(alert))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(EVENT)


@pytest.mark.parametrize("alert", [SCAN, ANSWER, PING])
def test_samples_are_valid(alert: Alert) -> None:
    VALIDATOR.validate(event(alert))


@settings(max_examples=100, deadline=None)
@given(alerts)
def test_hostile_alerts_are_valid(alert: Alert) -> None:
    VALIDATOR.validate(event(alert))


def spoil_field(event: dict[str, Any]) -> None:
    event["score"] = 7.25


def spoil_alert(event: dict[str, Any]) -> None:
    event["alert"]["score"] = 7.25


def spoil_port(event: dict[str, Any]) -> None:
    event["src_port"] = "40312"


def spoil_time(event: dict[str, Any]) -> None:
    event["timestamp"] = "2026-01-02T03:04:05.678901Z"


def spoil_type(event: dict[str, Any]) -> None:
    event["event_type"] = "anomaly"


def spoil_metadata(event: dict[str, Any]) -> None:
    event["alert"]["metadata"]["mitre_tactic_id"] = "TA0007"


def spoil_signature(event: dict[str, Any]) -> None:
    del event["alert"]["signature"]


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_field,
        spoil_alert,
        spoil_port,
        spoil_time,
        spoil_type,
        spoil_metadata,
        spoil_signature,
    ],
)
def test_what_the_schema_does_not_allow_is_noticed(
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    spoilt = event(SCAN)
    spoil(spoilt)
    with pytest.raises(ValidationError):
        VALIDATOR.validate(spoilt)


def test_a_scan_is_told_with_its_technique() -> None:
    alert = event(SCAN)["alert"]
    assert alert["signature"] == "ODDFLOW Network Service Discovery"
    assert (alert["gid"], alert["signature_id"], alert["severity"]) == (4100, 1046, 1)
    assert alert["metadata"]["mitre_technique_id"] == ["T1046"]
    assert alert["context"]["oddflow"]["causes"][1]["observed"] == "REJ"


def test_icmp_has_a_type_and_a_code_and_no_ports() -> None:
    ping = event(PING)
    assert (ping["proto"], ping["icmp_type"], ping["icmp_code"]) == ("IPv6-ICMP", 128, 0)
    assert not {"src_port", "dest_port", "app_proto"} & set(ping)


@pytest.mark.parametrize(
    ("service", "app_proto"), [("ssl", "tls"), ("http", "http"), ("-", None), ("", None)]
)
def test_services_have_the_names_of_suricata(service: str, app_proto: str | None) -> None:
    alert = replace(SCAN, connection=replace(SCAN.connection, service=service))
    assert event(alert).get("app_proto") == app_proto


def test_an_unknown_transport_is_left_out() -> None:
    connection = replace(SCAN.connection, proto="unknown_transport")
    assert not {"proto", "community_id"} & set(event(replace(SCAN, connection=connection)))

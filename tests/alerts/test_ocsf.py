"""OCSF lines are Detection Findings: required attributes, known names, types and numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from oddflow.alerts import ocsf
from oddflow.alerts.alert import Alert
from tests.alerts.checks import json_object
from tests.alerts.hostile import alerts
from tests.alerts.samples import ANSWER, PING, SCAN
from tests.alerts.test_eve import CONTEXT, TEXT, TEXTS, an_object

WHEN = {"type": "integer", "minimum": 0, "maximum": 253402300799999}
ADDRESS = {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
PORT = {"type": "integer", "minimum": 0, "maximum": 65535}
NAMED = an_object("uid", "name", uid=TEXT, name=TEXT)


def some(item: dict[str, Any]) -> dict[str, Any]:
    """The schema of a list of one or more."""
    return {"type": "array", "minItems": 1, "items": item}


ENDPOINT = an_object(ip=ADDRESS, name=TEXT, port=PORT, svc_name=TEXT) | {
    "anyOf": [{"required": ["ip"]}, {"required": ["name"]}]
}
OBSERVED = an_object(
    *("observation_parameter", "observations"),
    observation_parameter=TEXT,
    observations=some(an_object("value", value=TEXT)),
)

FINDING = an_object(
    *("activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id"),
    *("metadata", "finding_info"),
    activity_id={"const": 1},
    activity_name={"const": "Create"},
    category_uid={"const": 2},
    category_name={"const": "Findings"},
    class_uid={"const": 2004},
    class_name={"const": "Detection Finding"},
    type_uid={"const": 200401},
    type_name={"const": "Detection Finding: Create"},
    time=WHEN,
    start_time=WHEN,
    end_time=WHEN,
    severity_id={"enum": [2, 3, 4]},
    severity={"enum": ["Low", "Medium", "High"]},
    status_id={"const": 1},
    status={"const": "New"},
    is_alert={"const": True},
    message=TEXT,
    metadata=an_object(
        *("version", "product"),
        version={"type": "string", "pattern": r"^1\.\d+\.\d+$"},
        product=an_object(*("name", "vendor_name"), name=TEXT, vendor_name=TEXT, version=TEXT),
        uid=TEXT,
    ),
    finding_info=an_object(
        *("uid", "title"),
        uid={"type": "string", "pattern": "^[0-9a-f]{64}$"},
        title=TEXT,
        desc=TEXT,
        types=TEXTS,
        first_seen_time=WHEN,
        analytic=an_object(
            "type_id", uid=TEXT, name=TEXT, category=TEXT, type_id={"const": 4}, type=TEXT
        ),
        attacks=some(an_object("tactic", "technique", version=TEXT, tactic=NAMED, technique=NAMED)),
    ),
    evidences=some(
        an_object(
            *("src_endpoint", "dst_endpoint", "connection_info"),
            src_endpoint=ENDPOINT,
            dst_endpoint=ENDPOINT,
            connection_info=an_object(
                "direction_id",
                direction_id={"const": 0},
                direction={"const": "Unknown"},
                protocol_name=TEXT,
                protocol_num={"enum": [1, 6, 17, 58]},
                protocol_ver_id={"enum": [0, 4, 6]},
                community_uid=TEXT,
                flag_history=TEXT,
                uid=TEXT,
            ),
        )
    ),
    anomaly_analyses=some(
        an_object(
            *("analysis_targets", "anomalies"),
            analysis_targets=some(an_object("name", name=TEXT, type=TEXT)),
            anomalies=some(OBSERVED),
            baselines=some(OBSERVED),
        )
    ),
    observables=some(
        an_object("type_id", name=TEXT, type_id={"const": 2}, type=TEXT, value=ADDRESS)
    ),
    unmapped=an_object("oddflow", oddflow=CONTEXT),
)
"""What a finding of ours may hold: in our words, after OCSF 1.7.0."""

VALIDATOR = Draft202012Validator(FINDING, format_checker=FormatChecker(["ipv4", "ipv6"]))


def finding(alert: Alert) -> dict[str, Any]:
    return json_object(ocsf.line(alert))


@pytest.mark.parametrize("alert", [SCAN, ANSWER, PING])
def test_samples_are_findings(alert: Alert) -> None:
    VALIDATOR.validate(finding(alert))


@settings(max_examples=100, deadline=None)
@given(alerts)
def test_hostile_alerts_are_findings(alert: Alert) -> None:
    VALIDATOR.validate(finding(alert))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("class_uid",), 2001),
        (("type_uid",), 2004),
        (("time",), 1767323045.678),
        (("time",), None),
        (("severity_id",), 42),
        (("score",), 7.25),
        (("metadata", "product"), None),
        (("metadata", "version"), "1.7"),
        (("finding_info", "uid"), None),
        (("finding_info", "analytic", "type_id"), "4"),
        (("unmapped", "oddflow", "causes"), []),
    ],
)
def test_what_is_no_finding_is_noticed(path: tuple[str, ...], value: object) -> None:
    spoilt = finding(SCAN)
    place = spoilt
    for name in path[:-1]:
        place = place[name]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(ValidationError):
        VALIDATOR.validate(spoilt)


def test_an_endpoint_that_is_no_address_is_noticed() -> None:
    spoilt = finding(SCAN)
    spoilt["evidences"][0]["src_endpoint"]["ip"] = "server"
    with pytest.raises(ValidationError):
        VALIDATOR.validate(spoilt)


def test_what_was_odd_stands_beside_what_is_normal() -> None:
    (analysis,) = finding(SCAN)["anomaly_analyses"]
    assert analysis["anomalies"][0] == {
        "observation_parameter": "diff_srv_rate",
        "observations": [{"value": "0.98"}],
    }
    assert analysis["baselines"][1]["observations"] == [{"value": "SF"}]
    assert "anomaly_analyses" not in finding(PING)


def test_a_host_without_an_address_is_a_name() -> None:
    alert = replace(SCAN, connection=replace(SCAN.connection, orig_h="server"))
    found = finding(alert)
    assert found["evidences"][0]["src_endpoint"] == {"name": "server", "port": 40312}
    assert [each["value"] for each in found["observables"]] == ["192.0.2.80"]

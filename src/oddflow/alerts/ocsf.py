"""OCSF: alerts as Detection Findings of the Open Cybersecurity Schema Framework, JSON lines.

Class 2004 of version 1.7.0. Explanations stand under `anomaly_analyses`: what was observed, and as
`baselines` what would have been normal. Detail of ours that has no place stands under `unmapped`.
`time` is that of the connection, not of writing, so that the same input gives the same lines.
"""

from __future__ import annotations

from typing import Any

from oddflow.alerts.alert import Alert, Severity
from oddflow.alerts.attack import ATTACK_VERSION, Technique
from oddflow.alerts.community import community_id, protocol_number
from oddflow.alerts.detail import PRODUCT, VERSION, detail, has_ports, known
from oddflow.alerts.text import address, json_line, milliseconds
from oddflow.core.verdicts import Cause, shown

OCSF_VERSION = "1.7.0"
FINDINGS = 2
DETECTION_FINDING = 2004
CREATE = 1
NEW = 1
LEARNING = 4
IP_ADDRESS = 2
UNKNOWN = 0
"""Of `direction_id`: nobody says which side is inside."""

_SEVERITIES = {Severity.HIGH: 4, Severity.MEDIUM: 3, Severity.LOW: 2}


def header() -> bytes:
    """Nothing: lines of JSON have no header."""
    return b""


def line(alert: Alert) -> bytes:
    """The alert as one line."""
    return json_line(
        {
            "category_uid": FINDINGS,
            "category_name": "Findings",
            "class_uid": DETECTION_FINDING,
            "class_name": "Detection Finding",
            "activity_id": CREATE,
            "activity_name": "Create",
            "type_uid": DETECTION_FINDING * 100 + CREATE,
            "type_name": "Detection Finding: Create",
            "time": milliseconds(alert.time_s),
            "start_time": milliseconds(alert.time_s),
            "end_time": None if alert.end_s is None else milliseconds(alert.end_s),
            "severity_id": _SEVERITIES[alert.severity],
            "severity": str(alert.severity).capitalize(),
            "status_id": NEW,
            "status": "New",
            "is_alert": True,
            "message": alert.message,
            "metadata": {
                "version": OCSF_VERSION,
                "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": VERSION},
                "uid": alert.alert_id,
            },
            "finding_info": _finding(alert),
            "evidences": [_evidence(alert)],
            "anomaly_analyses": _analyses(alert),
            "observables": _observables(alert),
            "unmapped": {"oddflow": detail(alert)},
        }
    )


def _finding(alert: Alert) -> dict[str, Any]:
    return {
        "uid": alert.alert_id,
        "title": alert.signature.name,
        "desc": alert.message,
        "types": [alert.signature.category],
        "first_seen_time": milliseconds(alert.time_s),
        "analytic": {
            "uid": alert.model.sha256,
            "name": alert.model.name,
            "category": alert.model.profile,
            "type_id": LEARNING,
            "type": "Learning (ML/DL)",
        },
        "attacks": [_attack(technique) for technique in alert.techniques],
    }


def _attack(technique: Technique) -> dict[str, Any]:
    name = technique.name
    return {
        "version": ATTACK_VERSION,
        "tactic": {"uid": name.tactic_id, "name": name.tactic},
        "technique": {"uid": name.id, "name": name.name},
    }


def _evidence(alert: Alert) -> dict[str, Any]:
    connection = alert.connection
    ip = address(connection.orig_h)
    return {
        "src_endpoint": _endpoint(alert, connection.orig_h, connection.orig_p),
        "dst_endpoint": _endpoint(alert, connection.resp_h, connection.resp_p)
        | {"svc_name": known(connection.service)},
        "connection_info": {
            "direction_id": UNKNOWN,
            "direction": "Unknown",
            "protocol_name": connection.proto,
            "protocol_num": protocol_number(connection),
            "protocol_ver_id": UNKNOWN if ip is None else ip.version,
            "community_uid": community_id(connection),
            "flag_history": known(connection.history),
            "uid": known(connection.uid),
        },
    }


def _endpoint(alert: Alert, host: str, port: int) -> dict[str, Any]:
    """One end of the connection. What is not an address is a name."""
    ip = address(host)
    return {
        "ip": None if ip is None else str(ip),
        "name": host if ip is None else None,
        "port": port if has_ports(alert) else None,
    }


def _analyses(alert: Alert) -> list[dict[str, Any]]:
    causes = alert.verdict.explanation.causes
    if not causes:
        return []
    return [
        {
            "analysis_targets": [{"name": alert.connection.orig_h, "type": "Network connection"}],
            "anomalies": [_observed(cause, cause.observed) for cause in causes],
            "baselines": [_observed(cause, cause.expected) for cause in causes],
        }
    ]


def _observed(cause: Cause, value: float | str) -> dict[str, Any]:
    return {"observation_parameter": cause.feature, "observations": [{"value": shown(value)}]}


def _observables(alert: Alert) -> list[dict[str, Any]]:
    ends = {"src_endpoint": alert.connection.orig_h, "dst_endpoint": alert.connection.resp_h}
    return [
        {
            "name": f"evidences.{end}.ip",
            "type_id": IP_ADDRESS,
            "type": "IP Address",
            "value": str(address(host)),
        }
        for end, host in ends.items()
        if address(host) is not None
    ]

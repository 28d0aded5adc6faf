"""ECS: alerts in the Elastic Common Schema, one JSON object a line, for Elasticsearch and kin.

Fields are those of ECS 8; all of them are there since 8.0. Detail of ours stands under `oddflow`, a
name of our own as ECS asks for custom fields. Keywords of ECS are not indexed beyond 1,024
characters; the explanation stands in `message`, which has no such limit.
"""

from __future__ import annotations

from typing import Any

from oddflow.alerts.alert import Alert, Severity
from oddflow.alerts.community import community_id, protocol_number
from oddflow.alerts.detail import PRODUCT, VERSION, detail, has_ports, known
from oddflow.alerts.text import address, json_line, rfc3339

ECS_VERSION = "8.17.0"
FRAMEWORK = "MITRE ATT&CK"

_SEVERITIES = {Severity.HIGH: 73, Severity.MEDIUM: 47, Severity.LOW: 21}
"""As Elastic's own detections number them."""
_ICMP_6 = 58
LONG_END = 2**63


def header() -> bytes:
    """Nothing: lines of JSON have no header."""
    return b""


def line(alert: Alert) -> bytes:
    """The alert as one line."""
    connection = alert.connection
    return json_line(
        {
            "@timestamp": rfc3339(alert.time_s),
            "ecs": {"version": ECS_VERSION},
            "message": alert.message,
            "event": _event(alert),
            "source": _end(alert, connection.orig_h, connection.orig_p, connection.orig_bytes)
            | {"packets": connection.orig_pkts},
            "destination": _end(alert, connection.resp_h, connection.resp_p, connection.resp_bytes)
            | {"packets": connection.resp_pkts},
            "network": _network(alert),
            "related": {"ip": _addresses(alert)},
            "rule": {
                "id": str(alert.signature.id),
                "name": alert.signature.name,
                "category": alert.signature.category,
                "ruleset": alert.model.name,
                "version": alert.model.sha256,
            },
            "threat": _threat(alert),
            "observer": {
                "vendor": PRODUCT,
                "product": PRODUCT,
                "type": "ids",
                "version": VERSION,
            },
            "oddflow": detail(alert),
        }
    )


def _event(alert: Alert) -> dict[str, Any]:
    duration_s = alert.duration_s
    return {
        "kind": "alert",
        "category": ["intrusion_detection", "network"],
        "type": ["info"],
        "module": PRODUCT,
        "dataset": f"{PRODUCT}.alert",
        "id": alert.alert_id,
        "severity": _SEVERITIES[alert.severity],
        "risk_score": alert.verdict.score,
        "risk_score_norm": 100 * (1 - alert.verdict.p_value),
        "start": rfc3339(alert.time_s),
        "end": None if alert.end_s is None else rfc3339(alert.end_s),
        "duration": None if duration_s is None else round(duration_s * 1e9),
    }


def _end(alert: Alert, host: str, port: int, n_bytes: int | None) -> dict[str, Any]:
    """One end of the connection. `ip` holds addresses alone, as its type demands."""
    ip = address(host)
    return {
        "address": host,
        "ip": None if ip is None else str(ip),
        "port": port if has_ports(alert) else None,
        "bytes": n_bytes,
    }


def _network(alert: Alert) -> dict[str, Any]:
    connection = alert.connection
    ip, service = address(connection.orig_h), known(connection.service)
    is_icmp_6 = protocol_number(connection) == _ICMP_6
    is_known = connection.proto != "unknown_transport"
    return {
        "transport": "ipv6-icmp" if is_icmp_6 else connection.proto.lower() if is_known else None,
        "type": None if ip is None else f"ipv{ip.version}",
        "protocol": None if service is None else service.lower(),
        "community_id": community_id(connection),
        "bytes": _sum(connection.orig_bytes, connection.resp_bytes),
        "packets": _sum(connection.orig_pkts, connection.resp_pkts),
    }


def _sum(orig: int | None, resp: int | None) -> int | None:
    return None if orig is None or resp is None else _long(orig + resp)


def _long(value: int) -> int | None:
    """None where Elasticsearch's integers end: it would refuse the whole alert."""
    return value if value < LONG_END else None


def _addresses(alert: Alert) -> list[str]:
    ends = (address(alert.connection.orig_h), address(alert.connection.resp_h))
    return sorted({str(ip) for ip in ends if ip is not None})


def _threat(alert: Alert) -> dict[str, Any]:
    names = [technique.name for technique in alert.techniques]
    if not names:
        return {}
    return {
        "framework": FRAMEWORK,
        "tactic": {
            "id": [name.tactic_id for name in names],
            "name": [name.tactic for name in names],
        },
        "technique": {"id": [name.id for name in names], "name": [name.name for name in names]},
    }

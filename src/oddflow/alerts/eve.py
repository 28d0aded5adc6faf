"""EVE: alerts as Suricata writes them, one JSON object a line.

Fields and their types are those of `etc/schema.json` of Suricata 8, which allows no others; detail
of ours stands under `alert.context.oddflow` and `alert.metadata`, which it leaves open. (Up to
version 7 the schema knows no `alert.context`.) Names of the metadata are those that the Emerging
Threats rules give to techniques of ATT&CK.
"""

from __future__ import annotations

from typing import Any

from oddflow.alerts.alert import Alert, Severity
from oddflow.alerts.community import community_id
from oddflow.alerts.detail import detail, has_ports, known
from oddflow.alerts.text import address, json_line, moment

GENERATOR_ID = 4100
"""Told apart from rules (1) and from Suricata's own events by this number."""
REVISION = 1

_SEVERITIES = {Severity.HIGH: 1, Severity.MEDIUM: 2, Severity.LOW: 3}
_RATINGS = {Severity.HIGH: "Critical", Severity.MEDIUM: "Major", Severity.LOW: "Minor"}
_SERVICES = {"ssl": "tls"}
"""Zeek's names of application protocols where Suricata has others."""


def header() -> bytes:
    """Nothing: lines of JSON have no header."""
    return b""


def line(alert: Alert) -> bytes:
    """The alert as one line."""
    connection = alert.connection
    service = known(connection.service)
    return json_line(
        {
            "timestamp": timestamp(alert.time_s),
            "flow_id": alert.flow_id,
            "event_type": "alert",
            "src_ip": connection.orig_h,
            "dest_ip": connection.resp_h,
            **_ports(alert),
            "proto": _transport(alert),
            "app_proto": None if service is None else _SERVICES.get(service, service),
            "community_id": community_id(connection),
            "alert": {
                "action": "allowed",
                "gid": GENERATOR_ID,
                "signature_id": alert.signature.id,
                "rev": REVISION,
                "signature": f"ODDFLOW {alert.signature.name}",
                "category": alert.signature.category,
                "severity": _SEVERITIES[alert.severity],
                "metadata": _metadata(alert),
                "context": {"oddflow": detail(alert)},
            },
            "flow": {
                "pkts_toserver": connection.orig_pkts,
                "pkts_toclient": connection.resp_pkts,
                "bytes_toserver": connection.orig_ip_bytes,
                "bytes_toclient": connection.resp_ip_bytes,
                "start": timestamp(alert.time_s),
            },
        }
    )


def timestamp(seconds: float) -> str:
    """Suricata's form of a time.

    >>> timestamp(1767323045.678901)
    '2026-01-02T03:04:05.678901+0000'
    """
    return f"{moment(seconds):%Y-%m-%dT%H:%M:%S.%f%z}"


def _ports(alert: Alert) -> dict[str, int]:
    connection = alert.connection
    if has_ports(alert):
        return {"src_port": connection.orig_p, "dest_port": connection.resp_p}
    return {"icmp_type": connection.orig_p, "icmp_code": connection.resp_p}


def _transport(alert: Alert) -> str | None:
    proto, orig = alert.connection.proto, address(alert.connection.orig_h)
    if proto == "icmp" and orig is not None and orig.version == 6:
        return "IPv6-ICMP"
    return None if proto == "unknown_transport" else proto.upper()


def _metadata(alert: Alert) -> dict[str, Any]:
    names = [technique.name for technique in alert.techniques]
    return {
        "signature_severity": [_RATINGS[alert.severity]],
        "mitre_tactic_id": [name.tactic_id for name in names],
        "mitre_tactic_name": [name.tactic.replace(" ", "_") for name in names],
        "mitre_technique_id": [name.id for name in names],
        "mitre_technique_name": [name.name.replace(" ", "_") for name in names],
    }

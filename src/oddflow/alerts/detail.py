"""All that oddflow knows of an alert as plain data, for the formats that leave room for it."""

from __future__ import annotations

from typing import Any

from oddflow import __version__
from oddflow.alerts.alert import Alert
from oddflow.core.conn import UNSET
from oddflow.core.verdicts import shown

PRODUCT = "oddflow"
VERSION = __version__


def known(text: str) -> str | None:
    """A name, or None where the source had none."""
    return None if text in {"", UNSET} else text


def has_ports(alert: Alert) -> bool:
    """False for ICMP, whose messages have a type and a code instead."""
    return alert.connection.proto != "icmp"


def detail(alert: Alert) -> dict[str, Any]:
    """Score and explanation, techniques, model and connection; None where something is not known.

    Values that may be numbers or names, such as `observed`, are always texts: an index that has
    seen a number in a field refuses whole alerts that hold a name there.
    """
    connection, verdict = alert.connection, alert.verdict
    return {
        "alert_id": alert.alert_id,
        "uid": known(connection.uid),
        "severity": str(alert.severity),
        "score": verdict.score,
        "p_value": verdict.p_value,
        "threshold": verdict.threshold,
        "row": verdict.row,
        "explanation": str(verdict.explanation) or None,
        "causes": [
            {
                "feature": cause.feature,
                "share": round(cause.share, 4),
                "observed": shown(cause.observed),
                "expected": shown(cause.expected),
            }
            for cause in verdict.explanation.causes
        ],
        "techniques": [
            {
                "id": technique.name.id,
                "name": technique.name.name,
                "tactic_id": technique.name.tactic_id,
                "tactic": technique.name.tactic,
                "confidence": technique.confidence,
                "reason": technique.reason,
            }
            for technique in alert.techniques
        ],
        "model": {
            "sha256": alert.model.sha256,
            "name": alert.model.name,
            "profile": alert.model.profile,
        },
        "connection": {
            "conn_state": connection.conn_state,
            "service": known(connection.service),
            "history": known(connection.history),
            "duration_s": alert.duration_s,
            "orig_bytes": connection.orig_bytes,
            "resp_bytes": connection.resp_bytes,
            "missed_bytes": connection.missed_bytes,
        },
    }

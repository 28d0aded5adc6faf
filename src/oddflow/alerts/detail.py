"""All that oddflow knows of an alert as plain data, for the formats that leave room for it."""

from __future__ import annotations

from typing import Any

from oddflow import __version__
from oddflow.alerts.alert import Alert
from oddflow.core.conn import UNSET
from oddflow.core.opinions import agreement
from oddflow.core.verdicts import Cause, Explanation, Span, shown

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
        "listed": verdict.explanation.listed or None,
        "causes": [
            {
                "feature": cause.feature,
                "share": round(cause.share, 4),
                "observed": shown(cause.observed),
                "expected": shown(cause.expected),
                "usual": usual(cause),
            }
            for cause in verdict.explanation.causes
        ],
        **_context(verdict.explanation),
        "members": [opinion.to_json() for opinion in verdict.members],
        "agreement": agreement(verdict.members) or None,
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


def usual(cause: Cause) -> str | None:
    """What is usual as text: `1 to 4`, or names; None where nobody knows."""
    if isinstance(cause.usual, Span):
        return str(cause.usual)
    return ", ".join(cause.usual) or None


def _context(explanation: Explanation) -> dict[str, Any]:
    """What would have made the record pass, what it is most like, and where the error lies."""
    change, similar = explanation.counterfactual, explanation.similar
    return {
        "counterfactual": None if change is None else change.to_json(),
        "nearest_normal": None
        if change is None
        else {
            "distance": change.distance,
            "values": [{"feature": name, "value": shown(value)} for name, value in change.normal],
        },
        "similar_attack": None
        if similar is None
        else {"name": similar.name, "similarity": round(similar.similarity, 4)},
        "steps": [{"name": s.name, "share": round(s.share, 4)} for s in explanation.steps],
    }

r"""CSV: alerts as a table, by RFC 4180, for spreadsheets and scripts.

Every field is in quotes, lines end in CR LF, and no field holds a line end: control characters are
written as `\xNN`. A text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

from oddflow.alerts.alert import Alert
from oddflow.alerts.community import community_id
from oddflow.alerts.text import escaped, rfc3339
from oddflow.core.conn import UNSET
from oddflow.core.opinions import agreement

COLUMNS = (
    *("time", "alert_id", "signature_id", "signature", "category", "severity"),
    *("orig_h", "orig_p", "resp_h", "resp_p", "proto", "service", "conn_state", "duration_s"),
    *("orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts", "uid", "community_id"),
    *("score", "p_value", "threshold", "row", "techniques", "explanation"),
    *("model_sha256", "model_name", "model_profile", "members"),
)

_FORMULA = ("=", "+", "-", "@")

Value = str | int | float | None


def header() -> bytes:
    """The names of the columns."""
    return _row(COLUMNS)


def line(alert: Alert) -> bytes:
    """The alert as one line; an empty field where something is not known."""
    connection, verdict = alert.connection, alert.verdict
    techniques = (f"{t.name.id} ({t.confidence:.2g}): {t.reason}" for t in alert.techniques)
    return _row(
        (
            *(rfc3339(alert.time_s), alert.alert_id, alert.signature.id, alert.signature.name),
            *(alert.signature.category, str(alert.severity)),
            *(connection.orig_h, connection.orig_p, connection.resp_h, connection.resp_p),
            *(connection.proto, connection.service, connection.conn_state, alert.duration_s),
            *(connection.orig_bytes, connection.resp_bytes),
            *(connection.orig_pkts, connection.resp_pkts),
            *(connection.uid, community_id(connection)),
            *(verdict.score, verdict.p_value, verdict.threshold, verdict.row),
            *("; ".join(techniques), str(verdict.explanation)),
            *(alert.model.sha256, alert.model.name, alert.model.profile),
            agreement(verdict.members) or None,
        )
    )


def _row(values: tuple[Value, ...]) -> bytes:
    fields = (_field(value) for value in values)
    return ",".join(f'"{field}"' for field in fields).encode() + b"\r\n"


def _field(value: Value) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = escaped(value).replace('"', '""')
    is_formula = text.startswith(_FORMULA) and text != UNSET
    return f"'{text}" if is_formula else text

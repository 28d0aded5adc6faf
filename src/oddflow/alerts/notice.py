"""Notices: alerts as Zeek writes its `notice.log`, tab-separated with a header.

Columns are those of `Notice::Info`, with the community ID that a policy script of Zeek adds at the
end. There is no `#open` and no `#close`: they say when a file was written, which Zeek's readers do
not need. Score, threshold and model stand in `sub`.
"""

from __future__ import annotations

from oddflow.alerts.alert import Alert
from oddflow.alerts.community import community_id
from oddflow.alerts.detail import known
from oddflow.alerts.text import address, escaped, moment

SEPARATOR = "\t"
UNSET = "-"
EMPTY = "(empty)"

FIELDS = (
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("fuid", "string"),
    ("file_mime_type", "string"),
    ("file_desc", "string"),
    ("proto", "enum"),
    ("note", "enum"),
    ("msg", "string"),
    ("sub", "string"),
    ("src", "addr"),
    ("dst", "addr"),
    ("p", "port"),
    ("n", "count"),
    ("peer_descr", "string"),
    ("actions", "set[enum]"),
    ("email_dest", "set[string]"),
    ("suppress_for", "interval"),
    ("community_id", "string"),
)
"""Name and type of each column, in Zeek's order."""

TRANSPORTS = frozenset({"tcp", "udp", "icmp"})


def header() -> bytes:
    """The lines that say how to read the others."""
    names, types = zip(*FIELDS, strict=True)
    lines = (
        "#separator \\x09",
        SEPARATOR.join(("#set_separator", ",")),
        SEPARATOR.join(("#empty_field", EMPTY)),
        SEPARATOR.join(("#unset_field", UNSET)),
        SEPARATOR.join(("#path", "notice")),
        SEPARATOR.join(("#fields", *names)),
        SEPARATOR.join(("#types", *types)),
    )
    return "".join(f"{text}\n" for text in lines).encode()


def line(alert: Alert) -> bytes:
    """The alert as one line."""
    connection = alert.connection
    orig, resp = _addr(connection.orig_h), _addr(connection.resp_h)
    is_known = connection.proto in TRANSPORTS
    values = {
        "ts": f"{moment(alert.time_s).timestamp():.6f}",
        "uid": _string(known(connection.uid)),
        "id.orig_h": orig,
        "id.orig_p": str(connection.orig_p),
        "id.resp_h": resp,
        "id.resp_p": str(connection.resp_p),
        "proto": connection.proto if is_known else "unknown_transport",
        "note": f"Oddflow::{alert.signature.name.title().replace(' ', '_')}",
        "msg": _string(alert.message),
        "sub": _string(_sub(alert)),
        "src": orig,
        "dst": resp,
        "p": str(connection.resp_p),
        "actions": "Notice::ACTION_LOG",
        "email_dest": EMPTY,
        "suppress_for": "0.000000",
        "community_id": _string(community_id(connection)),
    }
    return SEPARATOR.join(values.get(name, UNSET) for name, _ in FIELDS).encode() + b"\n"


def _string(text: str | None) -> str:
    """A text as Zeek writes it, told apart from its marks for no value and for an empty one."""
    if text is None:
        return UNSET
    if text == "":
        return EMPTY
    safe = escaped(text)
    return f"\\x{ord(safe[0]):02x}{safe[1:]}" if safe in {UNSET, EMPTY} else safe


def _addr(host: str) -> str:
    ip = address(host)
    return UNSET if ip is None else str(ip)


def _sub(alert: Alert) -> str:
    verdict = alert.verdict
    facts = [
        f"score {verdict.score:.6g}",
        f"p-value {verdict.p_value:.3g}",
        f"threshold {verdict.threshold:.6g}",
        *(f"{t.name.id} {t.confidence:.2g}" for t in alert.techniques),
        f"severity {alert.severity}",
        f"alert {alert.alert_id}",
        f"model {alert.model.sha256}",
    ]
    return "; ".join(facts)

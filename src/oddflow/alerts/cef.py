r"""CEF: alerts in the Common Event Format, version 0, for ArcSight, Sentinel, QRadar and others.

A header of seven fields set apart by `|`, then `key=value` pairs from its dictionary. In the header
`|` and `\` are escaped, in values `=`, `\` and line ends; other control characters become spaces.
Keys are fixed, and `src` and `dst` are of IPv4 alone: IPv6 goes to `c6a2` and `c6a3`. Usually sent
by syslog (`oddflow.alerts.syslog`).
"""

from __future__ import annotations

from oddflow.alerts.alert import Alert, Severity
from oddflow.alerts.community import community_id
from oddflow.alerts.detail import PRODUCT, VERSION, has_ports, known
from oddflow.alerts.text import address, milliseconds, plain, spaced

MAX_NAME = 512
MAX_MESSAGE = 1023
MAX_SHORT = 31
"""Of `app` and `proto`."""
MAX_EXTERNAL_ID = 40

_SEVERITIES = {Severity.HIGH: 8, Severity.MEDIUM: 5, Severity.LOW: 3}
_IPV6_KEYS = {
    "src": ("c6a2", "Source IPv6 Address"),
    "dst": ("c6a3", "Destination IPv6 Address"),
}
_HOST_KEYS = {"src": "shost", "dst": "dhost"}

Value = str | int | float | None


def header() -> bytes:
    """Nothing: each line has its own header."""
    return b""


def line(alert: Alert) -> bytes:
    """The alert as one line."""
    fields = (
        "CEF:0",
        PRODUCT,
        PRODUCT,
        VERSION,
        str(alert.signature.id),
        plain(alert.signature.name, MAX_NAME),
        str(_SEVERITIES[alert.severity]),
    )
    head = "|".join(in_header(field) for field in fields)
    pairs = (f"{key}={in_value(value)}" for key, value in _extension(alert) if value is not None)
    return f"{head}|{' '.join(pairs)}\n".encode()


def in_header(text: str) -> str:
    r"""A field of the header.

    >>> in_header("a|b\\c")
    'a\\|b\\\\c'
    """
    return spaced(plain(text)).replace("\\", "\\\\").replace("|", "\\|")


def in_value(value: str | float) -> str:
    r"""A value of the extension.

    >>> in_value("a=b\nc|d")
    'a\\=b\\nc|d'
    """
    text = plain(str(value)).replace("\\", "\\\\").replace("=", "\\=")
    return spaced(text.replace("\n", "\\n").replace("\r", "\\r"))


def _extension(alert: Alert) -> list[tuple[str, Value]]:
    connection, verdict = alert.connection, alert.verdict
    found = ", ".join(f"{t.name.id} {t.name.name} ({t.confidence:.0%})" for t in alert.techniques)
    service = known(connection.service)
    return [
        ("externalId", alert.alert_id[:MAX_EXTERNAL_ID]),
        ("rt", milliseconds(alert.time_s)),
        ("start", milliseconds(alert.time_s)),
        ("end", None if alert.end_s is None else milliseconds(alert.end_s)),
        ("cat", alert.signature.category),
        *_end("src", connection.orig_h),
        *_end("dst", connection.resp_h),
        *_ports(alert),
        ("proto", plain(connection.proto.upper(), MAX_SHORT)),
        ("app", None if service is None else plain(service, MAX_SHORT)),
        ("in", connection.orig_bytes),
        ("out", connection.resp_bytes),
        *_labelled("cfp1", "score", verdict.score),
        *_labelled("cfp2", "p-value", verdict.p_value),
        *_labelled("cfp3", "threshold", verdict.threshold),
        *_labelled("cn3", "row", verdict.row),
        *_labelled("cs1", "model sha256", alert.model.sha256),
        *_labelled("cs2", "community ID", community_id(connection)),
        *_labelled("cs3", "uid", known(connection.uid)),
        *_labelled("cs4", "connection state", connection.conn_state),
        *_labelled("cs5", "ATT&CK", found or None),
        *_labelled("cs6", "alert ID", alert.alert_id),
        ("msg", plain(alert.message, MAX_MESSAGE)),
    ]


def _labelled(key: str, label: str, value: Value) -> list[tuple[str, Value]]:
    """A custom field and what it holds."""
    return [] if value is None else [(key, value), (f"{key}Label", label)]


def _end(key: str, host: str) -> list[tuple[str, Value]]:
    ip = address(host)
    if ip is None:
        return [(_HOST_KEYS[key], host)]
    if ip.version == 4:
        return [(key, str(ip))]
    return _labelled(*_IPV6_KEYS[key], str(ip))


def _ports(alert: Alert) -> list[tuple[str, Value]]:
    connection = alert.connection
    if has_ports(alert):
        return [("spt", connection.orig_p), ("dpt", connection.resp_p)]
    return [
        *_labelled("cn1", "ICMP type", connection.orig_p),
        *_labelled("cn2", "ICMP code", connection.resp_p),
    ]

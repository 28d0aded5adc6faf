"""The columns of a Zeek `conn.log` that a connection takes, in whichever form the log is written.

Names and meanings are of Zeek's `Conn::Info` (https://docs.zeek.org/en/master/logs/conn.html).
"""

from __future__ import annotations

from oddflow.core.connection import COUNTS

COLUMNS = {
    "ts": "start_s",
    "uid": "uid",
    "id.orig_h": "orig_h",
    "id.orig_p": "orig_p",
    "id.resp_h": "resp_h",
    "id.resp_p": "resp_p",
    "proto": "proto",
    "service": "service",
    "duration": "duration_s",
    "orig_bytes": "orig_bytes",
    "resp_bytes": "resp_bytes",
    "conn_state": "conn_state",
    "missed_bytes": "missed_bytes",
    "history": "history",
    "orig_pkts": "orig_pkts",
    "orig_ip_bytes": "orig_ip_bytes",
    "resp_pkts": "resp_pkts",
    "resp_ip_bytes": "resp_ip_bytes",
}
"""Name in Zeek's log -> name in `oddflow.core.connection`."""

ENDS = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
OTHER_NAMES = {name.replace(".", "_"): name for name in ENDS} | dict(
    zip(("src_ip", "src_port", "dst_ip", "dst_port"), ENDS, strict=True)
)
"""Names that Zeek writes where it is told to (`Log::default_scope_sep`, field name maps)."""

REQUIRED = ("ts", *ENDS, "proto", "conn_state")
"""Without these a log is no `conn.log`; `dns.log` and others lack the last."""

UNTOLD = tuple(name for name in COUNTS if name not in COLUMNS.values())
"""Counts that no `conn.log` has."""

MAYBE_NAMES = {"uid": "", "service": "-", "history": "-"}
"""Names that need not be there, and what a connection has in their place."""

"""Right logs of Zeek and Suricata, made of plain values, and what was read out of a log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from oddflow.core.connection import Connection
from oddflow.ingest.reading import Parser, Read
from oddflow.ingest.suricata import eve_parser
from oddflow.ingest.zeek import parse_zeek
from oddflow.ingest.zeek_tsv import Header

TYPES = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.orig_p": "port",
    "id.resp_h": "addr",
    "id.resp_p": "port",
    "proto": "enum",
    "service": "string",
    "duration": "interval",
    "orig_bytes": "count",
    "resp_bytes": "count",
    "conn_state": "string",
    "local_orig": "bool",
    "local_resp": "bool",
    "missed_bytes": "count",
    "history": "string",
    "orig_pkts": "count",
    "orig_ip_bytes": "count",
    "resp_pkts": "count",
    "resp_ip_bytes": "count",
    "tunnel_parents": "set[string]",
}
"""The columns of Zeek's `conn.log` in their usual order."""

ROW: dict[str, Any] = {
    "ts": 1545403816.962094,
    "uid": "CrDn63WjJEmrWGjqf",
    "id.orig_h": "192.168.1.195",
    "id.orig_p": 41040,
    "id.resp_h": "2001:db8::1",
    "id.resp_p": 80,
    "proto": "tcp",
    "service": "http,ssl",
    "duration": 3.139211,
    "orig_bytes": 149,
    "resp_bytes": 128252,
    "conn_state": "SF",
    "local_orig": True,
    "local_resp": False,
    "missed_bytes": 2896,
    "history": "ShADadttcfF",
    "orig_pkts": 94,
    "orig_ip_bytes": 5525,
    "resp_pkts": 96,
    "resp_ip_bytes": 139044,
    "tunnel_parents": None,
}
CONNECTION = Connection(
    start_s=1545403816.962094,
    uid="CrDn63WjJEmrWGjqf",
    orig_h="192.168.1.195",
    orig_p=41040,
    resp_h="2001:db8::1",
    resp_p=80,
    proto="tcp",
    service="http,ssl",
    duration_s=3.139211,
    orig_bytes=149,
    resp_bytes=128252,
    conn_state="SF",
    missed_bytes=2896,
    history="ShADadttcfF",
    orig_pkts=94,
    orig_ip_bytes=5525,
    resp_pkts=96,
    resp_ip_bytes=139044,
)
"""What `ROW` says."""

UNSET = dict.fromkeys(
    [*("service", "duration", "orig_bytes", "resp_bytes", "missed_bytes", "history", "uid")]
)
"""Values that Zeek need not have."""

FLOW: dict[str, Any] = {
    "timestamp": "2020-02-29T00:00:09.000169+0000",
    "flow_id": 1174723640053537,
    "event_type": "flow",
    "src_ip": "192.168.10.130",
    "src_port": 34672,
    "dest_ip": "192.168.10.122",
    "dest_port": 80,
    "proto": "TCP",
    "app_proto": "http",
    "flow": {
        "pkts_toserver": 9,
        "pkts_toclient": 8,
        "bytes_toserver": 1095,
        "bytes_toclient": 6516,
        "start": "2020-02-28T23:59:02.216865+0000",
        "end": "2020-02-28T23:59:07.421832+0000",
        "state": "closed",
    },
    "tcp": {"tcp_flags": "1b", "tcp_flags_ts": "1b", "tcp_flags_tc": "1b", "state": "closed"},
}
ALERT: dict[str, Any] = {
    "timestamp": "2020-02-29T00:00:09.000169+0000",
    "event_type": "alert",
    "alert": {"action": "allowed", "signature": "ET SCAN", "severity": 2},
    "flow": {"pkts_toserver": 1, "start": "2020-02-29T00:00:09.000169+0000"},
}


def header(columns: Sequence[str], separator: str = "\t") -> str:
    lines = [
        f"#separator \\x{ord(separator):02x}",
        separator.join(["#set_separator", ","]),
        separator.join(["#empty_field", "(empty)"]),
        separator.join(["#unset_field", "-"]),
        separator.join(["#path", "conn"]),
        separator.join(["#fields", *columns]),
        separator.join(["#types", *(TYPES.get(column, "string") for column in columns)]),
    ]
    return "".join(line + "\n" for line in lines)


def fields(row: dict[str, Any], columns: Sequence[str] = (*TYPES,), separator: str = "\t") -> str:
    """A row as Zeek writes it."""
    return separator.join(_written(column, row.get(column)) for column in columns) + "\n"


def _written(column: str, value: Any) -> str:  # noqa: ANN401 - whatever a row holds
    if value is None:
        return "-"
    if TYPES.get(column) == "bool":
        return "T" if value else "F"
    return f"{value:.6f}" if isinstance(value, float) and abs(value) < 1e20 else str(value)


def tsv(rows: Iterable[dict[str, Any]], columns: Sequence[str] = (*TYPES,)) -> bytes:
    text = header(columns) + "".join(fields(row, columns) for row in rows)
    return (text + "#close\t2018-12-21-15-50-17\n").encode()


def jsonl(rows: Iterable[dict[str, Any]]) -> bytes:
    """Lines of JSON without what is not set, as Zeek and Suricata write them."""
    kept = ({name: v for name, v in row.items() if v is not None} for row in rows)
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in kept).encode()


def zeek_reads(data: bytes) -> list[Read]:
    return [*parse_zeek(Header(), data)[1]]


def eve_reads(data: bytes) -> list[Read]:
    return [*eve_parser()(None, data)[1]]


def reads_in_pieces(parse: Parser[Any], state: Any, pieces: Iterable[bytes]) -> list[Read]:  # noqa: ANN401
    """What a parser reads of pieces of complete lines."""
    reads: list[Read] = []
    for piece in pieces:
        state, some = parse(state, piece)
        reads += some
    return reads


def records(reads: Iterable[Read]) -> list[Connection]:
    return [record for read in reads for record in read.connections]


def skipped(reads: Iterable[Read]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for read in reads:
        counts.update(read.skipped)
    return dict(counts)


def n_records(reads: Iterable[Read]) -> int:
    return sum(read.n_records for read in reads)

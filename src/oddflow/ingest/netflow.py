"""Connections out of NetFlow v5, v9 and IPFIX, from a file or, by `udp_socket`, from the network.

A flow record is mostly of one way: what one side sent to the other, and the way back is a record of
its own. Each becomes a connection of its own, whose originator is the sender; what the other side
sent is not known (`UNKNOWN`), which is not nothing. Only records of both ways (RFC 5103, and
initiator and responder of firewalls) fill both sides.

How a connection ended, as `conn_state`:

- TCP, both ways with flags: as `tcp_flags.tcp_state` tells it;
- TCP, one way, by what was sent: S0 for SYN alone; SH with FIN, RSTOS0 with RST; with ACK too S1,
  SF and RSTO, as if the other side had answered in kind; OTH without SYN;
- UDP, both ways: SF or S0, as the other side sent packets or not;
- all else: OTH.

Bytes are those of IP packets, `orig_ip_bytes` and `resp_ip_bytes`; payload follows for UDP and ICMP
(`payload.with_payload`). Counts of an exporter that samples are those of the sample. Not there at
all: service, uid, history, missed bytes, fragments, urgent packets, content. Long connections come
as several records, as the exporter's timeouts part them. Times are by the exporter's clock, which a
header tells to the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from oddflow.core.conn import UNSET
from oddflow.core.connection import NAMES
from oddflow.core.errors import MalformedInput
from oddflow.ingest.conn_columns import NUMBERS, read_columns, whole_numbers
from oddflow.ingest.netflow_messages import messages
from oddflow.ingest.netflow_records import Templates, flows_of
from oddflow.ingest.netflow_times import flow_times
from oddflow.ingest.payload import with_payload
from oddflow.ingest.reading import Read
from oddflow.ingest.source import open_stream
from oddflow.ingest.tcp_flags import ACK, FIN, RST, SYN, tcp_state

BLOCK_FLOWS = 16_384
"""Flows that become connections at once, and those of one message more."""

_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}
_NO_NUMBER = -1  # where a number should be

# Names of netflume: `e29305.N` is element N of the way back (RFC 5103), `ieN` one without a name.
_COUNTS = {
    "orig_pkts": ("packets", "packets_total", "ie298"),
    "orig_ip_bytes": ("octets", "octets_total", "ie231"),
    "resp_pkts": ("e29305.2", "e29305.86", "ie299"),
    "resp_ip_bytes": ("e29305.1", "e29305.85", "ie232"),
}
_TIMES = ("start_s", "duration_s")
_COLUMNS = (*NUMBERS, *NAMES)
_FLAGS, _FLAGS_BACK = "tcp_flags", "e29305.6"


def read_netflow(path: str | Path, *, block_flows: int = BLOCK_FLOWS) -> Iterator[Read]:
    """The connections in a file of messages of NetFlow or IPFIX, one after the other.

    Args:
        path: a file, plain or in .gz, .xz or .zst.
        block_flows: flows that become connections at once; results do not change.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: a damaged archive, or no flow at all.
        MissingExtra: `netflume` is not installed.
    """
    templates, n_right = Templates(), 0
    with open_stream(path) as stream:
        sent = ((message, str(path)) for message in messages(stream, path))
        for read in parse_messages(sent, templates, block_flows=block_flows):
            n_right += len(read.connections)
            yield read
    if not n_right:
        raise MalformedInput(
            path,
            "expected messages of NetFlow v5, v9 or IPFIX one after the other and flows in them, "
            "received none; give what an exporter sent, as it was sent, with its templates",
        )


def parse_messages(
    sent: Iterable[tuple[bytes, str]], templates: Templates, *, block_flows: int = BLOCK_FLOWS
) -> Iterator[Read]:
    """The connections of some messages.

    Args:
        sent: messages and who sent each.
        templates: what the senders said before; this adds to it.
        block_flows: flows that become connections at once.

    Raises:
        MissingExtra: `netflume` is not installed.
    """
    rows: list[dict[str, Any]] = []
    skipped: Counter[str] = Counter()
    for message, sender in sent:
        flows = flows_of(message, sender, templates)
        rows += [_row(record, flows.header) for record in flows.records]
        skipped.update(flows.skipped)
        if len(rows) >= block_flows:
            yield _read(rows, skipped)
            rows, skipped = [], Counter()
    if rows or skipped.total():
        yield _read(rows, skipped)


def _read(rows: list[dict[str, Any]], skipped: Mapping[str, int]) -> Read:
    columns = {name: _series(name, [row[name] for row in rows]) for name in _COLUMNS}
    read = read_columns(with_payload(columns))
    occurred = {why: n for why, n in skipped.items() if n}
    return Read(read.connections, {**occurred, **read.skipped})


def _series(name: str, values: list[Any]) -> pl.Series:
    if name in NAMES:
        return pl.Series(values, dtype=pl.String)
    return pl.Series(values, dtype=pl.Float64) if name in _TIMES else whole_numbers(values)


def _row(record: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, Any]:
    """A flow with the names of a connection; what is wrong stays so, to be counted."""
    times = flow_times(record, header)
    number = record.get("proto")
    proto = _PROTOCOLS.get(number, "unknown_transport") if isinstance(number, int) else ""
    orig_p, resp_p = _ports(record, proto)
    row = dict.fromkeys(_COLUMNS) | {
        "start_s": times.start_s,
        "duration_s": times.duration_s,
        "orig_h": _address(record, "src_addr", "post_nat_src_addr"),
        "resp_h": _address(record, "dst_addr", "post_nat_dst_addr"),
        "orig_p": orig_p,
        "resp_p": resp_p,
        "proto": proto,
        "uid": "",
        "service": UNSET,
        "history": UNSET,
        **{name: _number(record, *fields) for name, fields in _COUNTS.items()},
    }
    return row | {"conn_state": _state(record, proto, row["resp_pkts"])}


def _number(record: Mapping[str, Any], *fields: str) -> int | None:
    """The first of some fields that is there."""
    value = next((record[field] for field in fields if record.get(field) is not None), None)
    return value if value is None or isinstance(value, int) else _NO_NUMBER


def _address(record: Mapping[str, Any], *fields: str) -> str:
    value = next((record[field] for field in fields if record.get(field)), "")
    return value if isinstance(value, str) else ""


def _ports(record: Mapping[str, Any], proto: str) -> tuple[int, int]:
    """Ports; of ICMP type and code, which NetFlow v5 writes as one port of the destination."""
    orig_p, resp_p = _number(record, "src_port"), _number(record, "dst_port")
    if proto != "icmp":
        return orig_p or 0, resp_p or 0
    kind, code = _number(record, "icmp_type"), _number(record, "icmp_code")
    if kind is not None:
        return kind, code or 0
    both = _number(record, "icmp_type_code", "icmp_type_code_v6", "dst_port") or 0
    return (both >> 8, both & 0xFF) if both >= 0 else (_NO_NUMBER, _NO_NUMBER)


def _state(record: Mapping[str, Any], proto: str, n_back: int | None) -> str:
    if proto == "udp" and n_back is not None:
        return "SF" if n_back else "S0"
    flags, back = _number(record, _FLAGS), _number(record, _FLAGS_BACK)
    if proto != "tcp" or flags in (None, _NO_NUMBER):
        return "OTH"
    return one_way_state(flags) if back is None else tcp_state(flags, back)


def one_way_state(flags: int) -> str:
    """The `conn_state` of a TCP connection of which only what the originator sent is known."""
    if not flags & SYN:
        return "OTH"
    began, reset, closed = ("S1", "RSTO", "SF") if flags & ACK else ("S0", "RSTOS0", "SH")
    if flags & RST:
        return reset
    return closed if flags & FIN else began

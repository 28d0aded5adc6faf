"""Connections of Suricata: the `flow` events of its `eve.json`, from a file or a socket.

How a connection ended. Suricata gives its own state (`new`, `established`, `closed`, `bypassed`)
and the TCP flags of either side over the whole connection; Zeek's `conn_state` comes from these:

- TCP with flags (`tcp_flags_ts`, `tcp_flags_tc`): as `tcp_flags.tcp_state` tells it;
- TCP without them: `new` S0, `established` S1, `closed` SF, anything else OTH;
- UDP, as Zeek has it: SF if both sides sent packets, S0 the originator alone, SHR the responder
  alone, else OTH;
- all else: OTH, as Zeek has it for ICMP.

How much it carried. Suricata counts bytes of whole frames. `link_bytes` of each packet are taken
off and the rest is `orig_ip_bytes` and `resp_ip_bytes`; with Ethernet's 14, all 282 DNS requests of
a log agree to the byte with the names asked for (`tests/ingest/test_suricata.py`). Payload follows
for UDP and ICMP (`payload.with_payload`), too high where Ethernet filled a frame up to 60 bytes;
that of TCP is not known.

Not there at all: history, missed bytes, fragments, urgent packets, content.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from oddflow.core.conn import STATES, UNSET
from oddflow.core.connection import COUNTS
from oddflow.ingest.conn_columns import read_columns, whole_numbers
from oddflow.ingest.iso_time import iso_seconds
from oddflow.ingest.json_lines import DAMAGE, Records, json_columns, reason_of
from oddflow.ingest.log_file import read_logs
from oddflow.ingest.payload import with_payload, without
from oddflow.ingest.raw_lines import TextLines, text_lines
from oddflow.ingest.reading import OTHER_KIND, Parser, Read, nothing_but
from oddflow.ingest.source import PIECE_BYTES
from oddflow.ingest.tcp_flags import tcp_states

ETHERNET_BYTES = 14
"""Header of a frame. Suricata on NFQUEUE or IPFW sees none: 0."""

EXPECTED = "an eve.json of Suricata: lines of JSON with event_type, some of them flow"

SERVICES = {
    "tls": "ssl",
    "http1": "http",
    "dcerpc": "dce_rpc",
    "krb5": "krb",
    "jabber": "xmpp",
    "failed": UNSET,
    "unknown": UNSET,
    "": UNSET,
}
"""Suricata's `app_proto` -> Zeek's `service`, where they call the same by two names."""

_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "ICMP": "icmp", "IPv6-ICMP": "icmp", "": ""}
_TCP_STATES = {"new": "S0", "established": "S1", "closed": "SF"}
_UDP_STATES = ("OTH", "S0", "SHR", "SF")  # nobody sent, the originator, the responder, both


class _Flow(msgspec.Struct, gc=False, frozen=True):
    start: str | None = None
    end: str | None = None
    state: str | None = None
    pkts_toserver: int | None = None
    bytes_toserver: int | None = None
    pkts_toclient: int | None = None
    bytes_toclient: int | None = None


class _Tcp(msgspec.Struct, gc=False, frozen=True):
    tcp_flags_ts: str | None = None
    tcp_flags_tc: str | None = None


class _Event(msgspec.Struct, gc=False, frozen=True):
    event_type: str
    flow_id: int | None = None
    src_ip: str = ""
    src_port: int | None = None
    dest_ip: str = ""
    dest_port: int | None = None
    proto: str = ""
    app_proto: str | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    flow: _Flow = _Flow()
    tcp: _Tcp = _Tcp()


class _Kind(msgspec.Struct, gc=False):
    event_type: str


_KIND = msgspec.json.Decoder(_Kind)
_FLOW_EVENT = "flow"
_TEXTS = (
    *("src_ip", "dest_ip", "proto", "app_proto", "flow.start", "flow.end", "flow.state"),
    *("tcp.tcp_flags_ts", "tcp.tcp_flags_tc"),
)
_NUMBERS = (
    *("flow_id", "src_port", "dest_port", "icmp_type", "icmp_code"),
    *("flow.pkts_toserver", "flow.bytes_toserver", "flow.pkts_toclient", "flow.bytes_toclient"),
)


def read_eve(
    path: str | Path, *, link_bytes: int = ETHERNET_BYTES, n_bytes: int = PIECE_BYTES
) -> Iterator[Read]:
    """The connections of an `eve.json`, in its order; other events are counted as such.

    Args:
        path: a file, plain or in .gz, .xz or .zst.
        link_bytes: of each packet that are no IP, see `ETHERNET_BYTES`.
        n_bytes: that are read at once; memory grows with it, results do not change.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: a damaged archive, or no event at all.
    """
    parse = eve_parser(link_bytes=link_bytes)
    return read_logs([Path(path)], parse, None, expected=EXPECTED, n_bytes=n_bytes)


def eve_parser(*, link_bytes: int = ETHERNET_BYTES) -> Parser[None]:
    """What turns lines of an `eve.json` into connections, for `tail` and `unix_socket` too."""

    def parse(state: None, data: bytes) -> tuple[None, Sequence[Read]]:
        lines = text_lines(data)
        reads = nothing_but(lines.skipped)
        if lines.data:
            reads.append(_parse(lines, link_bytes))
        return state, reads

    return parse


def _parse(lines: TextLines, link_bytes: int) -> Read:
    values, skipped = json_columns(_EVENTS, lines)
    fields = {name: pl.Series(values[name], dtype=pl.String) for name in _TEXTS}
    fields |= {name: whole_numbers(values[name]) for name in _NUMBERS}
    read = read_columns(_columns(fields, link_bytes))
    return Read(read.connections, {**skipped, **read.skipped})


def _columns(fields: dict[str, pl.Series], link_bytes: int) -> dict[str, pl.Series]:
    n_rows = len(fields["flow_id"])
    start_s = iso_seconds(fields["flow.start"])
    proto = fields["proto"].replace_strict(_PROTOCOLS, default="unknown_transport")
    columns = {name: pl.repeat(None, n_rows, dtype=pl.Int64, eager=True) for name in COUNTS}
    for side, way in (("orig", "toserver"), ("resp", "toclient")):
        n_pkts = fields[f"flow.pkts_{way}"]
        columns[f"{side}_pkts"] = n_pkts
        columns[f"{side}_ip_bytes"] = without(fields[f"flow.bytes_{way}"], n_pkts * link_bytes)
    return with_payload(
        columns
        | {
            "start_s": start_s,
            "duration_s": iso_seconds(fields["flow.end"]) - start_s,
            "orig_p": _port(fields["src_port"], fields["icmp_type"]),
            "resp_p": _port(fields["dest_port"], fields["icmp_code"]),
            "uid": fields["flow_id"].cast(pl.String).fill_null(""),
            "orig_h": fields["src_ip"],
            "resp_h": fields["dest_ip"],
            "proto": proto,
            "service": fields["app_proto"].fill_null(UNSET).replace(SERVICES),
            "conn_state": _states(fields, proto),
            "history": pl.repeat(UNSET, n_rows, eager=True),
        }
    )


def _port(port: pl.Series, of_icmp: pl.Series) -> pl.Series:
    return port.zip_with(port.is_not_null(), of_icmp).fill_null(0)


def _states(fields: dict[str, pl.Series], proto: pl.Series) -> pl.Series:
    texts = [fields[f"tcp.tcp_flags_{way}"] for way in ("ts", "tc")]
    flags = [text.str.to_integer(base=16, strict=False) for text in texts]
    told = flags[0].is_not_null() & flags[1].is_not_null()
    by_flags = pl.Series(STATES).gather(tcp_states(*(_numbers(side) for side in flags)))
    by_state = fields["flow.state"].replace_strict(_TCP_STATES, default="OTH")
    sent = [_numbers(fields[f"flow.pkts_{way}"]) > 0 for way in ("toserver", "toclient")]
    of_udp = pl.Series(np.array(_UDP_STATES)[sent[0] + 2 * sent[1]])
    state = by_flags.zip_with(told, by_state)
    state = state.zip_with(proto == "tcp", pl.repeat("OTH", len(proto), eager=True))
    return state.zip_with(proto != "udp", of_udp)


def _numbers(values: pl.Series) -> NDArray[np.int64]:
    return values.fill_null(0).to_numpy().astype(np.int64)


def _why(line: bytes, error: Exception) -> str:
    """An event of another kind may hold anything under the names of a flow."""
    try:
        kind = _KIND.decode(line).event_type
    except DAMAGE:
        return reason_of(line, error)
    return reason_of(line, error) if kind == _FLOW_EVENT else OTHER_KIND


def _flows(events: list[_Event]) -> list[_Event]:
    return [event for event in events if event.event_type == _FLOW_EVENT]


def _values(events: list[_Event]) -> dict[str, list[Any]]:
    return {
        "src_ip": [event.src_ip for event in events],
        "dest_ip": [event.dest_ip for event in events],
        "proto": [event.proto for event in events],
        "app_proto": [event.app_proto for event in events],
        "flow.start": [event.flow.start for event in events],
        "flow.end": [event.flow.end for event in events],
        "flow.state": [event.flow.state for event in events],
        "tcp.tcp_flags_ts": [event.tcp.tcp_flags_ts for event in events],
        "tcp.tcp_flags_tc": [event.tcp.tcp_flags_tc for event in events],
        "flow_id": [event.flow_id for event in events],
        "src_port": [event.src_port for event in events],
        "dest_port": [event.dest_port for event in events],
        "icmp_type": [event.icmp_type for event in events],
        "icmp_code": [event.icmp_code for event in events],
        "flow.pkts_toserver": [event.flow.pkts_toserver for event in events],
        "flow.bytes_toserver": [event.flow.bytes_toserver for event in events],
        "flow.pkts_toclient": [event.flow.pkts_toclient for event in events],
        "flow.bytes_toclient": [event.flow.bytes_toclient for event in events],
    }


_EVENTS = Records(_values, [msgspec.json.Decoder(_Event)], _why, _flows)

"""What is mutated: the captures of test suites, logs of sensors, and messages of exporters."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Sequence
from pathlib import Path

from oddflow.ingest.source import open_stream
from tests.ingest import exports
from tests.ingest.exports import DST6, FIELDS, IPFIX_FIELDS, PACKETS, SRC6, V9_FIELDS
from tests.ingest.frames import Timed, enhanced, ethernet, interface, ipv4, pcap, section, tcp
from tests.ingest.logs import ALERT, FLOW, ROW, TYPES, UNSET, jsonl, tsv

N_CAPTURES = 1684
HEAD_BYTES = 4000
"""Of a log of the corpora that is mutated."""

ROWS = [ROW, ROW | UNSET, ROW | {"id.resp_h": "10.0.0.9", "uid": "C9"}]
ICMP = FLOW | {"proto": "ICMP", "icmp_type": 8, "icmp_code": 0, "src_ip": "fe80::1"}
FIELDS_LOGS = [tsv(ROWS), tsv([ROW], ["_node_name", *reversed(TYPES)]), tsv(ROWS, [*TYPES][:12])]
JSON_LOGS = [jsonl(ROWS), jsonl([ROW | {"ts": "2018-12-21T14:50:16Z"}])]
EVE_LOGS = [jsonl([FLOW, ALERT, ICMP]), jsonl([FLOW])]
REAL_LOGS = {
    "fields": ["zeek/zat__conn.log", "zeek/rita_missing_host__conn.2024-04-20.log.gz"],
    "json": ["zeek/slips_test9-mixed-zeek-dir__conn.log"],
    "eve": ["suricata/ait_aminer_demo_eve.json.xz"],
}
_OF_KIND = {"fields": FIELDS_LOGS, "json": JSON_LOGS, "eve": EVE_LOGS}

_INTERFACE_NAME = 82
_TEXTS: list[tuple[int, int]] = [*FIELDS, (_INTERFACE_NAME, 0xFFFF)]
_BACK = {0x8000 | PACKETS: 8}
_V6_FIELDS = [(SRC6, 16), (DST6, 16), *IPFIX_FIELDS[2:]]


def captures(corpora: Path) -> list[tuple[str, bytes]]:
    """Name without folders and bytes of the hostile captures, in the order of their names."""
    found = []
    with tarfile.open(corpora / "hostile/captures.tar.xz") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                found.append((member.name.replace("/", "__"), file.read()))
    return sorted(found)


def unpacked(content: bytes) -> bytes:
    """A capture without its gzip, if it has one."""
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def logs(kind: str, corpora: Path | None) -> list[bytes]:
    """Logs of a kind, made up ones and the beginnings of real ones."""
    found = list(_OF_KIND[kind])
    for name in REAL_LOGS[kind] if corpora is not None else ():
        with open_stream(Path(corpora or "") / name) as stream:
            head = stream.read(HEAD_BYTES)
        found.append(head[: head.rfind(b"\n") + 1])
    return found


def exported() -> list[bytes]:
    """Messages of all versions: flows of one and both ways, of IPv6, with text, about exporters."""
    texts = [exports.record(FIELDS, {}) + text for text in (b"\x05eth00", b"\xff\0\x03lan")]
    layout = exports.a_set(2, exports.template(256, _TEXTS))
    ends = {SRC6: 1 << 126 | 1, DST6: 1}
    options = exports.a_set(1, bytes.fromhex("0101000400040001000400220004"))
    return [
        exports.v5([{}] * 2),
        exports.v9_flows([{}] * 2),
        exports.ipfix_flows([{}] * 3),
        exports.ipfix_flows([_BACK], [*IPFIX_FIELDS, *((element, 4) for element in _BACK)]),
        exports.ipfix_flows([ends], _V6_FIELDS),
        exports.ipfix([layout, exports.a_set(256, b"".join(texts))]),
        exports.v9([options, exports.a_set(257, bytes([0, 0, 0, 1, 0, 0, 0, 64]))]),
        exports.v9([exports.a_set(0, exports.template(256, V9_FIELDS))], domain=7),
        exports.v9([exports.a_set(256, exports.record(V9_FIELDS, {}))], domain=7),
    ]


def plain_captures() -> Sequence[bytes]:
    """A pcap and a pcapng with nothing odd about them."""
    packets = [Timed(100.0 + i, ethernet(ipv4(tcp("S", seq=i), 6))) for i in range(3)]
    return pcap(packets), section() + interface() + b"".join(enhanced("<", one) for one in packets)

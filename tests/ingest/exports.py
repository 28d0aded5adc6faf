"""Messages of NetFlow v5, v9 and IPFIX, made by hand after their publications.

NetFlow v5 after Cisco's "NetFlow Export Datagram Format", v9 after RFC 3954, IPFIX after RFC 7011.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence

EXPORT_S, UPTIME_MS = 1_600_000_000, 3_600_000
OCTETS, PACKETS, PROTO, FLAGS, SRC_PORT, SRC, DST_PORT, DST = 1, 2, 4, 6, 7, 8, 11, 12
LAST, FIRST, SRC6, DST6, ICMP_TYPE_CODE, START_MS, END_MS = 21, 22, 27, 28, 32, 152, 153
REVERSE = 29_305  # enterprise number of RFC 5103

Field = tuple[int, int]
"""Element and length."""

FIELDS: list[Field] = [
    *((SRC, 4), (DST, 4), (SRC_PORT, 2), (DST_PORT, 2), (PROTO, 1), (FLAGS, 1)),
    *((PACKETS, 4), (OCTETS, 4)),
]
V9_FIELDS: list[Field] = [*FIELDS, (FIRST, 4), (LAST, 4)]
IPFIX_FIELDS: list[Field] = [*FIELDS, (START_MS, 8), (END_MS, 8)]
VALUES: dict[int, int] = {
    SRC: int(ipaddress.ip_address("10.0.0.1")),
    DST: int(ipaddress.ip_address("10.0.0.2")),
    SRC_PORT: 40_000,
    DST_PORT: 80,
    PROTO: 6,
    FLAGS: 0x1B,
    PACKETS: 10,
    OCTETS: 5000,
    FIRST: UPTIME_MS - 5000,
    LAST: UPTIME_MS - 2000,
    START_MS: EXPORT_S * 1000 - 5000,
    END_MS: EXPORT_S * 1000 - 2000,
}
"""A flow of ten packets that began 5 s before its export and lasted 3 s."""


def v5(flows: Sequence[dict[int, int]], *, count: int | None = None) -> bytes:
    """A message of NetFlow v5; `count` is what its header says, else the truth."""
    said = len(flows) if count is None else count
    head = struct.pack("!HHIIIIBBH", 5, said, UPTIME_MS, EXPORT_S, 0, 1, 0, 0, 0)
    return head + b"".join(_v5_record(VALUES | flow) for flow in flows)


def _v5_record(flow: dict[int, int]) -> bytes:
    return struct.pack(
        "!IIIHHIIIIHHBBBBHHBBH",
        *(flow[SRC], flow[DST], 0, 1, 2, flow[PACKETS], flow[OCTETS], flow[FIRST], flow[LAST]),
        *(flow[SRC_PORT], flow[DST_PORT], 0, flow[FLAGS], flow[PROTO], 0, 0, 0, 24, 24, 0),
    )


def template(tid: int, fields: Sequence[Field]) -> bytes:
    """A template; an element above 32,768 has an enterprise number, that of RFC 5103."""
    body = struct.pack("!HH", tid, len(fields))
    for element, length in fields:
        body += struct.pack("!HH", element, length)
        if element & 0x8000:
            body += struct.pack("!I", REVERSE)
    return body


def a_set(set_id: int, body: bytes) -> bytes:
    return struct.pack("!HH", set_id, 4 + len(body)) + body


def record(fields: Sequence[Field], flow: dict[int, int]) -> bytes:
    values = VALUES | flow
    return b"".join(values[element].to_bytes(length, "big") for element, length in fields)


def v9(sets: Sequence[bytes], *, domain: int = 0) -> bytes:
    head = struct.pack("!HHIIII", 9, len(sets), UPTIME_MS, EXPORT_S, 1, domain)
    return head + b"".join(sets)


def ipfix(sets: Sequence[bytes], *, domain: int = 0, length: int | None = None) -> bytes:
    body = b"".join(sets)
    said = 16 + len(body) if length is None else length
    return struct.pack("!HHIII", 10, said, EXPORT_S, 1, domain) + body


def v9_flows(flows: Sequence[dict[int, int]], fields: Sequence[Field] = V9_FIELDS) -> bytes:
    """A message with a template and flows."""
    data = b"".join(record(fields, flow) for flow in flows)
    return v9([a_set(0, template(256, fields)), a_set(256, data)])


def ipfix_flows(flows: Sequence[dict[int, int]], fields: Sequence[Field] = IPFIX_FIELDS) -> bytes:
    data = b"".join(record(fields, flow) for flow in flows)
    return ipfix([a_set(2, template(256, fields)), a_set(256, data)])

"""Flows of NetFlow v5, v9 and IPFIX become connections; hostile messages cost little."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.core.connection import Connection
from oddflow.core.errors import InputError, MalformedInput, MissingExtra
from oddflow.ingest.netflow import one_way_state, parse_messages, read_netflow
from oddflow.ingest.netflow_messages import MAX_MESSAGE_BYTES, message_bytes, messages
from oddflow.ingest.netflow_records import (
    CUT_SHORT,
    MAX_FIELDS,
    MAX_TEMPLATES,
    NO_TEMPLATE,
    NOT_NETFLOW,
    Templates,
)
from oddflow.ingest.reading import OTHER_KIND, Read
from oddflow.ingest.tcp_flags import ACK, FIN, RST, SYN
from oddflow.ingest.udp_socket import udp_socket
from tests.ingest import exports
from tests.ingest.exports import DST6, FLAGS, OCTETS, PACKETS, PROTO, SRC, SRC6
from tests.ingest.logs import records, skipped

CONNECTION = Connection(
    start_s=exports.EXPORT_S - 5.0,
    duration_s=3.0,
    orig_h="10.0.0.1",
    orig_p=40_000,
    resp_h="10.0.0.2",
    resp_p=80,
    proto="tcp",
    conn_state="SF",
    orig_pkts=10,
    orig_ip_bytes=5000,
)
"""What `exports.VALUES` says."""

Flows = Callable[[Sequence[dict[int, int]]], bytes]
VERSIONS = pytest.mark.parametrize(
    "of", [exports.v5, exports.v9_flows, exports.ipfix_flows], ids=["v5", "v9", "ipfix"]
)


def reads_of(*sent: bytes, templates: Templates | None = None) -> list[Read]:
    return [
        *parse_messages(
            ((m, "192.0.2.1") for m in sent), Templates() if templates is None else templates
        )
    ]


@VERSIONS
def test_every_value_is_read(of: Flows) -> None:
    reads = reads_of(of([{}, {OCTETS: 0, PACKETS: 0}]))
    assert records(reads) == [CONNECTION, replace(CONNECTION, orig_ip_bytes=0, orig_pkts=0)]
    assert skipped(reads) == {}


@VERSIONS
def test_payload_of_udp_follows(of: Flows) -> None:
    (udp,) = records(reads_of(of([{PROTO: 17, FLAGS: 0, PACKETS: 2, OCTETS: 156}])))
    assert (udp.proto, udp.conn_state, udp.orig_bytes, udp.resp_bytes) == ("udp", "OTH", 100, None)


@VERSIONS
def test_icmp_has_its_type_and_code_in_a_port(of: Flows) -> None:
    (icmp,) = records(reads_of(of([{PROTO: 1, exports.SRC_PORT: 0, exports.DST_PORT: 0x0304}])))
    assert (icmp.proto, icmp.orig_p, icmp.resp_p, icmp.conn_state) == ("icmp", 3, 4, "OTH")


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        (SYN, "S0"),
        (SYN | RST, "RSTOS0"),
        (SYN | FIN, "SH"),
        (SYN | ACK, "S1"),
        (SYN | ACK | RST | FIN, "RSTO"),
        (SYN | ACK | FIN, "SF"),
        (ACK | FIN, "OTH"),
        (0, "OTH"),
    ],
)
def test_how_it_ended_by_what_one_side_sent(flags: int, state: str) -> None:
    assert one_way_state(flags) == state
    assert [r.conn_state for r in records(reads_of(exports.v5([{FLAGS: flags}])))] == [state]


def test_records_of_both_ways_fill_both_sides() -> None:
    back = {0x8000 | PACKETS: 8, 0x8000 | OCTETS: 900, 0x8000 | FLAGS: SYN | ACK | RST}
    fields = [*exports.IPFIX_FIELDS, *((element, 4) for element in back)]
    (both,) = records(reads_of(exports.ipfix_flows([back], fields)))
    assert both == replace(CONNECTION, resp_pkts=8, resp_ip_bytes=900, conn_state="RSTR")
    udp = {PROTO: 17, 0x8000 | PACKETS: 0}
    (one,) = records(reads_of(exports.ipfix_flows([back | udp], fields)))
    assert (one.conn_state, one.resp_pkts) == ("S0", 0)


def test_ipv6_has_one_spelling() -> None:
    fields = [(SRC6, 16), (DST6, 16), *exports.IPFIX_FIELDS[2:]]
    ends = {SRC6: int(ipaddress.ip_address("2001:db8::1")), DST6: 1}
    (record,) = records(reads_of(exports.ipfix_flows([ends], fields)))
    assert (record.orig_h, record.resp_h) == ("2001:db8::1", "::1")


@pytest.mark.parametrize("wrapped_by", [0, 1000, 2_600_000])
def test_the_uptime_may_wrap(wrapped_by: int) -> None:
    """A counter of milliseconds in 32 bits begins anew every 50 days."""
    first = (exports.UPTIME_MS - 5000 - exports.UPTIME_MS - wrapped_by) % 2**32
    flow = {exports.FIRST: first, exports.LAST: (first + 3000) % 2**32}
    (record,) = records(reads_of(exports.v5([flow])))
    since = (exports.UPTIME_MS - first) % 2**32 / 1000
    assert record.start_s == pytest.approx(exports.EXPORT_S - since)
    assert record.duration_s == 3.0


def test_a_flow_may_begin_a_little_after_its_export() -> None:
    flow = {exports.FIRST: exports.UPTIME_MS + 500, exports.LAST: exports.UPTIME_MS + 700}
    (record,) = records(reads_of(exports.v5([flow])))
    assert record.start_s == exports.EXPORT_S + 0.5
    assert record.duration_s == pytest.approx(0.2)


def test_without_times_it_is_that_of_the_export() -> None:
    (record,) = records(reads_of(exports.ipfix_flows([{}], exports.FIELDS)))
    assert (record.start_s, record.duration_s) == (exports.EXPORT_S, None)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({SRC: 3}, "wrong orig_h"),
        ({exports.SRC_PORT: 4}, "wrong orig_p"),
        ({PACKETS: 9}, "wrong orig_pkts"),
        ({OCTETS: 8}, "wrong orig_ip_bytes"),
        ({exports.START_MS: 8}, "wrong start_s"),
        ({PROTO: 9}, None),
    ],
)
def test_wrong_values_are_counted(values: dict[int, int], reason: str | None) -> None:
    """Fields of other lengths, full of ones."""
    fields = [(element, values.get(element, length)) for element, length in exports.IPFIX_FIELDS]
    full = {element: 2 ** (8 * length) - 1 for element, length in values.items()}
    reads = reads_of(exports.ipfix_flows([full], fields))
    assert skipped(reads) == ({} if reason is None else {reason: 1})
    assert len(records(reads)) == (reason is None)


def test_flows_wait_for_their_template() -> None:
    layout = exports.v9([exports.a_set(0, exports.template(256, exports.V9_FIELDS))])
    flows = exports.v9([exports.a_set(256, exports.record(exports.V9_FIELDS, {}))])
    reads = reads_of(flows, layout, flows)
    assert records(reads) == [CONNECTION]
    assert skipped(reads) == {NO_TEMPLATE: 1}


def test_a_template_is_of_its_sender_and_domain() -> None:
    fields = exports.V9_FIELDS
    layout = exports.v9([exports.a_set(0, exports.template(256, fields))], domain=1)
    flows = exports.a_set(256, exports.record(fields, {}))
    sent = [
        (layout, "a"),
        (exports.v9([flows], domain=2), "a"),
        (exports.v9([flows], domain=1), "b"),
    ]
    reads = [*parse_messages(iter(sent), Templates())]
    assert skipped(reads) == {NO_TEMPLATE: 2}


def test_options_are_of_another_kind() -> None:
    options = exports.a_set(1, bytes.fromhex("0101 0004 0004 0001 0004 0022 0004".replace(" ", "")))
    data = exports.a_set(257, bytes(8))
    assert skipped(reads_of(exports.v9([options, data]))) == {OTHER_KIND: 1}


@pytest.mark.parametrize(
    ("message", "reason", "n_flows"),
    [
        (b"", NOT_NETFLOW, 0),
        (b"\0", NOT_NETFLOW, 0),
        (b"\0\5\0\1", NOT_NETFLOW, 0),
        (b"\0\7" + bytes(100), NOT_NETFLOW, 0),
        (exports.v5([{}, {}])[:-1], CUT_SHORT, 1),
        (exports.v9_flows([{}, {}])[:-1], CUT_SHORT, 1),
        (exports.ipfix_flows([{}, {}])[:-1], CUT_SHORT, 1),
    ],
)
def test_damaged_messages_are_counted(message: bytes, reason: str, n_flows: int) -> None:
    reads = reads_of(message)
    assert skipped(reads) == {reason: 1}
    assert records(reads) == [CONNECTION] * n_flows


def test_templates_are_bounded() -> None:
    templates = Templates()
    for number in range(MAX_TEMPLATES + 100):
        layout = exports.a_set(0, exports.template(256, exports.V9_FIELDS))
        reads_of(exports.v9([layout], domain=number), templates=templates)
    assert len(templates) == MAX_TEMPLATES
    assert templates.get("192.0.2.1", 0, 256) == (None, False)
    assert templates.get("192.0.2.1", MAX_TEMPLATES + 99, 256)[0] is not None


def costly(n_fields: int, length: int) -> bytes:
    """A datagram of 64 KiB with a template of many short fields, and records of it."""
    layout = exports.template(256, [(PACKETS, length)] * n_fields + [(PROTO, 1)])
    room = MAX_MESSAGE_BYTES - 16 - 4 - len(layout) - 4
    return exports.ipfix([exports.a_set(2, layout), exports.a_set(256, bytes(room))])


@pytest.mark.parametrize(
    ("n_fields", "length"), [(8000, 0), (200, 0), (MAX_FIELDS, 1), (0, 1), (6, 1)]
)
def test_no_template_makes_a_datagram_costly(n_fields: int, length: int) -> None:
    """The library alone takes a minute for the first."""
    began = time.process_time()
    reads = reads_of(costly(n_fields, length))
    assert time.process_time() - began < 1
    assert skipped(reads) == {NO_TEMPLATE: 1}


def test_the_largest_template_that_is_taken_is_cheap_too() -> None:
    began = time.process_time()
    reads = reads_of(costly(MAX_FIELDS - 1, 1), costly(7, 1))
    assert time.process_time() - began < 2
    assert sum(read.n_records for read in reads) > 8_000


def test_a_file_is_its_messages(tmp_path: Path) -> None:
    sent = [exports.v5([{}] * 3), exports.v9_flows([{}] * 2), exports.ipfix_flows([{}])]
    path = tmp_path / "flows.gz"
    path.write_bytes(gzip.compress(b"".join(sent * 2)))
    reads = [*read_netflow(path, block_flows=4)]
    assert [len(read.connections) for read in reads] == [5, 4, 3]
    assert records(reads) == [CONNECTION] * 12


kind = st.sampled_from(["v5", "v9", "ipfix"])


@given(st.lists(st.tuples(kind, st.integers(1, 4)), max_size=6), st.integers(1, 300))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_messages_are_told_apart(sent: list[tuple[str, int]], n_bytes: int) -> None:
    make: dict[str, Flows]
    make = {"v5": exports.v5, "v9": exports.v9_flows, "ipfix": exports.ipfix_flows}
    made = [make[version]([{}] * n_flows) for version, n_flows in sent]
    check_messages(made, [*messages(BytesIO(b"".join(made)), "x", n_bytes=n_bytes)])


def check_messages(made: list[bytes], read: list[bytes]) -> None:
    assert read == made


def test_messages_put_together_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        check_messages([b"a", b"b"], [b"ab"])


def test_what_is_no_message_ends_a_file(tmp_path: Path) -> None:
    path = tmp_path / "flows"
    path.write_bytes(exports.v5([{}]) + b"garbage" * 20_000)
    reads = [*read_netflow(path)]
    assert records(reads) == [CONNECTION]
    assert skipped(reads) == {NOT_NETFLOW: 1}


@pytest.mark.parametrize("content", [b"", b"garbage", exports.v9([]), exports.v5([{SRC: 0}])[:-1]])
def test_a_file_without_flows_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "flows"
    path.write_bytes(content)
    with pytest.raises(MalformedInput, match="expected messages of NetFlow"):
        list(read_netflow(path))


@given(st.binary(max_size=100))
@settings(max_examples=200, derandomize=True)
def test_a_message_is_never_longer_than_what_is_there(data: bytes) -> None:
    for head in (b"", b"\0\5\0\1", b"\0\x09", b"\0\x0a\0\x20"):
        assert 0 <= message_bytes(head + data) <= len(head + data)


def test_flows_come_over_udp() -> None:
    with (
        udp_socket("127.0.0.1", 0) as listening,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter,
    ):
        for message in (exports.v9_flows([{}]), b"garbage", exports.v5([{}, {}])):
            exporter.sendto(message, ("127.0.0.1", listening.port))
        come = [d for _ in range(5) for d in listening.datagrams(wait_s=0.05)]
    reads = [*parse_messages(iter(come), Templates())]
    assert records(reads) == [CONNECTION] * 3
    assert skipped(reads) == {NOT_NETFLOW: 1}


def test_the_library_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "netflume.parse", None)
    with pytest.raises(MissingExtra, match=r"pip install 'oddflow\[netflow\]'"):
        reads_of(exports.v5([{}]))


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file"):
        list(read_netflow(tmp_path / "missing"))

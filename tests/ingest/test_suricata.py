"""Flow events of Suricata become connections; its other events are counted as such."""

from __future__ import annotations

import gzip
import json
import lzma
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.core.connection import Connection
from oddflow.core.errors import MalformedInput
from oddflow.ingest.reading import NOT_JSON, OTHER_KIND, Parser, Read
from oddflow.ingest.suricata import ETHERNET_BYTES, eve_parser, read_eve
from tests.ingest import logs
from tests.ingest.logs import ALERT, FLOW, jsonl, records, skipped

EVE = "suricata/ait_aminer_demo_eve.json.xz"
N_EVENTS, N_FLOWS = 3_425, 648
CONNECTION = Connection(
    start_s=1582934342.216865,
    orig_h="192.168.10.130",
    orig_p=34672,
    resp_h="192.168.10.122",
    resp_p=80,
    proto="tcp",
    conn_state="SF",
    uid="1174723640053537",
    service="http",
    duration_s=1582934347.421832 - 1582934342.216865,
    orig_pkts=9,
    orig_ip_bytes=1095 - 9 * 14,
    resp_pkts=8,
    resp_ip_bytes=6516 - 8 * 14,
)
"""What `FLOW` says."""


def changed(flow: dict[str, Any] | None = None, **event: Any) -> dict[str, Any]:  # noqa: ANN401
    """`FLOW` with other values, within `flow` too; None takes a value away."""
    part = {k: v for k, v in (FLOW["flow"] | (flow or {})).items() if v is not None}
    return FLOW | {"flow": part} | event


def one(event: dict[str, Any]) -> Connection:
    (record,) = records(logs.eve_reads(jsonl([event])))
    return record


def test_every_value_is_read() -> None:
    reads = logs.eve_reads(jsonl([FLOW, ALERT, FLOW]))
    assert records(reads) == [CONNECTION, CONNECTION]
    assert skipped(reads) == {OTHER_KIND: 1}


def test_what_is_not_there_is_unknown() -> None:
    none = dict.fromkeys([k for k in FLOW["flow"] if k not in {"start", "state"}])
    bare = changed(none, app_proto=None, flow_id=None, src_port=None, dest_port=None)
    assert one(bare) == Connection(
        start_s=CONNECTION.start_s,
        orig_h=CONNECTION.orig_h,
        orig_p=0,
        resp_h=CONNECTION.resp_h,
        resp_p=0,
        proto="tcp",
        conn_state="SF",
    )


@pytest.mark.parametrize(
    ("ts", "tc", "state", "expected"),
    [
        ("02", "00", "new", "S0"),
        ("02", "14", "closed", "REJ"),
        ("06", "12", "closed", "RSTO"),
        ("1b", "1b", "closed", "SF"),
        ("1a", "1f", "established", "RSTR"),
        (None, None, "new", "S0"),
        (None, None, "established", "S1"),
        (None, None, "closed", "SF"),
        (None, None, "bypassed", "OTH"),
        ("zz", "1b", "closed", "SF"),
    ],
)
def test_how_a_tcp_connection_ended(
    ts: str | None, tc: str | None, state: str, expected: str
) -> None:
    tcp = {"tcp_flags_ts": ts, "tcp_flags_tc": tc}
    assert one(changed({"state": state}, tcp=tcp)).conn_state == expected


@pytest.mark.parametrize(
    ("n_orig", "n_resp", "expected"), [(1, 1, "SF"), (1, 0, "S0"), (0, 1, "SHR"), (0, 0, "OTH")]
)
def test_udp_by_who_sent(n_orig: int, n_resp: int, expected: str) -> None:
    event = changed({"pkts_toserver": n_orig, "pkts_toclient": n_resp}, proto="UDP")
    assert one(event).conn_state == expected


def test_payload_of_udp_and_icmp_follows() -> None:
    counts = {"pkts_toserver": 2, "bytes_toserver": 200, "pkts_toclient": 1, "bytes_toclient": 30}
    udp = one(changed(counts, proto="UDP"))
    assert (udp.orig_ip_bytes, udp.orig_bytes) == (200 - 28, 200 - 28 - 56)
    assert (udp.resp_ip_bytes, udp.resp_bytes) == (16, 0)  # never below 0
    addresses = {"src_ip": "FE80:0000::0001", "dest_ip": "ff02::0002"}
    ports = {"src_port": None, "dest_port": None, "icmp_type": 133, "icmp_code": 4}
    icmp = one(changed(counts, proto="IPv6-ICMP", **addresses, **ports))
    assert (icmp.orig_ip_bytes, icmp.orig_bytes) == (200 - 28, 200 - 28 - 96)
    assert (icmp.proto, icmp.orig_p, icmp.resp_p, icmp.conn_state) == ("icmp", 133, 4, "OTH")
    assert (icmp.orig_h, icmp.resp_h) == ("fe80::1", "ff02::2")


def test_frames_may_have_no_ethernet() -> None:
    (read,) = eve_parser(link_bytes=0)(None, jsonl([FLOW]))[1]
    assert records([read]) == [replace(CONNECTION, orig_ip_bytes=1095, resp_ip_bytes=6516)]


@pytest.mark.parametrize(
    ("suricata", "zeek"),
    [("tls", "ssl"), ("dns", "dns"), ("failed", "-"), ("dcerpc", "dce_rpc"), ("", "-")],
)
def test_services_have_the_names_of_zeek(suricata: str, zeek: str) -> None:
    assert one(changed(app_proto=suricata)).service == zeek


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (changed({"start": None}), "wrong start_s"),
        (changed({"start": "now"}), "wrong start_s"),
        (changed({"start": 5}), "wrong flow.start"),
        (changed({"end": "2001-01-01T00:00:00Z"}), "wrong duration_s"),
        (changed({"pkts_toserver": -1}), "wrong orig_pkts"),
        (changed({"bytes_toclient": -1}), "wrong resp_ip_bytes"),
        (changed({"pkts_toserver": 2**63}), "wrong orig_pkts"),
        (changed({"pkts_toserver": "9"}), "wrong flow.pkts_toserver"),
        (changed(src_ip="10.0.0"), "wrong orig_h"),
        (changed(dest_ip=""), "wrong resp_h"),
        (changed(src_port=65_536), "wrong orig_p"),
        (changed(dest_port=-1), "wrong resp_p"),
        (changed(proto=""), "wrong proto"),
        (changed(app_proto="\x1b[31m"), "wrong service"),
        ({"event_type": "flow", "flow": 5}, "wrong flow"),
        ({"event_type": 5}, "wrong event_type"),
        ({"flow": {}}, "no event_type"),
    ],
)
def test_a_wrong_event_is_counted(event: dict[str, Any], reason: str) -> None:
    reads = logs.eve_reads(jsonl([FLOW, event, FLOW]))
    assert records(reads) == [CONNECTION, CONNECTION]
    assert skipped(reads) == {reason: 1}


def test_other_events_may_hold_anything() -> None:
    events = [ALERT | {"flow": 5}, ALERT | {"tcp": [1]}, ALERT | {"src_port": "x"}]
    reads = logs.eve_reads(jsonl([*events, FLOW]))
    assert records(reads) == [CONNECTION]
    assert skipped(reads) == {OTHER_KIND: 3}


def test_other_protocols_are_of_an_unknown_transport() -> None:
    assert one(changed(proto="SCTP")).proto == "unknown_transport"


PUT = [b"\n", b"\xff", b'"', b"}{", b"-1", b"{}\n", b"\0", b"\r\n"]
WHOLE = jsonl([FLOW, ALERT, FLOW, FLOW])


def check_pieces(parse: Parser[Any], data: bytes, at: int) -> None:
    """Cutting complete lines in two changes nothing."""
    cut = data.rfind(b"\n", 0, at) + 1
    whole = logs.reads_in_pieces(parse, None, [data])
    parts = logs.reads_in_pieces(parse, None, [data[:cut], data[cut:]])
    assert records(parts) == records(whole)
    assert skipped(parts) == skipped(whole)


@given(st.integers(0, 2500), st.integers(0, 9), st.sampled_from(PUT), st.integers(0, 2500))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_blocks_do_not_change_what_is_read(at: int, n_lost: int, put: bytes, cut: int) -> None:
    check_pieces(eve_parser(), WHOLE[:at] + put + WHOLE[at + n_lost :], cut)


def test_a_parser_that_forgets_lines_would_be_noticed() -> None:
    def forgetful(state: None, data: bytes) -> tuple[None, list[Read]]:
        return state, [*eve_parser()(state, data.split(b"\n")[0] + b"\n")[1]]

    with pytest.raises(AssertionError):
        check_pieces(forgetful, WHOLE, 1500)


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b"[]\n", jsonl([{"a": 1}])])
def test_what_is_no_eve_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "eve.json"
    path.write_bytes(content)
    with pytest.raises(MalformedInput, match=r"expected an eve\.json of Suricata"):
        list(read_eve(path))


def test_events_without_a_flow_are_right(tmp_path: Path) -> None:
    path = tmp_path / "eve.json.gz"
    path.write_bytes(gzip.compress(jsonl([ALERT]) + b"garbage\n"))
    reads = [*read_eve(path)]
    assert records(reads) == []
    assert skipped(reads) == {OTHER_KIND: 1, NOT_JSON: 1}


@pytest.mark.data
def test_a_real_log(corpora: Path) -> None:
    reads = [*read_eve(corpora / EVE, n_bytes=100_000)]
    assert skipped(reads) == {OTHER_KIND: N_EVENTS - N_FLOWS}
    read = records(reads)
    flows = [event for event in events(corpora) if event["event_type"] == "flow"]
    assert len(read) == len(flows) == N_FLOWS
    for record, event in zip(read, flows, strict=True):
        assert record.uid == str(event["flow_id"])
        assert record.orig_pkts == event["flow"]["pkts_toserver"]
        assert (
            record.resp_ip_bytes
            == event["flow"]["bytes_toclient"] - 14 * (event["flow"]["pkts_toclient"])
        )


def events(corpora: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lzma.decompress((corpora / EVE).read_bytes()).splitlines()]


def n_agreeing(corpora: Path, link_bytes: int) -> tuple[int, int]:
    """DNS flows whose payload is that of the names asked for, and all of them.

    A question has 12 bytes of header, the name with a length before each part and 0 at its end, and
    4 bytes of type and class.
    """
    asked: dict[int, list[int]] = defaultdict(list)
    for event in events(corpora):
        if event["event_type"] == "dns" and event["dns"]["type"] == "query":
            asked[event["flow_id"]].append(12 + len(event["dns"]["rrname"]) + 2 + 4)
    told = [
        (record.orig_bytes, sum(asked[int(record.uid)]))
        for record in records(read_eve(corpora / EVE, link_bytes=link_bytes))
        if record.orig_pkts == len(asked.get(int(record.uid), ()))
    ]
    return sum(payload == expected for payload, expected in told), len(told)


@pytest.mark.data
def test_payload_is_that_of_the_names_asked_for(corpora: Path) -> None:
    assert n_agreeing(corpora, ETHERNET_BYTES) == (282, 282)
    assert n_agreeing(corpora, 0) == (0, 282)

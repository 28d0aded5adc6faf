"""Packets become connections as Zeek would have them; the table is bounded and loses nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from oddflow.core.connection import Connection
from oddflow.core.errors import InputError
from oddflow.ingest import pcap as pcap_module
from oddflow.ingest.fields import REASONS, Reason
from oddflow.ingest.flows import Ended, new_ended
from oddflow.ingest.pcap import DECODED, FlowSettings, read_pcap
from oddflow.ingest.table import Waiting, new_table
from tests.ingest.frames import CLIENT, SERVER, Timed, ethernet, icmp, ipv4, pcap, tcp, udp

Step = tuple[str, str, int, int, bytes]
"""Who sends ("o" or "r"), flags, seq, ack, payload."""


def talk(steps: list[Step], *, gap_s: float = 0.1, start_s: float = 100.0) -> list[Timed]:
    packets = []
    for i, (who, flags, seq, ack, payload) in enumerate(steps):
        ends = (CLIENT, SERVER) if who == "o" else (SERVER, CLIENT)
        ports = (40000, 80) if who == "o" else (80, 40000)
        segment = tcp(flags, payload, sport=ports[0], dport=ports[1], seq=seq, ack=ack)
        frame = ethernet(ipv4(segment, 6, src=ends[0], dst=ends[1]))
        packets.append(Timed(start_s + i * gap_s, frame))
    return packets


def connections(
    packets: list[Timed], tmp_path: Path, settings: FlowSettings | None = None
) -> list[Connection]:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    return [one for captured in read_pcap(path, settings) for one in captured.connections]


OPEN: list[Step] = [("o", "S", 10, 0, b""), ("r", "SA", 70, 11, b""), ("o", "A", 11, 71, b"")]
ASK: list[Step] = [("o", "PA", 11, 71, b"GET /"), ("r", "A", 71, 16, b"")]
CLOSE: list[Step] = [
    ("o", "FA", 16, 71, b""),
    ("r", "FA", 71, 17, b""),
    ("o", "A", 17, 72, b""),
]


@pytest.mark.parametrize(
    ("steps", "state", "history"),
    [
        (OPEN + ASK + CLOSE, "SF", "ShADaFf"),
        (OPEN[:1], "S0", "S"),
        (OPEN, "S1", "ShA"),
        (OPEN + ASK + CLOSE[:1], "S2", "ShADaF"),
        ([*OPEN, ("r", "FA", 71, 11, b"")], "S3", "ShAf"),
        ([OPEN[0], ("r", "RA", 0, 11, b"")], "REJ", "Sr"),
        ([*OPEN, ("o", "R", 11, 0, b"")], "RSTO", "ShAR"),
        ([*OPEN, ("r", "R", 71, 0, b"")], "RSTR", "ShAr"),
        ([OPEN[0], ("o", "R", 11, 0, b"")], "RSTOS0", "SR"),
        ([OPEN[1], ("r", "R", 71, 0, b"")], "RSTRH", "hr"),
        ([OPEN[0], ("o", "F", 11, 0, b"")], "SH", "SF"),
        ([OPEN[1], ("r", "FA", 71, 11, b"")], "SHR", "hf"),
        (ASK, "OTH", "Da"),
        (OPEN + ASK + CLOSE + [("r", "R", 72, 0, b"")], "SF", "ShADaFfr"),
    ],
)
def test_the_state_says_how_a_connection_ended(
    steps: list[Step], state: str, history: str, tmp_path: Path
) -> None:
    (one,) = connections(talk(steps), tmp_path)
    assert (one.conn_state, one.history) == (state, history)
    assert (one.orig_h, one.orig_p, one.resp_h, one.resp_p) == (CLIENT, 40000, SERVER, 80)
    assert one.duration_s == pytest.approx((len(steps) - 1) * 0.1)


def test_payload_is_counted_once_however_often_it_is_sent(tmp_path: Path) -> None:
    again = [*OPEN, *ASK[:1], *ASK, ("o", "PA", 12, 71, b"ET /x"), *CLOSE[1:]]
    (one,) = connections(talk(again), tmp_path)
    assert (one.orig_bytes, one.resp_bytes, one.missed_bytes) == (6, 0, 0)
    assert "T" in one.history
    assert one.orig_pkts == 6


def test_payload_that_was_not_captured_counts_and_is_missed(tmp_path: Path) -> None:
    steps = [*OPEN, ("o", "PA", 111, 71, b"later"), ("r", "A", 71, 116, b"")]
    (one,) = connections(talk(steps), tmp_path)
    assert (one.orig_bytes, one.missed_bytes) == (105, 100)


def test_sequence_numbers_may_wrap(tmp_path: Path) -> None:
    steps: list[Step] = [
        ("o", "S", 2**32 - 3, 0, b""),
        ("r", "SA", 70, 2**32 - 2, b""),
        ("o", "PA", 2**32 - 2, 71, b"x" * 10),
        ("o", "PA", 8, 71, b"y" * 10),
        ("r", "A", 71, 18, b""),
    ]
    (one,) = connections(talk(steps), tmp_path)
    assert (one.orig_bytes, one.missed_bytes) == (20, 0)


def test_a_syn_after_the_end_opens_another_connection(tmp_path: Path) -> None:
    again: list[Step] = [("o", "S", 5000, 0, b""), ("r", "RA", 0, 5001, b"")]
    states = [one.conn_state for one in connections(talk(OPEN + ASK + CLOSE + again), tmp_path)]
    assert states == ["SF", "REJ"]


def test_an_unanswered_syn_waits_for_five_seconds(tmp_path: Path) -> None:
    syns = talk(OPEN[:1] * 3, gap_s=1.0) + talk(OPEN[:1], start_s=106.0)
    found = connections(syns, tmp_path)
    assert [one.orig_pkts for one in found] == [3, 1]
    assert len(connections(syns, tmp_path, FlowSettings(waiting=Waiting(attempt_s=9.0)))) == 1


@pytest.mark.parametrize(("gap_s", "n"), [(59.0, 1), (61.0, 2)])
def test_udp_is_over_after_a_minute_of_silence(gap_s: float, n: int, tmp_path: Path) -> None:
    frame = ethernet(ipv4(udp(b"abc"), 17))
    found = connections([Timed(1.0, frame), Timed(1.0 + gap_s, frame)], tmp_path)
    assert len(found) == n
    assert sum(one.orig_bytes or 0 for one in found) == 6
    assert {one.conn_state for one in found} == {"S0"}


def test_an_answer_over_udp_is_seen(tmp_path: Path) -> None:
    back = ethernet(ipv4(udp(b"de", sport=53, dport=40000), 17, src=SERVER, dst=CLIENT))
    asked = [Timed(1.0, ethernet(ipv4(udp(b"abc"), 17))), Timed(1.5, back)]
    (one,) = connections(asked, tmp_path)
    assert (one.conn_state, one.orig_bytes, one.resp_bytes) == ("SF", 3, 2)
    (only,) = connections(asked[1:], tmp_path)
    assert (only.conn_state, only.resp_h, only.resp_p) == ("SHR", SERVER, 53)


def test_icmp_is_a_record_a_message_or_an_exchange(tmp_path: Path) -> None:
    there, back = icmp(8, 0, b"ping"), icmp(0, 0, b"ping")
    packets = [
        Timed(1.0, ethernet(ipv4(there, 1))),
        Timed(1.1, ethernet(ipv4(back, 1, src=SERVER, dst=CLIENT))),
        Timed(1.2, ethernet(ipv4(there, 1))),
    ]
    each = connections(packets, tmp_path)
    assert [(one.orig_h, one.orig_p, one.orig_bytes) for one in each] == [
        (CLIENT, 8, 4),
        (SERVER, 0, 4),
        (CLIENT, 8, 4),
    ]
    (one,) = connections(packets, tmp_path, FlowSettings(splits_icmp=False))
    assert (one.orig_p, one.resp_p, one.orig_pkts, one.resp_pkts) == (8, 0, 2, 1)


def test_land_has_the_same_ends(tmp_path: Path) -> None:
    syn = tcp("S", sport=139, dport=139)
    (one,) = connections([Timed(1, ethernet(ipv4(syn, 6, src=SERVER, dst=SERVER)))], tmp_path)
    assert one.is_land
    assert one.conn_state == "S0"


def test_urgent_packets_are_counted(tmp_path: Path) -> None:
    (one,) = connections(talk([*OPEN, ("o", "UA", 11, 71, b"!"), *ASK]), tmp_path)
    assert one.urgent == 1


def fragment(payload: bytes, at: int, *, more: bool, number: int = 7) -> Timed:
    frame = ethernet(ipv4(payload, 17, offset=at, more=more, number=number))
    return Timed(1.0 + at / 1e5, frame)


def test_fragments_belong_to_the_connection_of_the_first(tmp_path: Path) -> None:
    whole = udp(b"x" * 100)
    pieces = [fragment(whole[:48], 0, more=True), fragment(whole[48:], 48, more=False)]
    (one,) = connections(pieces, tmp_path)
    assert (one.orig_bytes, one.orig_pkts, one.wrong_fragment) == (100, 2, 0)


def test_fragments_of_an_answer_belong_to_the_exchange(tmp_path: Path) -> None:
    answer = icmp(0, 0, b"x" * 88)
    frames = [ethernet(ipv4(icmp(8, 0, b"x" * 88), 1))]
    for payload, at, more in ((answer[:48], 0, True), (answer[48:], 48, False)):
        piece = ipv4(payload, 1, src=SERVER, dst=CLIENT, offset=at, more=more)
        frames.append(ethernet(piece))
    packets = [Timed(1 + i / 10, frame) for i, frame in enumerate(frames)]
    (one,) = connections(packets, tmp_path, FlowSettings(splits_icmp=False))
    assert (one.orig_bytes, one.resp_bytes) == (88, 88)


@pytest.mark.parametrize(
    "second",
    [
        fragment(b"y" * 8, 24, more=False),
        fragment(b"y" * 7, 48, more=True),
        fragment(b"y" * 800, 65_000, more=False),
    ],
    ids=["overlap", "no multiple of 8", "past the end"],
)
def test_wrong_fragments_are_counted(second: Timed, tmp_path: Path) -> None:
    (one,) = connections([fragment(udp(b"x" * 40), 0, more=True), second], tmp_path)
    assert one.wrong_fragment == 1


def test_a_fragment_without_its_first_is_counted_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([fragment(b"y" * 8, 48, more=False, number=9)]))
    (captured,) = read_pcap(path)
    assert captured.packets == {REASONS[Reason.LONE_FRAGMENT]: 1}
    assert len(captured.connections) == 0


def flood(n: int) -> list[Timed]:
    """SYNs from as many ports, some of which come again."""
    rng = random.Random(0)
    ports = [rng.randrange(1024, 65536) for _ in range(n)]
    frames = [ethernet(ipv4(tcp("S", sport=port), 6)) for port in ports]
    return [Timed(100 + i / 1000, frame) for i, frame in enumerate(frames)]


@pytest.mark.parametrize("capacity", [1, 2, 7, 64, 5000])
def test_a_full_table_ends_connections_early_and_loses_none(capacity: int, tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(flood(3000)))
    captured = list(read_pcap(path, FlowSettings(capacity=capacity)))
    found = [one for block in captured for one in block.connections]
    n_evicted = sum(block.n_evicted for block in captured)
    assert sum(one.orig_pkts or 0 for one in found) == 3000
    assert sum(block.packets.get(DECODED, 0) for block in captured) == 3000
    assert (n_evicted > 0) == (capacity < 3000)
    ports = {one.orig_p for one in found}
    assert len(ports) == len({frame.frame for frame in flood(3000)})


def test_how_many_can_end_at_once_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = flood(600) + talk(OPEN, start_s=200.0)
    whole = connections(packets, tmp_path)
    room = new_ended()
    small = Ended(room.rows[:32], room.histories[:32], room.contents[:32])
    monkeypatch.setattr(pcap_module, "new_ended", lambda: small)
    assert connections(packets, tmp_path) == whole


def test_time_that_goes_back_stands_still(tmp_path: Path) -> None:
    packets = talk(OPEN) + talk(ASK, start_s=5.0)
    (one,) = connections(packets, tmp_path)
    assert one.duration_s == pytest.approx(0.2)


@pytest.mark.parametrize("capacity", [0, 1 << 25])
def test_a_capacity_out_of_range_is_refused(capacity: int) -> None:
    with pytest.raises(InputError, match="capacity must be from 1"):
        new_table(capacity=capacity)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), 1e10])
def test_a_waiting_time_out_of_range_is_refused(seconds: float) -> None:
    with pytest.raises(InputError, match="waiting times"):
        Waiting(tcp_s=seconds)

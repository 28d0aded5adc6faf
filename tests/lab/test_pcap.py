"""Captures are counted and cut by readers of their own."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest
from lab.addresses import NORMAL
from lab.count import OTHER, count_kinds
from lab.example import MAX_BYTES, best_stretch, conversations, cut_example
from lab.forge import tcp_syn, udp
from lab.labels import Labels
from lab.pcap import Ends, Packet, ends_of, read_packets, write_packets

ETHERNET = bytes(12) + b"\x08\x00"
ARP = bytes(12) + b"\x08\x06" + bytes(28)
A, B, C = "10.0.0.3", "10.0.0.6", "10.0.0.9"
LABELS = Labels({A: NORMAL, B: NORMAL, C: "scan"})


def packet(time_s: float, ip: bytes) -> Packet:
    return Packet(int(time_s), round(time_s % 1 * 1e6), ETHERNET + ip)


def traffic() -> list[Packet]:
    """A minute: a normal connection a second, and twenty scanned ports in the middle."""
    packets = []
    for second in range(60):
        packets.append(packet(second, tcp_syn(A, B, 1_000 + second, 80, number=1)))
        packets.append(packet(second + 0.5, tcp_syn(B, A, 80, 1_000 + second, number=1)))
    packets += [packet(30.01 + i / 100, tcp_syn(C, B, 999, i + 1, number=1)) for i in range(20)]
    packets.append(Packet(59, 999_999, ARP))
    return sorted(packets)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    write_packets(tmp_path / "capture.pcap", traffic())
    return tmp_path / "capture.pcap"


def test_packets_are_read_as_they_were_written(capture: Path) -> None:
    assert list(read_packets(capture)) == traffic()


def test_what_is_no_whole_capture_is_refused(capture: Path) -> None:
    data = capture.read_bytes()
    for n_bytes, message in ((3, "expected a pcap file"), (30, "cut short"), (60, "cut short")):
        capture.write_bytes(data[:n_bytes])
        with pytest.raises(ValueError, match=message):
            list(read_packets(capture))
    capture.write_bytes(b"\n\r\r\n" + data)
    with pytest.raises(ValueError, match="expected a pcap file"):
        list(read_packets(capture))


def test_ends_are_read_from_headers() -> None:
    frame = ETHERNET + udp(A, B, (5_000, 53), b"question", number=7)
    assert ends_of(frame) == Ends(17, A, 5_000, B, 53)
    assert ends_of(ARP) is None
    assert ends_of(frame[:20]) is None
    later = bytearray(frame)
    later[20:22] = struct.pack("!H", 3)
    assert ends_of(bytes(later)) == Ends(17, A, 0, B, 0)
    answer = ETHERNET + udp(B, A, (53, 5_000), b"answer", number=8)
    ends, back = ends_of(frame), ends_of(answer)
    assert ends is not None
    assert back is not None
    assert ends.conversation == back.conversation


def test_echo_requests_are_told_apart_by_their_number() -> None:
    head = ETHERNET + udp(A, B, (0, 0), b"", number=1)[:20]
    icmp = bytearray(head + struct.pack("!BBHHH", 8, 0, 0, 77, 1))
    icmp[23] = socket.IPPROTO_ICMP
    assert ends_of(bytes(icmp)) == Ends(1, A, 77, B, 77)
    icmp[34] = 3  # unreachable: no number there
    assert ends_of(bytes(icmp)) == Ends(1, A, 0, B, 0)


def test_kinds_are_counted(capture: Path) -> None:
    counts = count_kinds(capture, LABELS)
    assert counts.connections == {NORMAL: 60, "scan": 20}
    assert counts.packets == {NORMAL: 120, "scan": 20, OTHER: 1}
    assert counts.services == {"6/80": 60}
    assert counts.first_s["scan"] == pytest.approx(30.01)
    assert count_kinds(capture, Labels({})).connections == {NORMAL: 80}


def test_an_example_has_whole_conversations_and_the_attack(tmp_path: Path, capture: Path) -> None:
    (tmp_path / "labels.json").write_text(
        '{"10.0.0.9": {"kind": "scan"}, "10.0.0.3": {"kind": "normal"}}'
    )
    cut_example(tmp_path, tmp_path / "example.pcap")
    counts = count_kinds(tmp_path / "example.pcap", LABELS)
    assert counts.connections["scan"] == 20
    assert counts.packets[NORMAL] == 2 * counts.connections[NORMAL] > 0
    assert OTHER not in counts.packets
    assert (tmp_path / "example.pcap").stat().st_size <= MAX_BYTES
    assert best_stretch(conversations(capture, LABELS))


@pytest.mark.usefixtures("capture")
def test_an_example_is_as_small_as_it_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "labels.json").write_text(
        '{"10.0.0.9": {"kind": "scan"}, "10.0.0.3": {"kind": "normal"}}'
    )
    monkeypatch.setattr("lab.example.MAX_BYTES", 2_000)
    cut_example(tmp_path, tmp_path / "example.pcap")
    assert 1_000 < (tmp_path / "example.pcap").stat().st_size <= 2_000
    assert count_kinds(tmp_path / "example.pcap", LABELS).connections["scan"] >= 15


def test_a_long_conversation_is_left_out_and_an_empty_recording_refused(tmp_path: Path) -> None:
    big = [packet(i / 100, udp(A, B, (1, 2), bytes(1_400), number=i)) for i in range(40)]
    small = [packet(1, tcp_syn(A, B, 1_000, 80, number=1))]
    write_packets(tmp_path / "big.pcap", [*big, *small])
    kept = best_stretch(conversations(tmp_path / "big.pcap", LABELS))
    assert {ends.protocol for ends in kept} == {socket.IPPROTO_TCP}
    with pytest.raises(ValueError, match="record again"):
        best_stretch({})

"""Captures of every form give the same packets; damage is counted, and what is none is refused."""

from __future__ import annotations

import gzip
import lzma
import struct
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.core.errors import MalformedInput
from oddflow.ingest import capture
from oddflow.ingest.capture import CUT_OFF, DAMAGED, packets_of, read_packets
from oddflow.ingest.fields import REASONS, Reason
from oddflow.ingest.framing import UNKNOWN_LINK, Place
from oddflow.ingest.pcap import DECODED, read_pcap
from tests.ingest.frames import (
    Timed,
    enhanced,
    ethernet,
    interface,
    ipv4,
    pcap,
    section,
    simple,
    udp,
)

PACKETS = [Timed(1000.25 + i, ethernet(ipv4(udp(b"x" * i), 17))) for i in range(5)]


def read(content: bytes) -> tuple[list[Timed], dict[str, int], list[int]]:
    packets: list[Timed] = []
    skipped: dict[str, int] = {}
    links: list[int] = []
    for block in packets_of(BytesIO(content), "a.pcap"):
        skipped |= block.skipped
        for start, end, time_ns, link in block.frames.tolist():
            packets.append(Timed(time_ns / 1e9, block.data[start:end].tobytes()))
            links.append(link)
    return packets, skipped, links


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("per_s", [1_000_000, 1_000_000_000])
def test_a_pcap_of_each_order_and_resolution(order: str, per_s: int) -> None:
    assert read(pcap(PACKETS, order=order, per_s=per_s)) == (PACKETS, {}, [1] * 5)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("resolution", "per_s"), [(6, 10**6), (9, 10**9), (0x94, 2**20)])
def test_a_pcapng_of_each_order_and_resolution(order: str, resolution: int, per_s: int) -> None:
    blocks = [enhanced(order, packet, per_s=per_s) for packet in PACKETS]
    content = section(order) + interface(order, resolution=resolution) + b"".join(blocks)
    assert read(content) == (PACKETS, {}, [1] * 5)


def test_interfaces_and_sections_of_a_pcapng_are_told_apart() -> None:
    content = section("<") + interface("<", link=1) + interface("<", link=101, resolution=9)
    content += enhanced("<", PACKETS[0])
    content += enhanced("<", PACKETS[1], number=1, per_s=10**9)
    content += enhanced("<", PACKETS[2], number=2)
    content += section(">") + interface(">", link=113) + enhanced(">", PACKETS[3])
    content += simple(">", PACKETS[4].frame)
    packets, _, links = read(content)
    assert links == [1, 101, UNKNOWN_LINK, 113, 113]
    assert packets[:2] == PACKETS[:2]
    assert packets[4] == Timed(PACKETS[3].time_s, PACKETS[4].frame), "it has no time of its own"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstd.compress])
def test_a_packed_capture(pack: object, tmp_path: Path) -> None:
    path = tmp_path / "named as it may be"
    path.write_bytes(pack(pcap(PACKETS)))  # type: ignore[operator]
    assert sum(len(block.frames) for block in read_packets(path)) == 5


@pytest.mark.parametrize("size", [25, 64, 100, 1000])
@pytest.mark.parametrize("rows", [1, 2, 100])
def test_how_a_file_is_cut_up_does_not_matter(
    size: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "PIECE_BYTES", size)
    monkeypatch.setattr(capture, "MAX_FRAMES", rows)
    ng = section() + interface() + b"".join(enhanced("<", packet) for packet in PACKETS)
    assert read(pcap(PACKETS))[0] == PACKETS
    assert read(ng)[0] == PACKETS


def test_a_file_that_ends_within_a_record_gives_those_before() -> None:
    assert read(pcap(PACKETS)[:-1])[:2] == (PACKETS[:4], {CUT_OFF: 1})


@pytest.mark.parametrize("kind", [2, 3, 6])
def test_a_block_too_short_for_a_packet_is_one_that_cannot_be_read(
    kind: int, tmp_path: Path
) -> None:
    """It was passed over, and vanished from the packets that were read."""
    block = struct.pack("<III", kind, 12, 12)
    path = tmp_path / "short"
    path.write_bytes(section() + interface() + block + enhanced("<", PACKETS[0]))
    packets = Counter[str]()
    for captured in read_pcap(path):
        packets.update(captured.packets)
    assert packets == {REASONS[Reason.UNKNOWN_INTERFACE]: 1, DECODED: 1}


@pytest.mark.parametrize(("ticks", "offset_s"), [(2**63 - 100, -(2**63)), (5, -6)])
def test_no_time_is_before_1970(ticks: int, offset_s: int) -> None:
    options = struct.pack("<HHB3xHHq", 9, 1, 0, 14, 8, offset_s)  # whole seconds, and from where
    described = struct.pack("<IIHHI", 1, 20 + len(options), 1, 0, 0) + options
    described += struct.pack("<I", 20 + len(options))
    packet = Timed(float(ticks), PACKETS[0].frame)
    head = struct.pack("<IIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(packet.frame))
    body = head + struct.pack("<I", len(packet.frame)) + packet.frame
    body += b"\0" * (-len(body) % 4)
    size = struct.pack("<I", 12 + len(body))
    packets, _, _ = read(section() + described + struct.pack("<I", 6) + size + body + size)
    assert [one.time_s for one in packets] == [0.0]


def test_a_record_of_an_impossible_size_ends_the_file() -> None:
    content = pcap(PACKETS[:2]) + b"\xff" * 32 + pcap(PACKETS)
    assert read(content)[:2] == (PACKETS[:2], {DAMAGED: 1})


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (b"", "an empty file"),
        (b"GIF89a", "starts with b'GIF8'"),
        (pcap([])[:20], "a pcap file of 20 bytes"),
        (section()[:8] + b"\0" * 20, "without a byte order"),
    ],
)
def test_what_is_no_capture_is_refused(content: bytes, received: str) -> None:
    with pytest.raises(MalformedInput, match="expected a capture in pcap or pcapng") as error:
        read(content)
    assert received in str(error.value)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_give_frames_that_lie_within_them(content: bytes, is_ng: bool) -> None:
    content = (section() + interface() if is_ng else pcap(PACKETS[:1])) + content
    for block in packets_of(BytesIO(content), "any"):
        starts, ends = block.frames[:, Place.START], block.frames[:, Place.END]
        assert (starts <= ends).all()
        assert (ends <= len(block.data)).all()
        assert (block.frames[:, Place.TIME_NS] >= 0).all()
        assert np.isin(block.frames[:, Place.LINK], [UNKNOWN_LINK, *range(1 << 16)]).all()

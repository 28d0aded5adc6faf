"""Frames of every link and tunnel give the packet within; what is no packet has its reason."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.ingest.fields import MAX_LAYERS, N_FIELDS, Field, Reason
from oddflow.ingest.packet import decode, decode_inner
from tests.ingest.frames import ethernet, icmp, ipv4, ipv6, tcp, udp

IP = ipv4(tcp("SA", b"hello", seq=5, ack=6), 6)
IP6 = ipv6(tcp("SA", b"hello", seq=5, ack=6), 6)
RAW = 101


def decoded(frame: bytes, link: int = 1) -> tuple[Reason, np.ndarray]:
    packet = np.zeros(N_FIELDS, dtype=np.int64)
    data = np.frombuffer(frame, dtype=np.uint8)
    return Reason(decode(data, 0, len(data), link, packet)), packet


def tagged(kinds: list[int], payload: bytes = IP) -> bytes:
    tags = b"".join(struct.pack(">HH", 5, kind) for kind in [*kinds[1:], 0x0800])
    return ethernet(tags + payload, kinds[0])


def extended(kinds: list[int]) -> bytes:
    """IPv6 with extension headers, each of 8 bytes."""
    following = [*kinds[1:], 6]
    heads = b"".join(
        struct.pack(">BB6x", kind, 1 if own == 51 else 0)[: 12 if own == 51 else 8]
        + (b"\0" * 4 if own == 51 else b"")
        for own, kind in zip(kinds, following, strict=True)
    )
    return ipv6(heads + tcp("SA", b"hello", seq=5, ack=6), kinds[0])


@pytest.mark.parametrize(
    ("frame", "link"),
    [
        (ethernet(IP), 1),
        (ethernet(IP6, 0x86DD), 1),
        (tagged([0x8100]), 1),
        (tagged([0x88A8, 0x8100]), 1),
        (ethernet(b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0"[:2] + b"\x08\0" + IP, 0x8100), 1),
        (ethernet(b"\0\1\0\x40" + b"\0\1\1\x40" + IP, 0x8847), 1),
        (ethernet(b"\x11\0\0\1\0\0" + b"\0\x21" + IP, 0x8864), 1),
        (b"\0" * 12 + struct.pack(">H", 500) + b"\xaa\xaa\3\0\0\0\x08\0" + IP, 1),
        (IP, RAW),
        (IP6, 229),
        (b"\0" * 14 + b"\x08\0" + IP, 113),
        (b"\x86\xdd" + b"\0" * 18 + IP6, 276),
        (b"\2\0\0\0" + IP, 0),
        (b"\0\0\0\2" + IP, 108),
        (b"\xff\3\0\x21" + IP, 9),
        (ethernet(ipv4(IP, 4, src="192.0.2.1")), 1),
        (ethernet(ipv4(IP6, 41, src="192.0.2.1")), 1),
        (ethernet(ipv4(b"\0\0\x08\0" + IP, 47)), 1),
        (ethernet(ipv4(b"\xb0\0\x08\0" + b"\0" * 12 + IP, 47)), 1),
        (ethernet(ipv4(b"\0\0\x65\x58" + ethernet(IP), 47)), 1),
        (ethernet(extended([0, 43, 60]), 0x86DD), 1),
        (ethernet(extended([51]), 0x86DD), 1),
    ],
)
def test_the_packet_within(frame: bytes, link: int) -> None:
    reason, packet = decoded(frame, link)
    assert reason == Reason.DECODED
    start = packet[Field.PAYLOAD_AT]
    assert frame[start : start + packet[Field.PAYLOAD_CAPTURED]] == b"hello"
    assert packet[Field.PAYLOAD] == 5
    fields = [Field.SRC_PORT, Field.DST_PORT, Field.SEQ, Field.ACK, Field.TCP_FLAGS, Field.PROTO]
    assert packet[fields].tolist() == [40000, 80, 5, 6, 0x12, 6]


@pytest.mark.parametrize(
    ("port", "head", "inner"),
    [
        (4789, b"\x08\0\0\0\0\0\7\0", ethernet(IP)),
        (6081, b"\1\0\x65\x58\0\0\7\0" + b"\0" * 4, ethernet(IP)),
        (6081, b"\0\0\x08\0\0\0\7\0", IP),
        (2152, b"\x30\xff\0\0\0\0\0\1", IP),
        (2152, b"\x34\xff\0\0\0\0\0\1" + b"\0\0\0\x85" + b"\1\0\0\0", IP),
        (3544, b"\0\0" + b"\0" * 6, IP6),
        (3544, b"", IP6),
    ],
)
def test_a_udp_tunnel_is_a_packet_and_carries_one(port: int, head: bytes, inner: bytes) -> None:
    frame = ethernet(ipv4(udp(head + inner, dport=port), 17, src="192.0.2.1"))
    reason, packet = decoded(frame)
    assert reason == Reason.DECODED
    assert packet[[Field.PROTO, Field.DST_PORT]].tolist() == [17, port]
    assert decode_inner(np.frombuffer(frame, dtype=np.uint8), packet) == Reason.DECODED
    assert packet[[Field.PROTO, Field.DST_PORT, Field.PAYLOAD]].tolist() == [6, 80, 5]
    assert packet[Field.INNER_KIND] == 0


@pytest.mark.parametrize("payload", [b"\x08\0\0\0\0\0\7\1" + ethernet(IP), b"no tunnel" * 9])
def test_udp_to_the_port_of_a_tunnel_may_be_none(payload: bytes) -> None:
    _, packet = decoded(ethernet(ipv4(udp(payload, dport=4789), 17)))
    assert packet[Field.INNER_KIND] == 0


@pytest.mark.parametrize(
    ("frame", "link", "reason"),
    [
        (ethernet(IP), 127, Reason.UNKNOWN_LINK),
        (ethernet(b"\0" * 28, 0x0806), 1, Reason.NOT_IP),
        (ethernet(IP)[:10], 1, Reason.CUT_SHORT),
        (ethernet(IP)[:40], 1, Reason.CUT_SHORT),
        (b"", RAW, Reason.CUT_SHORT),
        (b"\x55" * 40, RAW, Reason.BAD_HEADER),
        (b"\x41" + IP[1:], RAW, Reason.BAD_HEADER),
        (ipv4(tcp(), 6, total=10), RAW, Reason.BAD_HEADER),
        (ipv4(tcp()[:12] + b"\x10" + tcp()[13:], 6), RAW, Reason.BAD_HEADER),
        (ipv4(tcp()[:12] + b"\xf0" + tcp()[13:], 6), RAW, Reason.BAD_HEADER),
        (tagged([0x8100] * MAX_LAYERS), 1, Reason.TOO_MANY_LAYERS),
        (extended([60] * MAX_LAYERS), RAW, Reason.TOO_MANY_LAYERS),
    ],
)
def test_what_is_not_decoded_has_a_reason(frame: bytes, link: int, reason: Reason) -> None:
    assert decoded(frame, link)[0] == reason


def test_a_packet_that_was_captured_in_part_counts_in_full() -> None:
    frame = ethernet(ipv4(tcp("A", b"x" * 1000), 6))[:60]
    reason, packet = decoded(frame)
    assert reason == Reason.DECODED
    assert packet[[Field.PAYLOAD, Field.PAYLOAD_CAPTURED, Field.IP_BYTES]].tolist() == [
        1000,
        6,
        1040,
    ]


def test_bytes_after_the_packet_are_none_of_it() -> None:
    """Ethernet fills short frames up."""
    _, packet = decoded(ethernet(ipv4(udp(b""), 17)) + b"\0" * 18)
    assert packet[[Field.PAYLOAD, Field.PAYLOAD_CAPTURED]].tolist() == [0, 0]


def test_the_type_and_code_of_an_icmp_message_are_its_ports() -> None:
    _, packet = decoded(ethernet(ipv4(icmp(3, 1, b"abc"), 1)))
    fields = [Field.SRC_PORT, Field.DST_PORT, Field.PAYLOAD]
    assert packet[fields].tolist() == [3, 1, 3]


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=120), st.sampled_from([0, 1, 9, 12, 50, 101, 108, 113, 228, 229, 276]))
def test_any_bytes_decode_within_bounds(frame: bytes, link: int) -> None:
    reason, packet = decoded(frame, link)
    if reason == Reason.DECODED:
        assert 0 <= packet[Field.PAYLOAD_CAPTURED] <= len(frame)
        assert packet[Field.PAYLOAD] >= 0

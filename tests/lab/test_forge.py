"""Forged packets are what their names say, down to the checksum."""

from __future__ import annotations

import random
import socket
import struct
from itertools import islice
from unittest.mock import MagicMock

import pytest
from lab.forge import KINDS, MAX_PACKETS, checksum, send

SOURCES, TARGET, PORTS = ["10.9.0.1", "10.9.0.2"], "10.8.0.1", [80, 23]


def some(kind: str, n: int = 100) -> list[bytes]:
    return list(islice(KINDS[kind](SOURCES, TARGET, PORTS, random.Random(1)), n))


def ends(packet: bytes) -> tuple[str, str]:
    return socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])


def span(packet: bytes) -> tuple[int, int, bool]:
    """First and last byte of a fragment, and whether more follow."""
    fragment = struct.unpack("!H", packet[6:8])[0]
    offset = (fragment & 0x1FFF) * 8
    return offset, offset + len(packet) - 20, bool(fragment & 0x2000)


def check_ip(packet: bytes) -> None:
    """Assert that an IPv4 header is right."""
    assert packet[0] == 0x45
    assert struct.unpack("!H", packet[2:4])[0] == len(packet) <= 1_500
    assert checksum(packet[:20]) == 0, "wrong checksum"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_headers_are_right_and_follow_from_the_seed(kind: str) -> None:
    for packet in some(kind):
        check_ip(packet)
    assert some(kind) == some(kind)


def test_a_wrong_header_is_noticed() -> None:
    packet = bytearray(some("land", 1)[0])
    packet[8] ^= 1
    with pytest.raises(AssertionError, match="wrong checksum"):
        check_ip(bytes(packet))


@pytest.mark.parametrize("kind", ["land", "neptune"])
def test_segments_have_the_right_checksum(kind: str) -> None:
    for packet in some(kind):
        pseudo = packet[12:20] + struct.pack("!BBH", 0, 6, len(packet) - 20)
        assert checksum(pseudo + packet[20:]) == 0
        assert packet[33] == 2, "a SYN and nothing else"


def test_land_is_from_its_target() -> None:
    for packet in some("land"):
        assert ends(packet) == (TARGET, TARGET)
        assert packet[20:22] == packet[22:24]


@pytest.mark.parametrize("kind", ["neptune", "teardrop", "smurf", "dns_reflection"])
def test_others_bear_the_addresses_given(kind: str) -> None:
    assert {ends(packet) for packet in some(kind)} == {(source, TARGET) for source in SOURCES}


def test_the_second_fragment_of_teardrop_lies_within_the_first() -> None:
    packets = some("teardrop")
    for first, second in zip(packets[::2], packets[1::2], strict=True):
        (begin, end, more), (inner_begin, inner_end, inner_more) = span(first), span(second)
        assert first[4:6] == second[4:6], "fragments of one packet"
        assert begin < inner_begin < inner_end < end
        assert (more, inner_more) == (True, False)


def test_a_ping_of_death_is_longer_than_a_packet_may_be() -> None:
    spans = [span(packet) for packet in some("ping_of_death", 45)]
    assert [begin for begin, _, _ in spans] == list(range(0, 65_535, 1_480))
    assert spans[-1][1] > 65_535
    assert [more for _, _, more in spans] == [True] * 44 + [False]


def test_never_more_is_sent_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = MagicMock()
    monkeypatch.setattr(socket, "socket", raw)
    packets = KINDS["land"](SOURCES, TARGET, PORTS, random.Random(1))
    send(packets, TARGET, n_packets=10**6, per_s=1e9)
    sendto = raw.return_value.__enter__.return_value.sendto
    assert sendto.call_count == MAX_PACKETS
    assert {call.args[1] for call in sendto.call_args_list} == {(TARGET, 0)}

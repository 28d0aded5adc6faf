"""Packets and captures for tests, byte by byte."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import NamedTuple

ETHERNET = 1
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"


def ethernet(payload: bytes, kind: int = 0x0800) -> bytes:
    return b"\2\0\0\0\0\1\2\0\0\0\0\2" + struct.pack(">H", kind) + payload


def ipv4(
    payload: bytes,
    proto: int,
    *,
    src: str = CLIENT,
    dst: str = SERVER,
    offset: int = 0,
    more: bool = False,
    number: int = 7,
    total: int | None = None,
) -> bytes:
    place = offset // 8 | (0x2000 if more else 0)
    length = 20 + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x45, 0, length, number, place, 64, proto, 0)
    return head + ip_address(src).packed + ip_address(dst).packed + payload


def ipv6(payload: bytes, proto: int, *, src: str = "fe80::1", dst: str = "fe80::2") -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(payload), proto, 64)
    return head + ip_address(src).packed + ip_address(dst).packed + payload


def tcp(
    flags: str = "",
    payload: bytes = b"",
    *,
    sport: int = 40000,
    dport: int = 80,
    seq: int = 0,
    ack: int = 0,
) -> bytes:
    bits = sum(1 << "FSRPAU".index(flag) for flag in flags)
    head = struct.pack(">HHIIBBHHH", sport, dport, seq % 2**32, ack % 2**32, 0x50, bits, 1024, 0, 0)
    return head + payload


def udp(payload: bytes = b"", *, sport: int = 40000, dport: int = 53) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def icmp(kind: int = 8, code: int = 0, payload: bytes = b"") -> bytes:
    return struct.pack(">BBHHH", kind, code, 0, 1, 1) + payload


class Timed(NamedTuple):
    """A frame, and when it was captured."""

    time_s: float
    frame: bytes


def pcap(
    packets: list[Timed], *, order: str = "<", per_s: int = 1_000_000, link: int = ETHERNET
) -> bytes:
    magic = 0xA1B2C3D4 if per_s == 1_000_000 else 0xA1B23C4D
    out = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for time_s, frame in packets:
        seconds, part = int(time_s), round((time_s - int(time_s)) * per_s)
        out += [struct.pack(f"{order}IIII", seconds, part, len(frame), len(frame)), frame]
    return b"".join(out)


def _block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


def section(order: str = "<") -> bytes:
    return _block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str = "<", *, link: int = ETHERNET, resolution: int = 6) -> bytes:
    option = struct.pack(f"{order}HHB3x", 9, 1, resolution)
    return _block(order, 1, struct.pack(f"{order}HHI", link, 0, 0) + option + b"\0\0\0\0")


def enhanced(order: str, packet: Timed, *, number: int = 0, per_s: int = 1_000_000) -> bytes:
    ticks = round(packet.time_s * per_s)
    size = len(packet.frame)
    head = struct.pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, size, size)
    return _block(order, 6, head + packet.frame)


def simple(order: str, frame: bytes) -> bytes:
    return _block(order, 3, struct.pack(f"{order}I", len(frame)) + frame)

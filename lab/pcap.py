"""Just enough of the pcap format to count and to cut what tcpdump wrote here."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

FILE_HEAD = struct.Struct("<IHHiIII")
PACKET_HEAD = struct.Struct("<IIII")
MAGIC, ETHERNET = 0xA1B2C3D4, 1
IPV4, TCP, UDP, ICMP = 0x0800, 6, 17, 1
SNAPLEN = 262_144


class Packet(NamedTuple):
    """A packet as captured; `frame` begins with the Ethernet header."""

    second: int
    microsecond: int
    frame: bytes

    @property
    def time_s(self) -> float:
        """Seconds since 1970."""
        return self.second + self.microsecond / 1e6


class Ends(NamedTuple):
    """Who sent an IPv4 packet to whom; ports are 0 where there are none, as in later fragments."""

    protocol: int
    source: str
    source_port: int
    target: str
    target_port: int

    @property
    def conversation(self) -> Ends:
        """The same for both directions."""
        swapped = Ends(self.protocol, self.target, self.target_port, self.source, self.source_port)
        return min(self, swapped)


def read_packets(path: Path) -> Iterator[Packet]:
    """All packets of a little-endian microsecond pcap file of Ethernet.

    Raises:
        ValueError: a file of another kind, or one that is cut short.
    """
    with path.open("rb") as file:
        head = file.read(FILE_HEAD.size)
        if len(head) < FILE_HEAD.size or FILE_HEAD.unpack(head)[0] != MAGIC:
            raise ValueError(f"{path}: expected a pcap file of tcpdump's, received {head[:4]!r}")
        while head := file.read(PACKET_HEAD.size):
            if len(head) < PACKET_HEAD.size:
                raise ValueError(f"{path}: expected whole packets, received a file cut short")
            second, microsecond, n_bytes, _ = PACKET_HEAD.unpack(head)
            frame = file.read(n_bytes)
            if len(frame) < n_bytes:
                raise ValueError(f"{path}: expected whole packets, received a file cut short")
            yield Packet(second, microsecond, frame)


def write_packets(path: Path, packets: Iterable[Packet]) -> None:
    """Write packets, which are whole, as tcpdump would."""
    with path.open("wb") as file:
        file.write(FILE_HEAD.pack(MAGIC, 2, 4, 0, 0, SNAPLEN, ETHERNET))
        for packet in packets:
            size = len(packet.frame)
            file.write(PACKET_HEAD.pack(packet.second, packet.microsecond, size, size))
            file.write(packet.frame)


def ends_of(frame: bytes) -> Ends | None:
    """The ends of an IPv4 packet; None for all other frames."""
    if len(frame) < 34 or int.from_bytes(frame[12:14], "big") != IPV4:
        return None
    at = 14 + (frame[14] & 0x0F) * 4
    protocol = frame[23]
    source, target = (".".join(map(str, frame[i : i + 4])) for i in (26, 30))
    is_later_fragment = int.from_bytes(frame[20:22], "big") & 0x1FFF
    if is_later_fragment or len(frame) < at + 8:
        return Ends(protocol, source, 0, target, 0)
    if protocol in (TCP, UDP):
        source_port, target_port = struct.unpack("!HH", frame[at : at + 4])
        return Ends(protocol, source, source_port, target, target_port)
    if protocol == ICMP and frame[at] in (0, 8, 13, 14, 17, 18):
        number = int.from_bytes(frame[at + 4 : at + 6], "big")
        return Ends(protocol, source, number, target, number)
    return Ends(protocol, source, 0, target, 0)

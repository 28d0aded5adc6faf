"""What a capture holds of each kind. A second opinion: none of the package's readers is used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lab.labels import Labels
from lab.pcap import Ends, ends_of, read_packets

OTHER = "not IPv4"
"""Stands for ARP and the like, which have no address to be labelled by."""


@dataclass(slots=True)
class Counts:
    """How much there is of each kind.

    Attributes:
        packets: by kind.
        bytes: the same in bytes on the wire.
        connections: pairs of ends, ports included, by kind; echo requests of one number are one.
        services: normal connections by protocol and lower port, such as "6/80".
        first_s: time of the first packet of each kind, seconds since 1970.
        last_s: time of the last one.
    """

    packets: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    connections: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)
    first_s: dict[str, float] = field(default_factory=dict)
    last_s: dict[str, float] = field(default_factory=dict)


def count_kinds(path: Path, labels: Labels) -> Counts:
    """Count packets, bytes and connections of each kind."""
    counts = Counts()
    kinds: dict[Ends, str] = {}
    for packet in read_packets(path):
        ends = ends_of(packet.frame)
        kind = OTHER
        if ends is not None:
            conversation = ends.conversation
            known = kinds.get(conversation)
            kind = known or labels.of(ends.source, ends.target)
            if known is None:
                kinds[conversation] = kind
                counts.connections[kind] += 1
                if kind == "normal":
                    lower = min(ends.source_port, ends.target_port)
                    counts.services[f"{ends.protocol}/{lower if ends.protocol != 1 else 0}"] += 1
        counts.packets[kind] += 1
        counts.bytes[kind] += len(packet.frame)
        counts.first_s.setdefault(kind, packet.time_s)
        counts.last_s[kind] = packet.time_s
    return counts

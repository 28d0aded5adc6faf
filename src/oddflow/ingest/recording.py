"""Connections of any recording: a capture, a log of Zeek, events of Suricata, or NetFlow.

What a file is, its first bytes say and not its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from oddflow.core.connection import Connections
from oddflow.core.errors import InputError
from oddflow.ingest.log_lines import is_eve_line
from oddflow.ingest.netflow import read_netflow
from oddflow.ingest.pcap import DECODED, Captured, FlowSettings, read_pcap
from oddflow.ingest.reading import Read
from oddflow.ingest.source import open_stream, read_piece
from oddflow.ingest.suricata import read_eve
from oddflow.ingest.zeek import read_zeek

HEAD_BYTES = 1 << 16
"""Bytes that tell what a file is."""


class Kind(StrEnum):
    """What a recording is."""

    CAPTURE = "capture"
    ZEEK = "Zeek log"
    EVE = "Suricata events"
    NETFLOW = "NetFlow"
    OTHER = "none of these"


@dataclass(frozen=True, eq=False, slots=True)
class Portion:
    """Some connections of a recording, in its order.

    Attributes:
        connections: may be none.
        n_units: packets of a capture, or records of a log, that were read for them.
        skipped: reason -> units that could not be used.
        n_evicted: connections of packets that were ended early for want of room.
    """

    connections: Connections
    n_units: int
    skipped: Mapping[str, int]
    n_evicted: int = 0


_CAPTURES = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_NETFLOW_VERSIONS = (b"\x00\x05", b"\x00\x09", b"\x00\x0a")


def kind_of(path: str | Path) -> Kind:
    """What a file is; a folder is one of Zeek's logs.

    Raises:
        InputError: it cannot be read.
        MalformedInput: a damaged archive.
    """
    if Path(path).is_dir():
        return Kind.ZEEK
    with open_stream(path) as stream:
        head = read_piece(stream, path, HEAD_BYTES)
    if head[:4] in (*_CAPTURES, _PCAPNG):
        return Kind.CAPTURE
    if head[:2] in _NETFLOW_VERSIONS:
        return Kind.NETFLOW
    if head.lstrip().startswith(b"{"):
        first = head.lstrip().split(b"\n", 1)[0]
        return Kind.EVE if is_eve_line(first) else Kind.ZEEK
    is_zeek = head.startswith(b"#") and b"#fields" in head
    return Kind.ZEEK if is_zeek else Kind.OTHER


def read_recording(path: str | Path, settings: FlowSettings | None = None) -> Iterator[Portion]:
    """The connections of a recording, in its order and in bounded memory.

    Args:
        path: a file, plain or packed, or a folder of rotated logs of Zeek.
        settings: how packets become connections.

    Raises:
        InputError: it cannot be read, or is nothing that can be read here.
        MalformedInput: nothing in it is right.
        MissingExtra: it is NetFlow, and the library that reads it is not installed.
    """
    match kind_of(path):
        case Kind.CAPTURE:
            yield from map(portion_of, read_pcap(path, settings))
        case Kind.ZEEK:
            yield from map(_portion, read_zeek(path))
        case Kind.EVE:
            yield from map(_portion, read_eve(path))
        case Kind.NETFLOW:
            yield from map(_portion, read_netflow(path))
        case _:
            raise InputError(
                f"{path}: expected a capture (pcap, pcapng), a conn.log of Zeek, eve.json of "
                "Suricata or NetFlow messages, plain or packed, received something else"
            )


def portion_of(captured: Captured) -> Portion:
    """What some packets have brought, packets that were not used counted apart."""
    skipped = {why: n for why, n in captured.packets.items() if why != DECODED}
    n_packets = sum(captured.packets.values())
    return Portion(captured.connections, n_packets, skipped, captured.n_evicted)


def _portion(read: Read) -> Portion:
    return Portion(read.connections, read.n_records, read.skipped)

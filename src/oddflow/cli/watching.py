"""Where `oddflow watch` takes connections from: an interface, a growing log, or a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from oddflow.core.errors import InputError
from oddflow.ingest.follow import Followed, follow
from oddflow.ingest.live import live_connections
from oddflow.ingest.log_file import parsed
from oddflow.ingest.log_lines import LogState, parse_log
from oddflow.ingest.pcap import DECODED
from oddflow.ingest.recording import Portion
from oddflow.ingest.ring import open_ring
from oddflow.ingest.tail import Place
from oddflow.ingest.unix_socket import line_socket

IsOver = Callable[[], bool]
DROPPED = "packet dropped by the kernel"
"""Key in `Portion.skipped`."""
WAIT_S = 0.2


def from_interface(name: str, is_over: IsOver, *, is_promiscuous: bool) -> Iterator[Portion]:
    """Connections of an interface; packets that the kernel dropped are skipped units.

    Raises:
        InputError: there is no such interface.
        LiveError: it may not be listened to, or is gone.
    """
    with open_ring(name, is_promiscuous=is_promiscuous) as ring:
        n_dropped = 0
        for captured in live_connections(ring, is_over=is_over):
            skipped = {why: n for why, n in captured.packets.items() if why != DECODED}
            now_dropped = ring.drops().dropped
            skipped[DROPPED] = now_dropped - n_dropped
            n_dropped = now_dropped
            yield Portion(captured.connections, sum(captured.packets.values()), skipped)


def from_log(path: Path, is_over: IsOver) -> Iterator[Portion]:
    """Connections of a log of Zeek or Suricata, from its beginning and then as it grows.

    Raises:
        InputError: the log is there and cannot be read.
    """
    if path.is_dir():
        raise InputError(f"{path}: expected a log, received a folder; give the current conn.log")
    start = Followed(Place(), LogState())
    for _, read in follow(path, parse_log, start, wait_s=WAIT_S, is_over=is_over):
        yield Portion(read.connections, read.n_records, read.skipped)


def from_socket(path: Path, is_over: IsOver) -> Iterator[Portion]:
    """Connections that a sensor writes into a socket that is made here.

    Raises:
        InputError: the socket cannot be made.
    """
    state = LogState()
    with line_socket(path) as source:
        while not is_over():
            for lines in source.lines(wait_s=WAIT_S):
                state, reads = parsed(parse_log, state, lines)
                for read in reads:
                    yield Portion(read.connections, read.n_records, read.skipped)

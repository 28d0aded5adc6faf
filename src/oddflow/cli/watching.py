"""Where `oddflow watch` takes connections from: an interface, a growing log, or sockets."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from oddflow.cli.recordings import Tally, alerts
from oddflow.core.connection import N_CONTENT, Connection, Connections
from oddflow.core.errors import InputError
from oddflow.ingest.ahead import read_ahead
from oddflow.ingest.follow import Followed, follow
from oddflow.ingest.live import live_connections
from oddflow.ingest.log_file import parsed
from oddflow.ingest.log_lines import LogState, parse_log
from oddflow.ingest.netflow import parse_messages
from oddflow.ingest.netflow_records import Templates, library
from oddflow.ingest.recording import Portion, portion_of
from oddflow.ingest.ring import Ring, open_ring
from oddflow.ingest.tail import Place
from oddflow.ingest.udp_socket import udp_socket
from oddflow.ingest.unix_socket import line_socket

if TYPE_CHECKING:
    from oddflow.core.verdicts import Threshold
    from oddflow.detect.bundle import Bundle
    from oddflow.detect.sequence_bundle import SequenceBundle

IsOver = Callable[[], bool]
DROPPED = "packet dropped by the kernel"
DATAGRAM_DROPPED = "datagram dropped by the kernel"
"""Keys in `Portion.skipped`."""
WAIT_S = 0.2
TURN_S = 0.0002
"""Of a thread of Python, while another waits."""
MAX_AHEAD = 1 << 18
"""Connections of an interface that wait to be scored, of some 300 bytes each."""
_LAST_LOOKS = 8
"""When it is over, at what has come by then: 8,192 datagrams, or 8 MiB of a writer's lines."""


def from_interface(
    name: str, is_over: IsOver, *, is_promiscuous: bool, n_blocks: int
) -> Generator[Portion]:
    """Connections of an interface; packets that the kernel dropped are skipped units.

    They are read by a thread of its own: while connections are scored, packets are not left waiting
    for longer than the ring holds.

    Raises:
        InputError: there is no such interface, or such a ring.
        LiveError: it may not be listened to, or is gone.
    """
    with (
        open_ring(name, is_promiscuous=is_promiscuous, n_blocks=n_blocks) as ring,
        _short_turns(),
    ):
        yield from read_ahead(
            _portions(ring, is_over),
            size_of=lambda portion: len(portion.connections),
            max_size=MAX_AHEAD,
        )


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let the thread that reads packets have its turn soon: it gives it up at each compiled call.

    With Python's own 5 ms, several times a block, it falls behind while the other computes.
    """
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)


def _portions(ring: Ring, is_over: IsOver) -> Generator[Portion]:
    n_dropped = 0
    for captured in live_connections(ring, is_over=is_over):
        portion, now_dropped = portion_of(captured), ring.drops().dropped
        yield replace(portion, skipped={**portion.skipped, DROPPED: now_dropped - n_dropped})
        n_dropped = now_dropped


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
    """Connections that sensors write into a socket that is made here, each its own kind of log.

    Raises:
        InputError: the socket cannot be made.
    """
    states: dict[int, LogState] = {}
    with line_socket(path) as source:
        for wait_s in _looks(is_over):
            for written in source.lines(wait_s=wait_s):
                before = states.pop(written.writer, LogState())
                state, reads = parsed(parse_log, before, written.lines)
                if not written.is_last:
                    states[written.writer] = state
                for read in reads:
                    yield Portion(read.connections, read.n_records, read.skipped)


def from_exporters(host: str, port: int, is_over: IsOver) -> Iterator[Portion]:
    """Connections that exporters of NetFlow send to a port that is bound here.

    Datagrams that the kernel had no room for are skipped units.

    Raises:
        InputError: the port cannot be bound.
        MissingExtra: `netflume` is not installed.
    """
    library()
    templates, n_dropped = Templates(), 0
    with udp_socket(host, port) as source:
        for wait_s in _looks(is_over):
            for read in parse_messages(source.datagrams(wait_s=wait_s), templates):
                yield Portion(read.connections, read.n_records, read.skipped)
            if source.n_dropped != n_dropped:
                skipped = {DATAGRAM_DROPPED: source.n_dropped - n_dropped}
                yield Portion(Connections.of([]), 0, skipped)
                n_dropped = source.n_dropped


def warm_up_scoring(bundle: Bundle | SequenceBundle, threshold: Threshold) -> None:
    """Compile and load what alerts need, before packets come that would be dropped meanwhile.

    Raises:
        InputError: as `recordings.alerts`.
    """
    made_up = Connection(
        start_s=0.0,
        orig_h="192.0.2.1",
        orig_p=40_000,
        resp_h="192.0.2.2",
        resp_p=80,
        proto="tcp",
        conn_state="SF",
        content=(0.0,) * N_CONTENT,
    )
    portion = Portion(Connections.of([made_up]), 1, {})
    always = replace(threshold, value=-math.inf)
    for _ in alerts([portion], bundle, always, Tally(), n_causes=1):
        pass


def _looks(is_over: IsOver) -> Iterator[float]:
    """For how long to wait for what comes, look by look."""
    while not is_over():
        yield WAIT_S
    for _ in range(_LAST_LOOKS):
        yield 0.0

"""An interface as connections: nothing that came is lost, whatever ends it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from benchmarks.ring import measure
from benchmarks.wire import END, Wire, ip, wire

from oddflow.core.connection import Connection
from oddflow.ingest.fields import Data
from oddflow.ingest.framing import Frames, Place
from oddflow.ingest.live import live_connections, warm_up
from oddflow.ingest.pcap import Captured
from oddflow.ingest.ring import LiveError, Ring
from tests.ingest.frames import CLIENT, ETHERNET, SERVER, ethernet, ipv4, udp

ROOT = Path(__file__).parents[2]
GONE = "the interface is gone"


def question(port: int) -> bytes:
    return ethernet(ipv4(udp(b"?", sport=port), 17))


def answer(port: int) -> bytes:
    return ethernet(ipv4(udp(b"!", sport=53, dport=port), 17, src=SERVER, dst=CLIENT))


class Played:
    """A ring that gives what it was given: blocks of packets, None for silence, or an error."""

    n_blocks = 4

    def __init__(self, *blocks: list[tuple[float, bytes]] | LiveError | None) -> None:
        self._blocks = iter(blocks)
        self.n_out = 0

    def read(self, _timeout_s: float) -> tuple[Data, Frames] | None:
        assert not self.n_out, "a block was not given back"
        block = next(self._blocks, None)
        if isinstance(block, LiveError):
            raise block
        if block is None:
            return None
        self.n_out += 1
        data = np.frombuffer(b"".join(frame for _, frame in block), dtype=np.uint8).copy()
        ends = np.cumsum([len(frame) for _, frame in block])
        frames = np.empty((len(block), len(Place)), dtype=np.int64)
        frames[:, Place.START] = ends - [len(frame) for _, frame in block]
        frames[:, Place.END] = ends
        frames[:, Place.TIME_NS] = [round(time_s * 1e9) for time_s, _ in block]
        frames[:, Place.LINK] = ETHERNET
        return data, frames

    def release(self) -> None:
        self.n_out -= 1


def played(
    *blocks: list[tuple[float, bytes]] | LiveError | None, n_looks: int
) -> Iterator[Captured]:
    """What comes of a ring; it is over after so many looks."""
    looks = iter(range(n_looks))
    return live_connections(
        cast("Ring", Played(*blocks)), is_over=lambda: next(looks, None) is None
    )


def connections(captured: list[Captured]) -> list[Connection]:
    return [one.connections.record(i) for one in captured for i in range(len(one.connections))]


def test_who_was_open_when_the_interface_went_is_told_before_the_error() -> None:
    now_s = time.time()
    came = played(
        [(now_s - 1, question(1000))],
        LiveError(GONE),
        [(now_s - 0.5, answer(1000)), (now_s - 0.4, question(1001))],
        n_looks=9,
    )
    seen: list[Captured] = []
    with pytest.raises(LiveError, match=GONE):
        seen += came  # what was yielded before the error stays
    assert [(one.orig_p, one.conn_state) for one in connections(seen)] == [
        (1000, "SF"),
        (1001, "S0"),
    ]


def test_what_lies_in_the_ring_when_it_is_over_is_seen() -> None:
    now_s = time.time()
    blocks = [[(now_s - 1 + i / 10, question(1000 + i))] for i in range(3)]
    found = connections([*played(*blocks, n_looks=1)])
    assert [one.orig_p for one in found] == [1000, 1001, 1002]


def test_but_not_for_ever() -> None:
    ahead_s = time.time() + 60
    found = connections([*played(*[[(ahead_s, question(1000 + i))] for i in range(9)], n_looks=1)])
    assert len(found) == 2
    past_s = time.time() - 60
    found = connections([*played(*[[(past_s, question(1000 + i))] for i in range(9)], n_looks=1)])
    assert len(found) == 1 + Played.n_blocks


def test_times_are_those_of_the_packets() -> None:
    """Also where a block is looked at when another has begun, or after a silence."""
    now_s = time.time()
    times = [now_s - 0.09, now_s - 0.07, now_s - 0.05]
    came = played(
        [(times[0], question(1000))],
        [(times[1], answer(1000))],
        None,
        [(times[2], question(1000))],
        n_looks=4,
    )
    (found,) = connections([*came])
    assert found.start_s == pytest.approx(times[0], abs=1e-6)
    assert found.duration_s == pytest.approx(0.04, abs=1e-6)


def test_time_goes_on_in_silence() -> None:
    came = played([(time.time() - 61, question(1000))], None, n_looks=2)
    before_the_end = [next(came), next(came)]
    assert [one.orig_p for one in connections(before_the_end)] == [1000]


@pytest.fixture(scope="module")
def ends() -> Iterator[Wire]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    try:
        with wire() as made:
            yield made
    except RuntimeError as error:
        pytest.skip(f"this machine makes no network namespaces: {error}")


def test_all_that_is_sent_over_a_wire_is_seen_and_decoded(ends: Wire) -> None:
    ran = measure(ends, packets_per_s=4000, seconds=1.5)
    assert (ran.sent, ran.seen, ran.decoded, ran.dropped, ran.others) == (6000, 6000, 6000, 0, 0)
    assert ran.is_whole
    assert ran.connections > 100
    assert not ran._replace(seen=ran.seen + 1, dropped=1).is_whole
    assert not ran._replace(decoded=ran.decoded - 1).is_whole


LISTEN = """
import sys
from oddflow.ingest.live import live_connections, warm_up
from oddflow.ingest.pcap import DECODED
from oddflow.ingest.ring import LiveError, open_ring

warm_up()
n_packets = n_connections = 0
with open_ring("wire0") as ring:
    print("ready", flush=True)
    try:
        for captured in live_connections(ring):
            n_packets += captured.packets.get(DECODED, 0)
            n_connections += len(captured.connections)
    except LiveError as error:
        print(n_packets, n_connections, error, flush=True)
"""


def test_an_interface_that_goes_down_is_told_after_its_connections(ends: Wire) -> None:
    send = f"from benchmarks.traffic import *; Sender({END!r}, one_round()).run(10_000, 0.1)"
    listening = ("ip", "netns", "exec", ends.far, sys.executable, "-c", LISTEN)
    with subprocess.Popen(listening, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            inside = ("ip", "netns", "exec", ends.near, sys.executable, "-c", send)
            subprocess.run(inside, check=True, cwd=ROOT)
            ip("-n", ends.far, "link", "set", END, "down")
            n_packets, n_connections, error = process.stdout.readline().split(maxsplit=2)
        finally:
            process.kill()
            ip("-n", ends.far, "link", "set", END, "up")
    assert int(n_packets) == 1000
    assert int(n_connections) > 10
    assert GONE in error


def test_nothing_is_compiled_when_packets_come() -> None:
    """What is compiled while packets come makes the kernel drop them."""
    from oddflow.ingest import ended, flows, ring

    warm_up()
    functions: tuple[Any, ...] = (
        flows.see,
        flows.pass_time,
        flows.finish,
        ring.frame_block,
        ended._payload,
    )
    before = [len(function.signatures) for function in functions]
    assert all(before)
    now_s = time.time()
    found = connections([*played([(now_s, question(1000)), (now_s, answer(1000))], n_looks=2)])
    assert len(found) == 1
    assert [len(function.signatures) for function in functions] == before

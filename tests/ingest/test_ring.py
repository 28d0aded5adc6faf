"""The ring of an interface: loopback, on which this test alone knows what it sends."""

from __future__ import annotations

import os
import socket
import time

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.ingest import ring as ring_module
from oddflow.ingest.framing import Place
from oddflow.ingest.live import live_connections, warm_up
from oddflow.ingest.ring import LiveError, Ring, frame_block, open_ring

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="listening needs CAP_NET_RAW")
MARK = b"oddflow test, packet %06d"
PORT = 39_731


def send(n: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for i in range(n):
            sender.sendto(MARK % i, ("127.0.0.1", PORT))


def marked(ring: Ring, n: int) -> list[bytes]:
    """Payloads of our packets, until there are n or nothing has come for a second."""
    found: list[bytes] = []
    last_s = time.monotonic()
    while len(found) < n and time.monotonic() - last_s < 1:
        block = ring.read(0.1)
        if block is None:
            continue
        data, frames = block
        for start, end in frames[:, [Place.START, Place.END]].tolist():
            frame = data[start:end].tobytes()
            if b"oddflow test, packet" in frame and frame[23:24] == b"\x11":
                found.append(frame[-len(MARK % 0) :])
                last_s = time.monotonic()
        ring.release()
    return found


@needs_root
def test_every_packet_comes_once_and_in_order() -> None:
    n = 30_000  # more than one round of the ring
    with open_ring("lo") as ring:
        found: list[bytes] = []
        for _ in range(n // 1000):
            send(1000)
            found += marked(ring, 1000)
        assert found[:1000] == [MARK % i for i in range(1000)]
        assert found == [MARK % (i % 1000) for i in range(n)]
        assert ring.drops().dropped == 0
        assert ring.drops().seen >= n


@needs_root
def test_what_does_not_fit_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring_module, "BLOCK_BYTES", 1 << 13)
    with open_ring("lo", n_blocks=2) as ring:
        send(2000)
        time.sleep(0.1)
        drops = ring.drops()
        n_found = len(marked(ring, 2000))
        assert 0 < n_found < 2000
        assert drops.dropped >= 2000 - n_found
        assert drops.seen >= 2000


@needs_root
def test_time_passes_without_packets() -> None:
    """A connection whose time is over ends by the clock."""
    warm_up()
    with open_ring("lo") as ring:
        end_s = time.monotonic() + 0.5
        n = sum(1 for _ in live_connections(ring, is_over=lambda: time.monotonic() > end_s))
    assert n >= 3


def test_an_interface_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="one of the interfaces"), open_ring("none"):
        pass


@pytest.mark.parametrize("n_blocks", [1, 4097])
def test_the_size_of_a_ring_is_bounded(n_blocks: int) -> None:
    with (
        pytest.raises(InputError, match="2 to 4,096 blocks"),
        open_ring("lo", n_blocks=n_blocks),
    ):
        pass


def test_who_may_not_listen_is_told_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("oddflow.ingest.ring.socket.socket", refuse)
    with pytest.raises(LiveError, match="CAP_NET_RAW"), open_ring("lo"):
        pass


def test_a_block_says_where_its_packets_are() -> None:
    block = np.zeros(256, dtype=np.uint8)
    block[12], block[16] = 2, 48  # packets, and where the first is
    for at, following, second in ((48, 64, 5), (112, 0, 6)):
        header = block[at : at + 64]
        header[0], header[4], header[8], header[12], header[24] = following, second, 7, 10, 32
    frames = np.zeros((4, len(Place)), dtype=np.int64)
    assert frame_block(block, 0, 1, frames) == 2
    assert frames[:2].tolist() == [
        [80, 90, 5_000_000_007, 1],
        [144, 154, 6_000_000_007, 1],
    ]
    assert frame_block(block, 0, 1, frames[:1]) == 1

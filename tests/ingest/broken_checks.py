"""Checks that break in every way that `tests.ingest.workers` must notice; run in its processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.ingest.workers import Check

N = 12
"""Inputs of which those below break something."""


def _raise() -> None:
    counts = {"decoded": 1}
    counts["no packet like this"] += 1


def _miscount() -> None:
    n_packets, n_decoded, n_skipped = 10, 7, 2
    assert n_packets == n_decoded + n_skipped, (n_packets, n_decoded, n_skipped)


def _loop() -> None:
    while True:
        pass


def _wait() -> None:
    time.sleep(1000)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _leave() -> None:
    os._exit(3)


def _allocate() -> None:
    np.ones(180_000_000, dtype=np.uint8)


def _allocate_without_end() -> None:
    np.ones(1 << 40, dtype=np.uint8)


BREAKS: dict[int, tuple[Callable[[], None], str]] = {
    1: (_raise, "KeyError"),
    2: (_miscount, "AssertionError: (10, 7, 2) (broken_checks.py"),
    3: (_loop, "no end within 0.5 s"),
    4: (_wait, "no end within"),
    6: (_allocate, "MB"),
    7: (_die, "the worker ended with code -11"),
    9: (_allocate_without_end, "MemoryError"),
    11: (_leave, "the worker ended with code 3"),
}
"""Number of an input -> what it does, and a part of what must be said of it."""


def prepare(_: int, __: Path) -> Check:
    """A check that is right but for the numbers in `BREAKS`."""

    def check(number: int) -> str:
        if number in BREAKS:
            BREAKS[number][0]()
        return "read"

    return check


def prepare_right(seed: int, folder: Path) -> Check:
    """A check that finds nothing, and keeps what it was asked for."""

    def check(number: int) -> str:
        (folder / f"{seed} {number}").touch()
        return "refused" if number % 2 else "read"

    return check


def prepare_outside_an_array(_: int, __: Path) -> Check:
    """Compiled code that reads behind an array where the number is 1."""
    from oddflow.core.compiled import compiled

    def read_at(data: np.ndarray[tuple[int], np.dtype[np.int64]], at: int) -> int:
        return int(data[at])

    compiled_read = compiled(read_at)
    data = np.zeros(8, dtype=np.int64)
    compiled_read(data, 0)

    def check(number: int) -> str:
        compiled_read(data, 8 * number)
        return "read"

    return check


def prepare_nothing(_: int, __: Path) -> Check:
    """Cannot be prepared."""
    raise FileNotFoundError("captures")

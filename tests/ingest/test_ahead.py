"""What is read in another thread comes whole and in order, and not without bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from oddflow.core.errors import InputError
from oddflow.ingest.ahead import read_ahead

PATIENCE_S = 10.0


class Source:
    """Numbers, and what became of who gives them."""

    def __init__(self, n: int, error: Exception | None = None) -> None:
        self.n, self.error = n, error
        self.n_given = 0
        self.is_closed = False
        self.thread: threading.Thread | None = None

    def items(self) -> Generator[int]:
        self.thread = threading.current_thread()
        try:
            for i in range(self.n):
                self.n_given += 1
                yield i
            if self.error is not None:
                raise self.error
        finally:
            self.is_closed = True


def test_all_comes_in_order_from_another_thread() -> None:
    source = Source(10_000)
    assert [*read_ahead(source.items(), size_of=lambda _: 1, max_size=7)] == [*range(10_000)]
    assert source.thread is not threading.current_thread()
    assert source.is_closed


def test_it_goes_on_while_nobody_takes_but_not_without_bounds() -> None:
    source = Source(1000)
    taken = read_ahead(source.items(), size_of=lambda _: 10, max_size=100)
    assert next(taken) == 0
    end_s = time.monotonic() + PATIENCE_S
    while source.n_given < 13 and time.monotonic() < end_s:
        time.sleep(0.01)
    time.sleep(0.05)
    assert source.n_given == 13  # one taken, eleven of size 10 read, and one waits for room
    assert [*taken] == [*range(1, 1000)]


def test_an_error_comes_after_what_was_before_it() -> None:
    seen: list[int] = []
    source = Source(5, InputError("broken"))
    with pytest.raises(InputError, match="broken"):
        seen += read_ahead(source.items(), size_of=lambda _: 1, max_size=100)
    assert seen == [*range(5)]


def test_who_leaves_early_ends_the_source() -> None:
    source = Source(1000)
    taken = read_ahead(source.items(), size_of=lambda _: 1, max_size=2)
    assert next(taken) == 0
    taken.close()
    assert source.is_closed
    assert source.thread is not None
    assert not source.thread.is_alive()

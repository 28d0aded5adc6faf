"""Commands that run until somebody stops them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_stopped(seconds: float | None) -> Iterator[Callable[[], bool]]:
    """A function that says whether it is time to stop: the time is over, or a signal has come.

    SIGINT and SIGTERM ask for an orderly end, with nothing lost; a second one ends at once.
    """
    end_s = None if seconds is None else time.monotonic() + seconds
    is_asked = False

    def ask(number: int, _frame: FrameType | None) -> None:
        nonlocal is_asked
        if is_asked:
            raise KeyboardInterrupt(number)
        is_asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: is_asked or (end_s is not None and time.monotonic() >= end_s)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""A log that grows, as connections, for as long as somebody wants them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from oddflow.ingest.log_file import parsed
from oddflow.ingest.reading import Parser, Read, nothing_but
from oddflow.ingest.tail import Place, Tail

LOST = "log lost in rotation"
"""Counts logs, not records: their number is not known."""

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Followed(Generic[S]):
    """A checkpoint: how far a log was read, and what its parser knew there. Plain values.

    Attributes:
        place: in the log.
        state: of the parser, such as the header of a Zeek log.
    """

    place: Place
    state: S


def follow(
    path: str | Path,
    parse: Parser[S],
    start: Followed[S],
    *,
    wait_s: float = 1.0,
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Followed[S], Read]]:
    """The records of a log as they are written, each with a checkpoint.

    Who starts again at a checkpoint misses nothing behind it; what was read in one step with others
    has the checkpoint before them all, but for the last.

    Args:
        path: of the log, which need not be there yet.
        parse: what turns lines into records, as `zeek.parse_zeek`.
        start: where to begin; with `Place()`, at the beginning of the log.
        wait_s: seconds to wait when there is nothing to read.
        is_over: asked after each step, whether or not there is more to read; True ends it.

    Raises:
        InputError: the log is there and cannot be read.
    """
    reached = start
    with Tail(path) as tail:
        while True:
            place, tailed = tail.step(reached.place)
            state, reads = parsed(parse, reached.state, tailed.lines)
            before, reached = reached, Followed(place, state)
            reads = [*nothing_but({LOST: tailed.n_lost}), *reads]
            for n_left, read in enumerate(reads, start=1 - len(reads)):
                yield (before if n_left else reached), read
            if is_over():
                return
            if tailed.is_idle:
                time.sleep(wait_s)

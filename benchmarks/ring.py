"""`python -m benchmarks.ring`: how many packets a second an interface is listened to without loss.

A sender in one network namespace, a listener in another, a wire between them; nothing of the
machine's own network is touched. Needs Linux, root and iproute2.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from rich.console import Console
from rich.table import Table

from benchmarks.wire import Wire, wire
from oddflow.ingest.ring import N_BLOCKS

ROOT = Path(__file__).parents[1]
PATIENCE_S = 300.0
SENT_SHARE = 0.98
"""Of a rate, below which it was not reached."""
STEP = 100_000
"""Packets a second by which the rate is raised while the highest one is looked for."""
N_TRIES = 3
"""At each rate, since other programs may have kept the sender or the listener from their core."""


class Run(NamedTuple):
    """What was sent over the wire, and what became of it.

    Attributes:
        rate: packets sent a second.
        sent: packets.
        seen: that arrived at the ring, dropped ones included, as the kernel counts them.
        dropped: by the kernel, for want of room in the ring.
        decoded: packets that the connection table got.
        others: packets that could not be decoded.
        connections: that were made of them.
        cpu: share of one core that the listener took while it was sent.
        evicted: connections that ended early because the table was full; None if not told.
        longest_s: between two times that the listener looked up.
        alerts: on connections; None if they were not scored.
    """

    rate: float
    sent: int
    seen: int
    dropped: int
    decoded: int
    others: int
    connections: int
    cpu: float
    evicted: int | None = None
    longest_s: float | None = None
    alerts: int | None = None

    @property
    def is_whole(self) -> bool:
        """True if all that was sent was seen and decoded."""
        return self.sent == self.seen == self.decoded and not self.dropped


def measure(
    ends: Wire,
    packets_per_s: float,
    seconds: float,
    *,
    n_blocks: int = N_BLOCKS,
    model: Path | None = None,
) -> Run:
    """Send at a rate for some seconds while somebody listens.

    Args:
        ends: of the wire.
        packets_per_s: the rate.
        seconds: for so long.
        n_blocks: size of the ring.
        model: have `oddflow watch` score connections with it; None to make them, no more.

    Raises:
        RuntimeError: a process ended without an answer.
    """
    who = ("ring_receiver", n_blocks) if model is None else ("ring_watcher", n_blocks, model)
    with _started(ends.far, *who) as listener:
        listener.answer()
        with _started(ends.near, "ring_sender", packets_per_s, seconds) as sender:
            sent = sender.answer()
        listener.end()
        seen = listener.answer()
    return Run(
        rate=sent["sent"] / sent["seconds"],
        sent=sent["sent"],
        cpu=seen["cpu_s"] / sent["seconds"],
        **{name: seen[name] for name in Run._fields if name in seen},
    )


class _Process(NamedTuple):
    """A process, what it is told and what it says."""

    name: str
    told: IO[str]
    says: IO[str]

    def answer(self) -> dict[str, Any]:
        line = self.says.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended without an answer")
        return dict(json.loads(line))

    def end(self) -> None:
        self.told.close()


@contextmanager
def _started(namespace: str, *command: object) -> Iterator[_Process]:
    """A process in a namespace; it is ended if it does not end by itself."""
    inside = ("ip", "netns", "exec", namespace)
    with subprocess.Popen(
        [*inside, sys.executable, "-m", f"benchmarks.{command[0]}", *map(str, command[1:])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,  # of its own, as a service: Linux shares cores by sessions
        text=True,
    ) as process:
        try:
            told, says = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
            yield _Process(str(command[0]), told, says)
            process.wait(PATIENCE_S)
        finally:
            with suppress(ProcessLookupError):  # it has ended, and all that it started
                os.killpg(process.pid, signal.SIGKILL)


def highest(how: Callable[[float], Run], first: float) -> list[Run]:
    """Runs at higher and higher rates up to the first that is not whole, or cannot be reached."""
    runs: list[Run] = []
    rate = first
    while True:
        for _ in range(N_TRIES):
            runs.append(how(rate))
            if runs[-1].is_whole and runs[-1].rate > SENT_SHARE * rate:
                break
        else:
            return runs
        rate += STEP


def table_of(runs: list[Run]) -> Table:
    """The runs as a table."""
    columns = [name for name in Run._fields if any(getattr(run, name) is not None for run in runs)]
    table = Table(*columns)
    for run in runs:
        cells = [
            f"{getattr(run, name):{',.2f' if name in ('cpu', 'longest_s') else ',.0f'}}"
            for name in columns
        ]
        table.add_row(*cells, style=None if run.is_whole else "red")
    return table


def main() -> None:
    """Measure at one rate, or look for the highest."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ring", description=__doc__)
    parser.add_argument("--rate", type=float, default=300_000, help="packets a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ring-mib", type=int, default=N_BLOCKS, help="size of the ring")
    parser.add_argument(
        "--watch", type=Path, metavar="MODEL", help="score the connections too, by `oddflow watch`"
    )
    parser.add_argument(
        "--highest",
        action="store_true",
        help=f"go on in steps of {STEP:,} packets a second until some are lost",
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    runs: list[Run] = []
    with wire() as ends:
        how = partial(
            measure,
            ends,
            seconds=arguments.seconds,
            n_blocks=arguments.ring_mib,
            model=arguments.watch,
        )
        for _ in range(arguments.rounds):
            runs += highest(how, arguments.rate) if arguments.highest else [how(arguments.rate)]
    Console().print(table_of(runs))


if __name__ == "__main__":
    main()

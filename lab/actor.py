"""`python -m lab.actor SCRIPT REPORT START`: runs a script inside the namespace that it is in.

Started by `lab.record`, once for each actor. Every command is a process group of its own that is
ended by its id: at its timeout, at the end of the script, or when the actor has sent all the
packets that it may, by the kernel's own count.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab.network import WIRE
from lab.script import Command, Script, load_script

LOOK_S = 0.1
"""How often the count of packets is looked at."""


@dataclass(slots=True)
class Report:
    """What happened.

    Attributes:
        runs: label, start and end (seconds since 1970) and exit code of each command that ran;
            negative codes are the signal that ended it.
        n_late: commands that found no turn before the end.
        n_packets: packets that the actor sent.
        is_over_bound: True if that was all that it may send.
    """

    runs: list[tuple[str, float, float, int]] = field(default_factory=list)
    n_late: int = 0
    n_packets: int = 0
    is_over_bound: bool = False


class Player:
    """The commands under way, and what ends them."""

    def __init__(self, script: Script, start_s: float) -> None:
        self._script = script
        self._start_s = start_s
        self._turns = asyncio.Semaphore(script.n_parallel)
        self._groups: set[int] = set()
        self._over = asyncio.Event()
        self.report = Report()

    async def play(self) -> Report:
        """Run all commands, each at its time."""
        guard = asyncio.create_task(self._guard())
        await asyncio.gather(*(self._play(command) for command in self._script.commands))
        guard.cancel()
        self._end_all()
        self.report.n_packets = packets_sent()
        return self.report

    async def _play(self, command: Command) -> None:
        await asyncio.sleep(max(0.0, self._start_s + command.at_s - time.time()))
        async with self._turns:
            if self._over.is_set():
                self.report.n_late += 1
                return
            began_s = time.time()
            code = await self._run(command)
        self.report.runs.append((command.label, began_s, time.time(), code))

    async def _run(self, command: Command) -> int:
        process = await asyncio.create_subprocess_exec(
            *command.argv, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
        )
        self._groups.add(process.pid)
        try:
            await asyncio.wait_for(process.wait(), command.timeout_s)
        except TimeoutError:
            end_group(process.pid)
        code = await process.wait()
        end_group(process.pid)  # whoever leads a group may go before those that it started
        self._groups.discard(process.pid)
        return code

    async def _guard(self) -> None:
        """End everything at the end of the script or at the bound on packets."""
        while time.time() < self._start_s + self._script.end_s:
            if packets_sent() > self._script.max_packets:
                self.report.is_over_bound = True
                break
            await asyncio.sleep(LOOK_S)
        self._over.set()
        self._end_all()

    def _end_all(self) -> None:
        for group in self._groups:
            end_group(group)


def end_group(group: int) -> None:
    """End a process group that was started here, if it still is."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def packets_sent() -> int:
    """How many packets left this namespace, as the kernel counts."""
    return int(Path(f"/sys/class/net/{WIRE}/statistics/tx_packets").read_text())


def main() -> None:
    """Run the script; write the report even if ended before its time."""
    parser = argparse.ArgumentParser(prog="python -m lab.actor", description=__doc__)
    parser.add_argument("script", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("start_s", type=float, help="seconds since 1970")
    arguments = parser.parse_args()

    async def play() -> Report:
        return await Player(load_script(arguments.script), arguments.start_s).play()

    report = asyncio.run(play())
    arguments.report.write_text(json.dumps(asdict(report)))


if __name__ == "__main__":
    main()

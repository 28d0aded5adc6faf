"""Runs a check on many numbered inputs in worker processes, each input within a time and a memory.

A worker that does not come back in time is ended, one that dies is replaced, and the input at which
that happened is told, so that nothing that a check does ends the run. Time is the worker's own, of
its processor, so that it does not matter what else a machine does; by the clock it may take longer.
Memory is the peak of its resident pages (`VmHWM`), interpreter and libraries included: `ru_maxrss`
would begin with that of the process which started it. Both are read in /proc: Linux.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple

POLL_S = 0.1
PREPARE_S = 600.0
MAX_OFFENCES = 100
"""With more of them, a run is given up."""
_PROC = Path("/proc")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")

Check = Callable[[int], str]
"""Makes the input of a number, checks it, and says in a word what came of it; raises an offence."""
Prepare = Callable[[int, Path], Check]
"""From a seed and a folder for files; called in the worker."""


class Limits(NamedTuple):
    """What an input may cost: time and memory of the worker that reads it.

    seconds: of its processor; clock_s: of the clock; n_bytes: resident; address_bytes: more than
    this no worker can ask for (RLIMIT_AS), so that the machine survives.
    """

    seconds: float = 2.0
    clock_s: float = 60.0
    n_bytes: int = 400_000_000
    address_bytes: int = 2 << 30


class Report(NamedTuple):
    """What a worker tells of an input; `error` is "" where nothing was raised."""

    number: int
    outcome: str
    seconds: float
    peak_bytes: int
    error: str


_PREPARED = Report(-1, "prepared", 0.0, 0, "")


class Offence(NamedTuple):
    """An input that broke something."""

    number: int
    what: str


@dataclass(slots=True)
class Summary:
    """What came of all inputs."""

    outcomes: Counter[str] = field(default_factory=Counter)
    worst_s: float = 0.0
    worst_number: int = 0
    peak_bytes: int = 0
    offences: list[Offence] = field(default_factory=list)

    def add(self, report: Report, limits: Limits) -> None:
        """Take in one report."""
        self.outcomes[report.outcome] += 1
        self.peak_bytes = max(self.peak_bytes, report.peak_bytes)
        if report.seconds > self.worst_s:
            self.worst_s, self.worst_number = report.seconds, report.number
        if report.error:
            self.offences.append(Offence(report.number, report.error))
        if report.seconds > limits.seconds:
            self.offences.append(Offence(report.number, f"took {report.seconds:.1f} s"))
        if report.peak_bytes > limits.n_bytes:
            what = f"the worker came to {report.peak_bytes / 1e6:,.0f} MB"
            self.offences.append(Offence(report.number, what))


class _Job(NamedTuple):
    prepare: Prepare
    seed: int
    folder: Path
    limits: Limits


class _Worker:
    """One process and the numbers that are left for it."""

    def __init__(self, job: _Job, numbers: Sequence[int]) -> None:
        self.left = list(reversed(numbers))
        self.is_prepared = False
        self.since_s, self.since_cpu_s = time.monotonic(), 0.0
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=_work, args=(theirs, job, numbers), daemon=True)
        self.process.start()
        theirs.close()

    def end(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.join()
        self.connection.close()

    def received(self) -> Report | None:
        """What it tells; None if it has died or told all."""
        try:
            report: Report = self.connection.recv()
        except (EOFError, OSError):
            return None
        self.since_s, self.since_cpu_s = time.monotonic(), cpu_s(self.process.pid)
        return report

    def is_late(self, limits: Limits) -> bool:
        """True if it should have told something by now."""
        clock_s = time.monotonic() - self.since_s
        if not self.is_prepared:
            return clock_s > PREPARE_S
        is_busy_s = cpu_s(self.process.pid) - self.since_cpu_s
        return is_busy_s > limits.seconds or clock_s > limits.clock_s


def run(
    prepare: Prepare,
    numbers: Sequence[int],
    folder: Path,
    *,
    seed: int = 0,
    n_workers: int = 2,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    on_done: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Check the inputs of all numbers.

    Args:
        prepare: gives the check; found by its name in another process.
        numbers: of the inputs.
        folder: for files.
        seed: of the inputs.
        n_workers: processes.
        limits: of each input.
        on_done: told how many inputs were checked.

    Raises:
        RuntimeError: no worker can be prepared.
    """
    job, summary = _Job(prepare, seed, folder, limits), Summary()
    shares = [numbers[i::n_workers] for i in range(n_workers)]
    workers = [_Worker(job, share) for share in shares if share]
    try:
        while workers and len(summary.offences) < MAX_OFFENCES:
            ready = wait([worker.connection for worker in workers], timeout=POLL_S)
            workers = [
                following
                for worker in workers
                if (following := _followed(worker, worker.connection in ready, job, summary))
            ]
            on_done(summary.outcomes.total())
    finally:
        for worker in workers:
            worker.end()
    return summary


def _followed(worker: _Worker, is_ready: bool, job: _Job, summary: Summary) -> _Worker | None:
    """The worker after what it told, or another in its place; None if there is no more to do."""
    if not is_ready:
        if not worker.is_late(job.limits):
            return worker
        return _replaced(worker, job, summary, _too_long(job.limits))
    report = worker.received()
    if report is None:
        worker.process.join()
        code = worker.process.exitcode
        return _replaced(worker, job, summary, f"the worker ended with code {code}")
    if not worker.is_prepared:
        worker.is_prepared = True
        return worker
    worker.left.pop()
    summary.add(report, job.limits)
    if report.peak_bytes > job.limits.n_bytes and worker.left:  # a peak never goes down
        worker.end()
        return _Worker(job, worker.left[::-1])
    return worker


def _too_long(limits: Limits) -> str:
    return f"no end within {limits.seconds:g} s of a processor, or {limits.clock_s:g} s at all"


def _replaced(worker: _Worker, job: _Job, summary: Summary, what: str) -> _Worker | None:
    """Another worker for what is behind the input that ended this one, if it was one."""
    worker.end()
    if not worker.left:
        return None
    if not worker.is_prepared:
        raise RuntimeError(f"a worker cannot be prepared: {what}")
    summary.offences.append(Offence(worker.left.pop(), what))
    summary.outcomes["ended"] += 1
    return _Worker(job, worker.left[::-1]) if worker.left else None


def _work(connection: Connection, job: _Job, numbers: Sequence[int]) -> None:
    """What a worker does."""
    resource.setrlimit(resource.RLIMIT_AS, (job.limits.address_bytes, job.limits.address_bytes))
    check = job.prepare(job.seed, job.folder)
    connection.send(_PREPARED)
    for number in numbers:
        outcome, error, began_s = "offence", "", time.process_time()
        try:
            outcome = check(number)
        except BaseException as raised:  # noqa: BLE001 - whatever it is, it is what is looked for
            error = _told(raised)
        seconds = time.process_time() - began_s
        connection.send(Report(number, outcome, seconds, peak_bytes(), error))


def _told(raised: BaseException) -> str:
    """Kind, text and place of what was raised, in a line."""
    place = traceback.extract_tb(raised.__traceback__)[-1]
    text = " ".join(str(raised).split())[:200]
    return f"{type(raised).__name__}: {text} ({Path(place.filename).name}, line {place.lineno})"


def peak_bytes() -> int:
    """Most memory that this process had, in bytes."""
    for line in (_PROC / "self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_s(pid: int | None) -> float:
    """Seconds of a processor that a process has used; 0 for one that has ended."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

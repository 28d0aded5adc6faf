"""Gives readers hostile captures and logs, many of them, and tells what broke.

    python -m tests.ingest.fuzz --captures 100000 --logs 20000 --seed 0

First the captures of `$ODDFLOW_DATA/hostile` as they are, then mutations of them and of logs. Each
input is read in a worker process: it must be read or refused within 2 s, with every record counted,
by a worker that never has more than 400 MB. Compiled code runs with its bounds checked. The same
seed makes the same inputs; `--only captures:123` reads one of them again. Exit code 1 if any input
broke something. Linux.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from tests.ingest.workers import Limits, Summary, run

PATIENT = Limits(seconds=300.0, n_bytes=2_000_000_000, address_bytes=8 << 30)
"""While code is compiled."""
_COMPILED_EVERY = 40
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - a disk takes as long for a file as its reader


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.ingest.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--captures", type=int, default=100_000, help="mutations of captures")
    parser.add_argument("--logs", type=int, default=20_000, help="of logs of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", metavar="SUBJECT:NUMBER", help="one input, as reported")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Read what was asked for; the exit code."""
    asked = arguments(given)
    console = Console()
    data = os.environ.get("ODDFLOW_DATA")
    if not data:
        console.print("set $ODDFLOW_DATA to the folder that holds hostile/captures.tar.xz")
        return 2
    in_memory = MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="oddflow-fuzz-", dir=in_memory) as place:
        folder = Path(place)
        os.environ |= {"NUMBA_BOUNDSCHECK": "1", "POLARS_MAX_THREADS": "1"}
        os.environ["NUMBA_CACHE_DIR"] = str(folder / "compiled")  # no code without those checks
        unpack(Path(data), folder)
        summaries = run_all(asked, folder, console)
    return report(summaries, asked.seed, console)


def unpack(corpora: Path, folder: Path) -> None:
    """The captures as files."""
    from tests.ingest.originals import captures
    from tests.ingest.subjects import CAPTURES

    (folder / CAPTURES).mkdir()
    for name, content in captures(corpora):
        (folder / CAPTURES / name).write_bytes(content)


def run_all(asked: argparse.Namespace, folder: Path, console: Console) -> dict[str, Summary]:
    """What came of each subject."""
    from tests.ingest.originals import N_CAPTURES
    from tests.ingest.subjects import SUBJECTS, WHOLE

    numbers = numbers_of(asked)
    console.print("compiling with checks of bounds ...")
    some = range(0, N_CAPTURES, _COMPILED_EVERY)
    run(WHOLE.prepare, some, folder, n_workers=1, limits=PATIENT)
    summaries = {}
    columns = (TextColumn("{task.description:18}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        for name, of_subject in numbers.items():
            task = progress.add_task(name, total=len(of_subject))
            summaries[name] = run(
                SUBJECTS[name].prepare,
                of_subject,
                folder,
                seed=asked.seed,
                n_workers=asked.workers,
                on_done=partial(_show, progress, task),
            )
    return summaries


def numbers_of(asked: argparse.Namespace) -> dict[str, Sequence[int]]:
    """Subject -> the numbers of its inputs.

    Raises:
        SystemExit: one was asked for that there is not.
    """
    from tests.ingest.originals import N_CAPTURES
    from tests.ingest.subjects import LOGS, MUTATED, SUBJECTS, WHOLE

    if asked.only:
        name, _, number = asked.only.rpartition(":")
        if name not in SUBJECTS or not number.isdecimal():
            sys.exit(f"expected {', '.join(SUBJECTS)}, and :NUMBER; received {asked.only}")
        return {name: [int(number)]}
    numbers: dict[str, Sequence[int]] = {WHOLE.name: range(N_CAPTURES)}
    numbers |= {MUTATED.name: range(asked.captures)}
    return numbers | {subject.name: range(asked.logs) for subject in LOGS}


def _show(progress: Progress, task: TaskID, n_done: int) -> None:
    progress.update(task, completed=n_done)


def report(summaries: dict[str, Summary], seed: int, console: Console) -> int:
    """Say what came of it; 1 if anything broke."""
    table = Table("subject", "inputs", "refused", "slowest", "its number", "memory", "broken")
    for name, one in summaries.items():
        table.add_row(
            name,
            f"{one.outcomes.total():,}",
            f"{one.outcomes['refused']:,}",
            f"{one.worst_s * 1000:,.0f} ms",
            str(one.worst_number),
            f"{one.peak_bytes / 1e6:,.0f} MB",
            f"{len(one.offences):,}",
        )
    console.print(table)
    for name, one in summaries.items():
        for offence in one.offences:
            console.print(f"{name}:{offence.number}: {offence.what}", markup=False)
            command = f"python -m tests.ingest.fuzz --seed {seed} --only '{name}:{offence.number}'"
            console.print(f"    {command}", markup=False)
    return int(any(one.offences for one in summaries.values()))


def _stop(_: int, __: FrameType | None) -> None:
    sys.exit("stopped")  # workers are ended and files removed on the way out


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(main())

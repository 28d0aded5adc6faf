"""`python -m benchmarks.packets`: packets to features on one core, beside others in one run.

NFStream (`pip install nfstream`, here or in the environment of `--peer-python`), Argus, Suricata
and tshark take part where they are installed. All sides read the same capture, take turns, and run
on the same core; of each the best turn counts, by the clock and, apart, in CPU time, since Argus
and NFStream also wait. Of Argus, Suricata and tshark both are those of the whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from benchmarks.__main__ import Row, table_of
from benchmarks.capture import write_capture
from benchmarks.readers import cpu_s

N_PACKETS = 600_000


class Turn(NamedTuple):
    """Seconds by the clock, and of CPU time."""

    wall_s: float
    cpu_s: float


Measure = Callable[[], Turn]


def main() -> None:
    """Measure all that is here."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.packets", description=__doc__)
    parser.add_argument("--capture", type=Path, help="a pcap; made of examples/lab.pcap if absent")
    parser.add_argument("--peer-python", default=sys.executable, help="that NFStream is in")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/packets.json"))
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        capture = arguments.capture or Path(folder) / "lab.pcap"
        if arguments.capture is None:
            write_capture(capture, N_PACKETS)
        n_packets, _ = _read(sys.executable, "features", capture)
        sides = _sides(capture, Path(folder), arguments.peer_python)
        best = _take_turns(sides, arguments.rounds)
    ours = best.pop("oddflow")
    rows = [
        _row(f"pcap to features{how}, against {peer}", n_packets, ours[place], turn[place])
        for place, how in enumerate(("", ", CPU time"))
        for peer, turn in best.items()
    ]
    arguments.output.write_text(json.dumps([row._asdict() for row in rows], indent=2) + "\n")
    Console().print(f"{n_packets:,} packets", table_of(rows))


def _row(name: str, n_packets: int, ours_s: float, peer_s: float) -> Row:
    return Row(name, n_packets / ours_s, n_packets / peer_s, peer_s / ours_s, "packets/s")


def _sides(capture: Path, folder: Path, peer_python: str) -> dict[str, Measure]:
    """Of each that is installed, what takes a turn."""
    sides: dict[str, Measure] = {"oddflow": lambda: _read(sys.executable, "features", capture)[1]}
    has_nfstream = subprocess.run(
        [peer_python, "-c", "import nfstream"], check=False, capture_output=True
    )
    if has_nfstream.returncode == 0:
        sides["NFStream, no inspection"] = lambda: _read(peer_python, "nfstream", capture)[1]
    commands = {
        "Argus": ["argus", "-r", str(capture), "-w", str(folder / "argus.out")],
        "Suricata, no rules": [
            *("suricata", "-r", str(capture), "-l", str(folder), "-S", os.devnull),
            *("--runmode", "single"),
        ],
        "tshark": ["tshark", "-n", "-r", str(capture), "-T", "fields", "-e", "ip.src"],
    }
    for name, command in commands.items():
        if shutil.which(command[0]):
            sides[name] = lambda command=command: _timed(command)  # type: ignore[misc]
    return sides


def _take_turns(sides: dict[str, Measure], rounds: int) -> dict[str, Turn]:
    """Name -> the best of each sort of time."""
    turns: dict[str, list[Turn]] = {name: [] for name in sides}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=rounds * len(sides))
        for _ in range(rounds):
            for name, measure in sides.items():
                progress.update(task, description=name)
                turns[name].append(measure())
                progress.advance(task)
    return {name: Turn(*map(min, zip(*of, strict=True))) for name, of in turns.items()}


def _read(python: str, reader: str, capture: Path) -> tuple[int, Turn]:
    """Units read, and how long it took."""
    command = [python, "-m", "benchmarks.readers", reader, str(capture)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    n_units, *seconds = said.splitlines()[-1].split()  # NFStream has something to say before
    return int(n_units), Turn(*map(float, seconds))


def _timed(command: list[str]) -> Turn:
    start_s, start_cpu_s = time.perf_counter(), cpu_s()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Turn(time.perf_counter() - start_s, cpu_s() - start_cpu_s)


if __name__ == "__main__":
    main()

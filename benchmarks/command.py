"""How long the command line takes, against the limits set for it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from oddflow.datasets.catalog import corpus_file
from oddflow.datasets.download import obtain
from oddflow.datasets.nsl_kdd import FILES
from oddflow.ingest.source import open_stream

RUNS = 10
VERSION_LIMIT_S = 0.3
DETECT_LIMIT_S = 1.5
N_RECORDS = 1000


def command_rows() -> Iterator[tuple[str, float, float, float, str]]:
    """Median times of `oddflow --version` and of `oddflow detect` on 1,000 rows.

    The peer is the limit; a ratio above 1 says how far below it we stay.
    """
    oddflow = [sys.executable, "-c", "from oddflow.cli.app import main; main()"]
    with tempfile.TemporaryDirectory() as folder:
        model, rows = Path(folder) / "model", Path(folder) / "rows.txt"
        _run([*oddflow, "train", "-q", "-o", str(model), "--epochs", "2"])
        with open_stream(obtain(corpus_file(FILES, "KDDTest+"))) as stream:
            rows.write_bytes(b"".join(islice(stream, N_RECORDS)))
        for name, command, limit_s in (
            ("oddflow --version", ["--version"], VERSION_LIMIT_S),
            (
                f"oddflow detect, {N_RECORDS:,} records, explained",
                ["detect", str(model), str(rows), "-q"],
                DETECT_LIMIT_S,
            ),
        ):
            median_s = statistics.median(_run([*oddflow, *command]) for _ in range(RUNS))
            yield (
                f"{name}: median of {RUNS} against its limit",
                median_s,
                limit_s,
                limit_s / median_s,
                "s",
            )


def _run(command: list[str]) -> float:
    start_s = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start_s

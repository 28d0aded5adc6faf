"""`python -m benchmarks.readers READER FILE`: read a file; print units, seconds, and CPU seconds.

The times are those of reading alone, without starting an interpreter or compiling.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN


def features(path: Path) -> int:
    """A capture or log by oddflow, up to the features of KDD; packets or records read."""
    from oddflow.core.kdd41 import KDD41, TRAFFIC28
    from oddflow.features.kdd import kdd_features, kdd_rows
    from oddflow.features.kdd_windows import new_windows
    from oddflow.ingest.recording import Kind, kind_of, read_recording

    schema = KDD41 if kind_of(path) is Kind.CAPTURE else TRAFFIC28
    windows, n_units = new_windows(), 0
    for portion in read_recording(path):
        connections = portion.connections.take(kdd_rows(portion.connections))
        kdd_features(connections, windows, schema=schema)
        n_units += portion.n_units
    return n_units


def nfstream(path: Path) -> int:
    """A capture by NFStream, without inspection of payload and with one meter; packets in flows."""
    from nfstream import NFStreamer  # type: ignore[import-not-found]

    streamer = NFStreamer(source=str(path), n_dissections=0, n_meters=1, statistical_analysis=False)
    return sum(flow.bidirectional_packets for flow in streamer)


READERS: dict[str, Callable[[Path], int]] = {"features": features, "nfstream": nfstream}


def main() -> None:
    """Read twice, so that compilation is over; the second time counts."""
    reader, path = READERS[sys.argv[1]], Path(sys.argv[2])
    reader(path)
    start_s, start_cpu_s = time.perf_counter(), cpu_s()
    n_units = reader(path)
    sys.stdout.write(f"{n_units} {time.perf_counter() - start_s} {cpu_s() - start_cpu_s}\n")


def cpu_s() -> float:
    """CPU time of this process and of its children that have ended."""
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


if __name__ == "__main__":
    main()

"""`python -m benchmarks.sequences -o FILE`: windows read anew against a state kept for each host.

Scores the lab's second recording with a detector of each kind, trained for one epoch on the first,
as it is (about 300 hosts, some of which make thousands of connections in a row) and in three forms
of the same connections: spread over 4,000 hosts, over 30, and all of one host.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from oddflow.core.context import Context
from oddflow.core.matrix import FeatureMatrix
from oddflow.datasets.lab import load_lab
from oddflow.detect.sequence import MemoryKind, SequenceDetector
from oddflow.detect.sequence_model import SequenceModel

BLOCK, RUNS = 4096, 3
SPREADS = (4000, 30, 1)
N_RECORDS = 20_000


def connections_per_s(model: SequenceModel, records: FeatureMatrix) -> float:
    """Scored in a second, block by block, encoding included; the median of some runs."""
    rates = []
    for _ in range(RUNS):
        stream, start_s = model.start(), time.perf_counter()
        for first in range(0, len(records), BLOCK):
            stream.score(records.take(slice(first, first + BLOCK)))
        rates.append(len(records) / (time.perf_counter() - start_s))
    return median(rates)


def forms(records: FeatureMatrix) -> dict[str, FeatureMatrix]:
    """The same connections of other numbers of hosts, in turn."""
    context = records.context
    if context is None:
        raise ValueError("expected a recording with hosts, received one without")
    turns = np.arange(len(records))
    spread = {
        f"{n:,} hosts in turn": Context(turns % n, context.responder, context.start_s)
        for n in SPREADS
    }
    return {"as recorded": records} | {
        name: replace(records, context=other) for name, other in spread.items()
    }


def main() -> None:
    """Measure, and write what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True)
    output = parser.parse_args().output
    normals = load_lab("first").normals()
    test = load_lab("second").features.take(slice(N_RECORDS))
    found: dict[str, dict[str, float]] = {}
    for kind in (MemoryKind.WINDOW, MemoryKind.STATE):
        model = SequenceDetector(memory=kind, epochs=1, target_fpr=0.01).fit(normals).model_
        for name, records in forms(test).items():
            found.setdefault(name, {})[kind] = round(connections_per_s(model, records))
    for rates in found.values():
        rates["ratio"] = round(rates[MemoryKind.STATE] / rates[MemoryKind.WINDOW], 1)
    output.write_text(json.dumps({"n_records": N_RECORDS, "rates": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()

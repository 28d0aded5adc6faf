"""`oddflow detect`: score records, write one JSON line for each flagged one."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

NAME = "detect"
NEEDS_ARGUMENTS = True
EXAMPLE = "Example: `oddflow detect oddflow-demo/model KDDTest+ --fpr 0.01 > alerts.jsonl`"


def run(
    model: options.ModelDir,
    records: options.Records,
    fpr: options.Fpr = None,
    alerts_per_day: options.AlertsPerDay = None,
    records_per_day: options.RecordsPerDay = None,
    causes: options.Causes = 5,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; stdout if not given."),
    ] = None,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: Annotated[
        bool, typer.Option("--json", help="The closing summary as JSON too, on stderr.")
    ] = False,
) -> None:
    """Score the records of a file and write one JSON line for each flagged one.

    The threshold is the model's own unless a rate or a budget is given. Labels in the file are not
    looked at. The file may be of any length: memory stays bounded.
    """
    import msgspec

    from oddflow.cli.records import records_path
    from oddflow.cli.sink import line_sink
    from oddflow.cli.verdict_json import verdict_json
    from oddflow.datasets.kdd_rows import read_kdd_rows
    from oddflow.detect.bundle import load_model

    out = Output(quiet=quiet)
    bundle = load_model(model)
    rate = options.target_fpr(
        fpr, alerts_per_day, records_per_day, default=bundle.manifest.target_fpr
    )
    threshold = bundle.model.calibration.threshold(rate)
    path = records_path(records, data, out)
    start_s = time.perf_counter()
    n_records = n_flagged = 0
    with line_sink(output) as write, out.progress("scoring", None, "records") as advance:
        for block in read_kdd_rows(path):
            for verdict in bundle.model.detect(block.features, threshold, n_causes=causes):
                line = verdict_json(
                    verdict,
                    block.features,
                    first_row=block.first_row,
                    model_sha256=bundle.manifest.sha256,
                )
                write(msgspec.json.encode(line) + b"\n")
                n_flagged += 1
            n_records += len(block.features)
            advance(n_records)
    seconds = time.perf_counter() - start_s
    summary = {
        "n_records": n_records,
        "n_flagged": n_flagged,
        "target_fpr": rate,
        "threshold": threshold.value,
        "seconds": round(seconds, 3),
    }
    if json:
        sys.stderr.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        share = f" ({n_flagged / n_records:.1%})" if n_records else ""
        out.note(
            f"{n_flagged:,} of {n_records:,} records flagged{share} at a target of {rate:.3g} of "
            f"normal traffic, in {seconds:.1f} s"
        )

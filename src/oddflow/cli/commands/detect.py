"""`oddflow detect`: score records or connections, write one line for each flagged one."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oddflow.alerts.alert import Alert
    from oddflow.cli.recordings import Tally
    from oddflow.core.verdicts import Threshold
    from oddflow.detect.bundle import Bundle

NAME = "detect"
NEEDS_ARGUMENTS = True
EXAMPLE = (
    "Examples: `oddflow detect model capture.pcap > eve.json`, "
    "`oddflow detect model conn.log --format ecs`, "
    "`oddflow detect model capture.pcap --syslog siem.example:514`, "
    "`oddflow detect oddflow-demo/model KDDTest+ --fpr 0.01 > alerts.jsonl`"
)


def run(
    model: options.ModelDir,
    records: Annotated[
        str,
        typer.Argument(
            metavar="RECORDING|FILE|NAME",
            help="A capture (pcap, pcapng), a conn.log of Zeek or a folder of them, eve.json of "
            "Suricata, or NetFlow messages; or KDD rows, or an NSL-KDD file by name. Plain or "
            "packed.",
        ),
    ],
    form: options.AlertForm = None,
    syslog: options.Syslog = None,
    fpr: options.Fpr = None,
    fdr: options.Fdr = None,
    alerts_per_day: options.AlertsPerDay = None,
    records_per_day: options.RecordsPerDay = None,
    causes: options.Causes = 5,
    threads: options.Threads = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to; if not given stdout, or nothing with --syslog.",
        ),
    ] = None,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: Annotated[
        bool, typer.Option("--json", help="The closing summary as JSON too, on stderr.")
    ] = False,
) -> None:
    """Score a recording or a file of records and write one line for each flagged one.

    The threshold is the model's own unless a rate or a budget is given. Labels in the file are not
    looked at. The file may be of any length: memory stays bounded. Connections give alerts that a
    SIEM reads; KDD rows, which say nothing of hosts, give verdicts as JSON lines.

    `--fdr` asks for a share of false alerts instead: the threshold is then read from the whole
    batch, which is scored once for that and once to write.
    """
    import msgspec

    from oddflow.cli.delivery import sent
    from oddflow.cli.discovery import discovery_threshold
    from oddflow.cli.recordings import Tally, alerts, is_recording, recorded
    from oddflow.cli.records import records_path
    from oddflow.cli.sequences import load_any_model, require_single_records
    from oddflow.cli.sink import line_sink, no_sink
    from oddflow.core.errors import InputError

    receiver = None if syslog is None else options.syslog_destination(syslog)
    out = Output(quiet=quiet)
    bundle = load_any_model(model, threads=options.n_threads(threads))
    rate = options.target_fpr(
        fpr, alerts_per_day, records_per_day, default=bundle.manifest.target_fpr
    )
    start_s = time.perf_counter()
    if fdr is None:
        threshold = bundle.model.calibration.threshold(rate)
    else:
        if (fpr, alerts_per_day, records_per_day) != (None, None, None):
            raise InputError("give either --fdr or a rate or budget of false positives, not both")
        single = require_single_records(bundle, "--fdr")
        threshold = discovery_threshold(single, records, data, fdr, out)
        rate = threshold.target_fpr
    tally, n_flagged = Tally(), 0
    if is_recording(records):
        found = alerts(recorded(records), bundle, threshold, tally, n_causes=causes)
        if receiver is not None:
            found = sent(found, form, receiver)
        lines = _alert_lines(found, form or options.Form.EVE)
    elif form is not None or receiver is not None:
        option = "--syslog" if form is None else "--format"
        raise InputError(f"{records}: {option} is for connections; KDD rows give JSON lines")
    else:
        single = require_single_records(bundle, "KDD rows")
        lines = _verdict_lines(single, records_path(records, data, out), threshold, tally, causes)
    sink = no_sink() if receiver is not None and output is None else line_sink(output)
    with sink as write, out.progress("scoring", None, "records") as advance:
        for line, is_record in lines:
            write(line)
            n_flagged += is_record
            advance(tally.n_connections)
    seconds = time.perf_counter() - start_s
    summary = {
        "n_records": tally.n_connections,
        "n_flagged": n_flagged,
        "target_fpr": rate,
        "threshold": threshold.value,
        "seconds": round(seconds, 3),
        "skipped": tally.to_json()["skipped"],
        "n_evicted": tally.n_evicted,
    }
    if json:
        sys.stderr.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        n = tally.n_connections
        share = f" ({n_flagged / n:.1%})" if n else ""
        out.note(
            f"{n_flagged:,} of {n:,} records flagged{share} at a target of {rate:.3g} of "
            f"normal traffic, in {seconds:.1f} s"
        )
        if summary["skipped"] or tally.n_evicted:
            out.note(str(tally))


def _alert_lines(found: Iterator[Alert], form: options.Form) -> Iterator[tuple[bytes, bool]]:
    """Lines of a form, and which of them are alerts; the header, if there is one, is none."""
    from oddflow.alerts.formats import FORMATS

    writer = FORMATS[form]
    yield writer.header(), False
    for alert in found:
        yield writer.line(alert), True


def _verdict_lines(
    bundle: Bundle, path: Path, threshold: Threshold, tally: Tally, n_causes: int
) -> Iterator[tuple[bytes, bool]]:
    """A line of JSON for each flagged row of KDD."""
    import msgspec

    from oddflow.cli.verdict_json import verdict_json
    from oddflow.datasets.kdd_rows import read_kdd_rows

    for block in read_kdd_rows(path):
        for verdict in bundle.model.detect(block.features, threshold, n_causes=n_causes):
            line = verdict_json(
                verdict,
                block.features,
                first_row=block.first_row,
                model_sha256=bundle.manifest.sha256,
            )
            yield msgspec.json.encode(line) + b"\n", True
        tally.n_connections += len(block.features)

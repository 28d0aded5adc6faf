"""`oddflow reproduce`: the paper's tables, ours beside theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

NAME = "reproduce"
NEEDS_ARGUMENTS = False
EXAMPLE = (
    "Examples: `oddflow reproduce --table 4 --quick` (minutes), "
    "`oddflow reproduce --table 4 --proposed-seeds 5 --report table4.html`, "
    "`oddflow reproduce --table 1 --json`"
)


def run(
    table: Annotated[
        str,
        typer.Option(
            "--table",
            help="4 (networks on NSL-KDD), 1 (systems on their own corpora) or corpora "
            "(detectors on UNSW-NB15, CICIDS2017 and IoT-23).",
        ),
    ] = "4",
    classes: Annotated[
        int, typer.Option("--classes", help="2 (normal, attack), 5 (families) or 23 (attacks).")
    ] = 2,
    protocols: Annotated[
        list[str] | None,
        typer.Option("--protocol", help="Only this protocol; may be repeated."),
    ] = None,
    systems: Annotated[
        list[str] | None, typer.Option("--system", help="Only this system; may be repeated.")
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="How many seeds of each system, from 0.")
    ] = 1,
    proposed_seeds: Annotated[
        int | None,
        typer.Option("--proposed-seeds", min=1, help="How many of the proposed model."),
    ] = None,
    n_workers: Annotated[
        int | None,
        typer.Option("--jobs", min=1, help="Fits side by side; as many as cores by default."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few epochs: to see that it runs, not to quote.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Also write an HTML report.")
    ] = None,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Train every system of a table of the paper and show our figures beside the published ones.

    The random split is what the paper presumably did; the official one says more of new traffic.
    Nothing is tuned on a test set. A full table takes some 20 minutes on two cores.
    """
    from oddflow.cli.evaluation import require_report
    from oddflow.cli.reproduction import reproduce, reproduction_text, write_reproduction
    from oddflow.reproduce.plan import Request

    if report is not None:
        require_report(report, None)
    out = Output(quiet=quiet, as_json=json)
    request = Request(
        table=table,
        n_classes=classes,
        seeds=seeds,
        proposed_seeds=proposed_seeds or seeds,
        protocols=protocols or (),
        systems=systems or (),
        is_quick=quick,
        data_dir=data,
    )
    reproduction = reproduce(request, n_workers=n_workers, out=out)
    if report is not None:
        write_reproduction(reproduction, request, report)
        out.note(f"report: {report}")
    out.result(reproduction.to_json, lambda: reproduction_text(reproduction))

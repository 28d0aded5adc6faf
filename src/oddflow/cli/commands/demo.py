"""`oddflow demo`: the whole job on real data, from nothing to explained alerts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

NAME = "demo"
NEEDS_ARGUMENTS = False
EXAMPLE = "Example: `oddflow demo -o oddflow-demo`"


def run(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where model and report go.")
    ] = Path("oddflow-demo"),
    seed: options.Seed = 0,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Train on NSL-KDD, compare with trivial baselines, explain the oddest test records.

    Takes a few minutes on two cores. A second run replaces the results of the first.
    """
    from rich.console import Group
    from rich.text import Text

    from oddflow.cli.commands.explain import explained
    from oddflow.cli.evaluation import evaluate, evaluation_text, load_protocol, oddest, write_html
    from oddflow.cli.training import train_with_progress
    from oddflow.detect.artifact import save_detector

    out = Output(quiet=quiet, as_json=json)
    model_path, report_path = output / "model", output / "report.html"
    out.note("1 of 3: reading NSL-KDD")
    protocol = load_protocol("official", data, out)
    out.note(f"2 of 3: training on {len(protocol.normals):,} normal connections")
    detector = train_with_progress(protocol.normals, out, seed=seed)
    save_detector(detector, model_path, source="KDDTrain+", overwrite=True)
    out.note("3 of 3: testing, with trivial baselines beside")
    judged = evaluate(
        protocol,
        seeds=1,
        target_fpr=detector.target_fpr,
        parameters={},
        out=out,
        model=detector.model_,
        history=detector.history_,
    )
    write_html(judged, report_path)
    out.result(
        lambda: {
            "model": str(model_path),
            "report": str(report_path),
            "evaluation": judged.evaluation.to_json(),
        },
        lambda: Group(
            evaluation_text(judged.evaluation),
            Text("\nThe oddest test records, one of each attack\n", style="bold"),
            explained(oddest(judged)),
            Text(f"\nreport: {report_path}\nmodel:  {model_path}", style="bold"),
            Text(f"next:   oddflow detect {model_path} FILE --fpr 0.01"),
        ),
    )

"""`oddflow demo`: the whole job on real data, from nothing to explained alerts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output
from oddflow.cli.demonstration import Corpus

if TYPE_CHECKING:
    from rich.console import Group

    from oddflow.cli.demonstration import Subject
    from oddflow.cli.evaluation import Judged

NAME = "demo"
NEEDS_ARGUMENTS = False
EXAMPLE = "Examples: `oddflow demo -o oddflow-demo`, `oddflow demo --corpus lab`"


def run(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where model and report go.")
    ] = Path("oddflow-demo"),
    corpus: Annotated[
        Corpus | None,
        typer.Option(
            "--corpus",
            help="nsl-kdd, or the two recordings of the lab that come with oddflow. If not given, "
            "nsl-kdd, and lab where that is neither here nor downloadable.",
        ),
    ] = None,
    seed: options.Seed = 0,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Train on normal traffic, compare with trivial baselines, explain the oddest test records.

    Takes a few minutes on two cores. A second run replaces the results of the first.
    """
    from oddflow.cli.demonstration import choose
    from oddflow.cli.evaluation import evaluate, write_html
    from oddflow.cli.training import train_with_progress
    from oddflow.detect.artifact import save_detector

    out = Output(quiet=quiet, as_json=json)
    model, report = output / "model", output / "report.html"
    subject = choose(corpus, data, out)
    protocol, target_fpr = subject.protocol, subject.target_fpr
    out.note(f"2 of 3: training on {len(protocol.normals):,} normal connections")
    detector = train_with_progress(protocol.normals, out, target_fpr=target_fpr, seed=seed)
    save_detector(detector, model, source=protocol.train.name, overwrite=True)
    out.note("3 of 3: testing, with trivial baselines beside")
    judged = evaluate(
        protocol,
        seeds=1,
        target_fpr=target_fpr,
        parameters={},
        out=out,
        model=detector.model_,
        history=detector.history_,
    )
    write_html(judged, report)
    evaluation = judged.evaluation
    out.result(
        lambda: {"model": str(model), "report": str(report), "evaluation": evaluation.to_json()},
        lambda: _told(judged, subject, model, report),
    )


def _told(judged: Judged, subject: Subject, model: Path, report: Path) -> Group:
    """Figures, explained records, and where everything is, for people."""
    from rich.console import Group
    from rich.text import Text

    from oddflow.cli.commands.explain import explained
    from oddflow.cli.demonstration import next_command
    from oddflow.cli.evaluation import evaluation_text, oddest

    return Group(
        evaluation_text(judged.evaluation),
        Text("\nThe oddest test records, one of each attack\n", style="bold"),
        explained(oddest(judged)),
        Text(f"\nreport: {report}\nmodel:  {model}", style="bold"),
        Text(f"next:   {next_command(subject, model)}"),
    )

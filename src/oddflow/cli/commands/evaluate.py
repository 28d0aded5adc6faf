"""`oddflow evaluate`: honest numbers, with trivial baselines beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output
from oddflow.cli.protocols import PROTOCOLS, load_protocol

NAME = "evaluate"
NEEDS_ARGUMENTS = False
EXAMPLE = "Example: `oddflow evaluate --protocol official --seeds 5 --report report.html`"


def run(
    protocol: Annotated[
        str, typer.Option("--protocol", metavar="NAME", help=f"One of {', '.join(PROTOCOLS)}.")
    ] = "official",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds, from 0.")] = 1,
    fpr: Annotated[
        float, typer.Option("--fpr", help="Target rate of the thresholds, on held-out normals.")
    ] = 0.05,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="MODEL", help="Judge this model instead of training."),
    ] = None,
    systems: Annotated[
        list[str] | None,
        typer.Option("--system", help="Only this system, or an ensemble too; may be repeated."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", metavar="FILE", help="JSON that `oddflow tune` wrote."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Also write an HTML report.")
    ] = None,
    adversarial: Annotated[
        bool,
        typer.Option(
            "--adversarial", help="Let an attacker search for ways past three systems instead."
        ),
    ] = False,
    block: Annotated[
        int | None,
        typer.Option(
            "--block",
            min=1,
            help="Protocol online: records scored before they are learnt from; 100 if not given.",
        ),
    ] = None,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Train and test every system under one protocol and show all figures side by side.

    Thresholds come from held-out normal training records; test records and their labels are used
    for measuring alone.
    """
    from oddflow.cli.adversarial import attack
    from oddflow.cli.evaluation import (
        OURS,
        evaluate,
        evaluation_text,
        require_report,
        require_systems,
        system_name,
        write_html,
    )
    from oddflow.cli.training import read_settings
    from oddflow.core.errors import InputError
    from oddflow.detect.bundle import load_model

    if model is not None and protocol == "random-split":
        raise InputError(
            "a saved model may have been trained on the very records that a random split tests "
            "on; judge it by --protocol official, or leave out --model"
        )
    out = Output(quiet=quiet, as_json=json)
    saved = load_model(model) if model else None
    trained = saved.model if saved else None
    ours = system_name(saved.manifest) if saved else OURS
    require_systems(systems, ours=ours)
    if report is not None:
        require_report(report, systems, ours=ours)
    if adversarial:
        if report is not None:
            raise InputError("--adversarial has no HTML report; leave out --report, or take --json")
        attacked = attack(
            load_protocol(protocol, data, out),
            seeds=seeds,
            target_fpr=fpr,
            parameters=read_settings(settings) if settings else {},
            out=out,
            model=trained,
            name=ours,
            systems=systems,
        )
        out.result(attacked.to_json, attacked.to_text)
        return
    judged = evaluate(
        load_protocol(protocol, data, out),
        seeds=seeds,
        target_fpr=fpr,
        parameters=read_settings(settings) if settings else {},
        out=out,
        model=trained,
        name=ours,
        systems=systems,
        block_size=block,
    )
    if report is not None:
        write_html(judged, report)
        out.note(f"report: {report}")
    out.result(judged.evaluation.to_json, lambda: evaluation_text(judged.evaluation, ours=ours))

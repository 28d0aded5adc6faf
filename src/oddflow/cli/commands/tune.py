"""`oddflow tune`: search for better settings, on held-out normals alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

NAME = "tune"
NEEDS_ARGUMENTS = False
EXAMPLE = (
    "Example: `oddflow tune --trials 30 -o best.json`, then `oddflow train --settings best.json`"
)


def run(
    trials: Annotated[int, typer.Option("--trials", min=1, help="Settings to try.")] = 20,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Start no trial after this long.")
    ] = None,
    records: options.NormalRecords = "KDDTrain+",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the best settings here."),
    ] = None,
    seed: options.Seed = 0,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Search learning rate, batch size, epochs and widths with Optuna.

    Settings are judged by the reconstruction error of held-out normal records; calibration records,
    attacks and test files are not touched. Trials that fall behind are cut short.
    """
    import msgspec

    from oddflow.cli.records import load_normals
    from oddflow.cli.sink import line_sink
    from oddflow.cli.training import TunedSettings
    from oddflow.detect.search import search

    out = Output(quiet=quiet, as_json=json)
    normals, source = load_normals(records, data, out)
    with out.progress(f"tuning on {source}", trials, "trials") as advance:
        found = search(
            normals,
            n_trials=trials,
            seconds=None if minutes is None else minutes * 60,
            seed=seed,
            on_trial=lambda done, best: advance(done, f"best held-out error {best:.5f}"),
        )
    best = TunedSettings(**found.parameters)
    if output is not None:
        with line_sink(output) as write:
            write(msgspec.json.format(msgspec.json.encode(best), indent=2) + b"\n")
    out.result(
        lambda: {
            "settings": msgspec.to_builtins(best),
            "validation_loss": found.validation_loss,
            "n_trials": found.n_trials,
            "n_pruned": found.n_pruned,
        },
        lambda: (
            f"best of {found.n_trials} trials ({found.n_pruned} cut short): held-out error "
            f"{found.validation_loss:.5f} with {msgspec.json.encode(best).decode()}"
        ),
    )

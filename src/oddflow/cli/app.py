"""The `oddflow` command.

Exit codes: 0 done; 1 a failure nobody planned for, or training that diverged; 2 bad input, model or
usage; 3 a corpus is neither here nor downloadable; 4 an optional package is missing; 130 stopped by
the user.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, ParamSpec

import typer

from oddflow.cli.commands import (
    demo,
    detect,
    evaluate,
    explain,
    export,
    features,
    inspect,
    reproduce,
    train,
    tune,
    watch,
)
from oddflow.core.errors import OddflowError

P = ParamSpec("P")

app = typer.Typer(
    name="oddflow",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Exit codes: 0 done, 1 failure, 2 bad input or usage, 3 data not available, "
        "4 optional package missing, 130 interrupted."
    ),
)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        from oddflow import __version__

        typer.echo(f"oddflow {__version__}")
        raise typer.Exit


@app.callback()
def oddflow(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda value: _show_version(wanted=value), is_eager=True
        ),
    ] = False,
) -> None:
    """Network intrusion detection with an LSTM autoencoder: calibrated, explained alerts."""


def _stoppable(run: Callable[P, None]) -> Callable[P, None]:
    """The command, ending as a shell expects when it is interrupted or its reader has left.

    Typer would catch both before `main` could: the first without a word, the second as a failure.
    """

    @wraps(run)
    def command(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            run(*args, **kwargs)
            sys.stdout.flush()
        except KeyboardInterrupt:
            sys.stderr.write("oddflow: stopped\n")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader of our output left, as `head` does; the shell must not see a traceback.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None

    return command


for module in (
    *(demo, features, train, tune, evaluate, reproduce),
    *(detect, watch, explain, inspect, export),
):
    app.command(name=module.NAME, epilog=module.EXAMPLE, no_args_is_help=module.NEEDS_ARGUMENTS)(
        _stoppable(module.run)
    )


def main() -> None:
    """Run the command line; errors that oddflow raises on purpose become one line."""
    try:
        app()
    except OddflowError as error:
        sys.stderr.write(f"oddflow: error: {error}\n")
        raise SystemExit(error.exit_code) from None

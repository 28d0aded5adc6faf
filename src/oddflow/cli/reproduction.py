"""Running a table of the paper from the command line: progress, tables, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from oddflow import __version__
from oddflow.cli.console import Output
from oddflow.cli.options import n_threads
from oddflow.core.errors import DataUnavailable, InputError

if TYPE_CHECKING:
    from rich.console import Group

    from oddflow.core.reproduction import Reproduction
    from oddflow.reproduce.jobs import Job
    from oddflow.reproduce.plan import Request
    from oddflow.reproduce.pool import News


def reproduce(request: Request, *, n_workers: int | None, out: Output) -> Reproduction:
    """Run all jobs of a table that there is data for.

    Raises:
        InputError: no such table, protocol or system.
        DataUnavailable: there is data for none of it.
    """
    from oddflow.reproduce.assemble import assemble
    from oddflow.reproduce.plan import jobs_of
    from oddflow.reproduce.pool import run_jobs

    jobs, notes = _with_data(jobs_of(request), out)
    with out.progress("starting", len(jobs), "fits") as advance:

        def show(n_done: int, news: News | None) -> None:
            if news is None:
                advance(n_done)
                return
            job, epoch = jobs[news.job], news.epoch
            advance(
                n_done,
                f"{job.title}: {news.stage}, epoch {epoch.number}, loss {epoch.loss:.4f}, "
                f"held out {epoch.validation_loss:.4f}",
            )

        outcomes = run_jobs(jobs, n_workers=n_threads(n_workers), on_news=show)
    return assemble(request, list(zip(jobs, outcomes, strict=True)), notes=notes)


def _with_data(jobs: list[Job], out: Output) -> tuple[list[Job], list[str]]:
    """The jobs whose corpus is at hand, and a note for each corpus that is not.

    Raises:
        DataUnavailable: none is.
    """
    from oddflow.reproduce.splits import split_of

    missing: dict[tuple[str, str], DataUnavailable] = {}
    for place in dict.fromkeys((job.corpus, job.protocol) for job in jobs):
        try:
            split_of(*place, jobs[0].data_dir)
        except DataUnavailable as error:
            missing[place] = error
    left = [job for job in jobs if (job.corpus, job.protocol) not in missing]
    if not left:
        raise next(iter(missing.values()))
    # Its first line says what is missing; the others name folders of this machine.
    notes = {
        f"{corpus} was not run: {str(error).splitlines()[0]}": None
        for (corpus, _), error in missing.items()
    }
    for note in notes:
        out.note(note)
    return left, list(notes)


def reproduction_text(reproduction: Reproduction) -> Group:
    """Tables for the terminal, with the notes that make them comparable."""
    from rich.console import Group
    from rich.text import Text

    from oddflow.evaluate.reproduction_table import reproduction_tables

    notes = dict.fromkeys(note for e in reproduction.evaluations for note in e.notes)
    return Group(*reproduction_tables(reproduction), *[Text(note, style="dim") for note in notes])


def write_reproduction(reproduction: Reproduction, request: Request, path: Path) -> None:
    """Write the HTML report; it gives the command that makes the same figures.

    Raises:
        InputError: the file cannot be written.
    """
    from oddflow.evaluate.report import write_report
    from oddflow.evaluate.reproduction_report import render_reproduction

    details = {"oddflow": __version__, "command": _command(request)}
    try:
        write_report(path, render_reproduction(reproduction, details=details))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def _command(request: Request) -> str:
    words = (
        f"oddflow reproduce --table {request.table} --classes {request.n_classes}",
        f"--seeds {request.seeds} --proposed-seeds {request.proposed_seeds}",
        *(f"--protocol {protocol}" for protocol in request.protocols),
        *(f"--system {system}" for system in request.systems),
        *(["--quick"] if request.is_quick else []),
    )
    return " ".join(words)

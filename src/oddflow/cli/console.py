"""Where output goes: results to stdout, everything else to stderr, as much as was asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress


@dataclass(frozen=True, slots=True)
class Output:
    """What a command may print.

    Attributes:
        quiet: nothing but results and errors.
        as_json: results as one JSON object instead of text for people.
    """

    quiet: bool = False
    as_json: bool = False

    def result(self, data: Callable[[], Any], text: Callable[[], RenderableType]) -> None:
        """Print the result of a command: JSON if that was asked for, text otherwise."""
        if self.as_json:
            sys.stdout.write(json.dumps(data()) + "\n")
        else:
            _console(stderr=False).print(text())

    def note(self, text: RenderableType) -> None:
        """Say what is going on."""
        if not self.quiet:
            _console(stderr=True).print(text)

    @contextmanager
    def progress(self, description: str, total: float | None, unit: str) -> Iterator[Advance]:
        """A bar with rate and time left; the function it gives moves the bar on."""
        if self.quiet:
            yield lambda _done, _text=None: None
            return
        with _bar(unit) as bar:
            task = bar.add_task(description, total=total)

            def advance(done: float, text: str | None = None) -> None:
                bar.update(task, completed=done)
                if text is not None:
                    bar.update(task, description=text)

            yield advance

    @contextmanager
    def download(self) -> Iterator[Callable[[int, int], None]]:
        """A bar for a download that may not happen; it shows when the first bytes come."""
        if self.quiet:
            yield lambda _done, _total: None
            return
        with _bar("B") as bar:
            task = bar.add_task("downloading", total=None, visible=False)
            yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


Advance = Callable[..., None]
"""Called with what is done so far and, if it changes, a description."""


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    # No markup: file names may hold square brackets.
    return Console(stderr=stderr, highlight=False, markup=False)


def _bar(unit: str) -> Progress:
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Units a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.4g} {unit}/s", style="dim")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        Rate(),
        TimeRemainingColumn(),
        console=_console(stderr=True),
        transient=True,
    )

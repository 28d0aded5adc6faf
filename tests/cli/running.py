"""The command line as a user sees it: exit code, stdout, stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

COMMAND = [sys.executable, "-c", "from oddflow.cli.app import main; main()"]
"""The installed script by another name, so that a source tree on the path is enough."""

TEXT_WIDTH = "400"
"""Of the terminal that rich believes in: wide enough that it wraps nothing we look for."""


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        """The one JSON value on stdout; anything before or after it is an error."""
        return json.loads(self.out)

    def lines(self) -> list[dict[str, Any]]:
        """JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]
"""Given arguments, runs the command line in this process."""


def run_apart(*arguments: object) -> Ran:
    """Run the command line in a process of its own."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": TEXT_WIDTH},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def refused(ran: Ran, *parts: str, code: int = 2) -> None:
    """Assert that a run ended in one error line that says all of `parts`, and in nothing else."""
    assert ran.code == code, ran
    assert ran.out == ""
    assert ran.err.startswith("oddflow: error: "), ran.err
    assert ran.err.count("\n") == 1, ran.err
    assert "Traceback" not in ran.err
    for part in parts:
        assert part in ran.err, f"{part!r} is not in {ran.err!r}"

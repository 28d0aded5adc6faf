"""What an actor is to do and when: a list of commands, decided before anything runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """A program to be run once.

    Attributes:
        at_s: when it starts, seconds after the recording does.
        argv: the program and its arguments.
        timeout_s: it is ended after so long.
        label: what is counted in the report, such as "web_page" or "nmap_syn".
        n_connections: how many connections it is expected to make.
    """

    at_s: float
    argv: tuple[str, ...]
    timeout_s: float
    label: str
    n_connections: int = 1

    def later(self, seconds: float) -> Command:
        """The same, started later."""
        return replace(self, at_s=round(self.at_s + seconds, 3))


@dataclass(frozen=True, slots=True)
class Script:
    """All that an actor does.

    Attributes:
        commands: in the order in which they start.
        n_parallel: so many run at once; others wait for their turn.
        max_packets: when the actor has sent so many, all that it runs is ended.
        end_s: no command starts later, and those that still run are ended.
    """

    commands: tuple[Command, ...]
    n_parallel: int
    max_packets: int
    end_s: float

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)))


def load_script(path: Path) -> Script:
    """Read what `Script.save` wrote."""
    found = json.loads(path.read_text())
    commands = tuple(
        Command(**{**command, "argv": tuple(command["argv"])}) for command in found.pop("commands")
    )
    return Script(commands, **found)


def in_order(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Sorted by start; those of one moment keep their order."""
    return tuple(sorted(commands, key=lambda command: command.at_s))


def shell(text: str, *arguments: str) -> tuple[str, ...]:
    """A shell line that finds its arguments in $1, $2, ...; none is ever read as code."""
    return ("sh", "-c", text, "sh", *arguments)


def duration_s(commands: Sequence[Command]) -> float:
    """When the last of them has to be over, seconds."""
    return max((command.at_s + command.timeout_s for command in commands), default=0.0)

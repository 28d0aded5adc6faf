"""A visit: what a client does at once, with sizes, names and pauses drawn by a generator."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from lab.scene import N_PAGES, Scene

CURL = ("curl", "-sS", "--connect-timeout", "2", "--max-time", "12")


@dataclass(frozen=True, slots=True)
class Visit:
    """A command of a client.

    Attributes:
        argv: the program and its arguments.
        n_connections: how many connections it makes, about.
        timeout_s: it is ended after so long.
    """

    argv: tuple[str, ...]
    n_connections: int = 1
    timeout_s: float = 15.0


Make = Callable[[Scene, random.Random], Visit]


def page_name(rng: random.Random) -> str:
    """A page's name; a few are asked for much more often than the rest."""
    return f"page{min(int(rng.expovariate(0.08)), N_PAGES - 1):02d}.html"

"""What an attack is: its tool, its actors, its bounds and its script."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.addresses import Role, forged_roles
from lab.scene import Scene
from lab.script import Command
from lab.services import SERVERS

Scripts = dict[str, list[Command]]
"""What each actor of an attack does, in seconds after the attack begins."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A kind of attack.

    Attributes:
        script: what its actors do; its name is the kind, which is also the attacker's name.
        tool: the program that does it.
        lasts_s: everything of it is ended after so long.
        max_packets: each of its actors may send so many.
        summary: what it does, for `docs/lab.md`.
        n_parallel: commands that an actor runs at once.
        helpers: further actors, and the service each of them offers ("" for none).
        is_forged: True if its packets bear addresses that nobody has.
    """

    script: Callable[[Scene, random.Random], Scripts]
    tool: str
    lasts_s: float
    max_packets: int
    summary: str
    n_parallel: int = 2
    helpers: Mapping[str, str] = field(default_factory=dict)
    is_forged: bool = False

    @property
    def kind(self) -> str:
        """Its name."""
        return self.script.__name__

    @property
    def actors(self) -> list[str]:
        """All actors with a host."""
        return [self.kind, *self.helpers]

    @property
    def roles(self) -> list[Role]:
        """All addresses that belong to it."""
        forged = forged_roles(self.kind) if self.is_forged else []
        return [*(Role(actor, self.kind) for actor in self.actors), *forged]


def command(kind: str, *argv: str, at_s: float = 0.0, timeout_s: float = 60.0) -> Command:
    """A command of an attack; the end of the attack ends it if its timeout does not."""
    return Command(round(at_s, 3), argv, timeout_s, kind)


def some_server(scene: Scene, rng: random.Random) -> str:
    """The address of a server that everybody uses."""
    return scene.address(rng.choice(list(SERVERS)))


def some_web(scene: Scene, rng: random.Random) -> str:
    """The address of a web server."""
    return scene.address(rng.choice(("web1", "web2")))


def forge(kind: str, target: str, **options: object) -> tuple[str, ...]:
    """The command that sends forged packets of a kind of `lab.forge`."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return (sys.executable, "-m", "lab.forge", kind, target, *flags)

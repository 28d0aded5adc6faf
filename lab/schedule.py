"""Who does what and when, decided from a seed before anything runs, and bounded in time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from lab.addresses import Role
from lab.attacks.attack import Attack
from lab.clients.catalog import VISITS
from lab.scene import Scene
from lab.script import Command, Script, in_order
from lab.services import SERVERS

N_LANES = 4
"""So many attacks run at once; each takes the next lane that is free."""
CLIENT_MAX_PACKETS = 400_000
N_CLIENT_PARALLEL = 8
LAST_VISIT_S = 12.0
"""No visit begins in the last seconds of a recording, so that few are cut off."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is recorded.

    Attributes:
        n_connections: normal connections, about.
        n_clients: addresses that make them.
        quiet_s: normal traffic alone, before the first attack.
        gap_s: pause between attacks of one lane, at most.
        min_s: the recording lasts so long at least.
        visits: names of the visits that are made; () for all.
    """

    n_connections: int = 24_000
    n_clients: int = 14
    quiet_s: float = 60.0
    gap_s: float = 5.0
    min_s: float = 60.0
    visits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A recording, decided.

    Attributes:
        scripts: of each actor that does something, by name.
        begins_s: when each kind of attack begins.
        lasts_s: the whole recording.
    """

    scripts: dict[str, Script]
    begins_s: dict[str, float]
    lasts_s: float


def roles_of(attacks: Sequence[Attack], size: Size) -> list[Role]:
    """Everybody who needs an address."""
    roles = [Role(server) for server in SERVERS]
    roles += [Role(name) for name in client_names(size)]
    roles += [Role("gone", has_host=False)]
    return roles + [role for attack in attacks for role in attack.roles]


def client_names(size: Size) -> list[str]:
    """The clients of a recording."""
    return [f"client{i:02d}" for i in range(size.n_clients)]


def make_schedule(scene: Scene, attacks: Sequence[Attack], size: Size) -> Schedule:
    """Lay attacks into lanes and visits over the whole time; the same for the same seed."""
    begins_s = _lanes(scene.seed, attacks, size)
    ends_s = [begins_s[attack.kind] + attack.lasts_s for attack in attacks]
    lasts_s = max([size.min_s, *(end_s + LAST_VISIT_S for end_s in ends_s)])
    scripts = {}
    for attack in attacks:
        scripts.update(_attack_scripts(scene, attack, begins_s[attack.kind]))
    scripts.update(_client_scripts(scene, size, lasts_s))
    return Schedule(scripts, begins_s, lasts_s)


def _lanes(seed: int, attacks: Sequence[Attack], size: Size) -> dict[str, float]:
    """When each attack begins: the long ones early, else in random order."""
    rng = random.Random(f"lanes {seed}")
    order = list(attacks)
    rng.shuffle(order)
    order.sort(key=lambda attack: attack.lasts_s < 60)
    free_s = [size.quiet_s] * N_LANES
    begins_s = {}
    for attack in order:
        lane = min(range(N_LANES), key=lambda i: free_s[i])
        begin_s = free_s[lane] + rng.uniform(0.0, size.gap_s)
        begins_s[attack.kind] = round(begin_s, 3)
        free_s[lane] = begin_s + attack.lasts_s
    return begins_s


def _attack_scripts(scene: Scene, attack: Attack, begin_s: float) -> dict[str, Script]:
    rng = random.Random(f"{attack.kind} {scene.seed}")
    end_s = begin_s + attack.lasts_s
    return {
        actor: Script(
            in_order(command.later(begin_s) for command in commands),
            attack.n_parallel,
            attack.max_packets,
            end_s,
        )
        for actor, commands in attack.script(scene, rng).items()
    }


def _client_scripts(scene: Scene, size: Size, lasts_s: float) -> dict[str, Script]:
    """Visits at random moments until there are enough connections, dealt out to the clients.

    Some clients are busier than others, and visits come in clusters: a busy client has another
    visit soon after the one before.
    """
    rng = random.Random(f"clients {scene.seed}")
    names = client_names(size)
    busyness = [rng.uniform(0.5, 2.0) for _ in names]
    makes = [make for make in VISITS if not size.visits or make.__name__ in size.visits]
    weights = [VISITS[make] for make in makes]
    commands: dict[str, list[Command]] = {name: [] for name in names}
    n_connections = 0
    while n_connections < size.n_connections:
        name = rng.choices(names, busyness)[0]
        at_s = rng.uniform(0.5, max(1.0, lasts_s - LAST_VISIT_S))
        for make in rng.choices(makes, weights, k=rng.choice((1, 1, 1, 2, 4))):
            visit = make(scene, rng)
            label, count = make.__name__, visit.n_connections
            at_s = min(at_s + rng.expovariate(1.0), lasts_s - LAST_VISIT_S / 2)
            commands[name].append(
                Command(round(at_s, 3), visit.argv, visit.timeout_s, label, count)
            )
            n_connections += count
    return {
        name: Script(in_order(given), N_CLIENT_PARALLEL, CLIENT_MAX_PACKETS, lasts_s)
        for name, given in commands.items()
    }

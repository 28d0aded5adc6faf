"""Visits to web servers, and to what is not there."""

from __future__ import annotations

import random

from lab.clients.visit import CURL, Visit, page_name
from lab.scene import N_BIG, N_PAGES, WORDS, Scene
from lab.script import shell
from lab.services import SERVERS


def _web(scene: Scene, rng: random.Random) -> str:
    return f"http://{scene.address(rng.choice(('web1', 'web2')))}"


def web_page(scene: Scene, rng: random.Random) -> Visit:
    """A page and what belongs to it, each over a connection of its own, some at a time."""
    web, n_files = _web(scene, rng), rng.randrange(3, 9)
    urls = [f"{web}/{page_name(rng)}" for _ in range(n_files)]
    return Visit((*CURL, "-H", "Connection: close", "-Z", "--parallel-max", "3", *urls), n_files)


def web_burst(scene: Scene, rng: random.Random) -> Visit:
    """A crawler or a build: dozens of files at once."""
    web, n_files = _web(scene, rng), rng.randrange(25, 45)
    urls = [f"{web}/page{rng.randrange(N_PAGES):02d}.html" for _ in range(n_files)]
    return Visit((*CURL, "-H", "Connection: close", "-Z", "--parallel-max", "12", *urls), n_files)


def web_reuse(scene: Scene, rng: random.Random) -> Visit:
    """Several pages over one connection."""
    web = _web(scene, rng)
    return Visit((*CURL, *(f"{web}/{page_name(rng)}" for _ in range(rng.randrange(2, 12)))))


def web_poll(scene: Scene, rng: random.Random) -> Visit:
    """A dashboard that asks again and again over one connection."""
    urls = [f"{_web(scene, rng)}/api/?id={rng.randrange(900)}"] * rng.randrange(3, 9)
    return Visit((*CURL, "--rate", "60/m", *urls), timeout_s=20.0)


def web_large(scene: Scene, rng: random.Random) -> Visit:
    """A large download, often over a slow line."""
    url = f"{_web(scene, rng)}/big{rng.randrange(N_BIG)}.bin"
    return Visit((*CURL, "--limit-rate", rng.choice(("400k", "900k", "9m")), url))


def web_form(scene: Scene, rng: random.Random) -> Visit:
    """A question with parameters, as programs ask."""
    return Visit((*CURL, f"{_web(scene, rng)}/api/?id={rng.randrange(10_000)}"))


def web_upload(scene: Scene, rng: random.Random) -> Visit:
    """A document or a picture is handed in."""
    size = 0 if rng.random() < 0.75 else 1
    return Visit(
        (*CURL, "-T", str(scene.upload(size)), f"{_web(scene, rng)}/up/{rng.getrandbits(20)}")
    )


def web_missing(scene: Scene, rng: random.Random) -> Visit:
    """A link that leads nowhere."""
    return Visit((*CURL, f"{_web(scene, rng)}/{rng.choice(WORDS)}/{rng.choice(WORDS)}.html"))


def web_member(scene: Scene, rng: random.Random) -> Visit:
    """A page behind a password, which is mistyped now and then."""
    url = f"{_web(scene, rng)}/member/{page_name(rng)}"
    right, wrong = (f"ana:{password}" for password in (scene.passwords["ana"], "an-old-one"))
    if rng.random() < 0.3:
        text = 'curl -sS --max-time 5 -u "$1" "$3"; sleep 0.6; curl -sS --max-time 5 -u "$2" "$3"'
        return Visit(shell(text, wrong, right, url), 2)
    return Visit((*CURL, "-u", right, url))


def refused(scene: Scene, rng: random.Random) -> Visit:
    """A service that is not there, at a server that is."""
    server, port = rng.choice(list(SERVERS)), rng.choice((443, 8080, 8443, 5432, 3306, 143))
    return Visit((*CURL, f"http://{scene.address(server)}:{port}/"))


def gone(scene: Scene, rng: random.Random) -> Visit:
    """A machine that is switched off, and does not answer."""
    return Visit((*CURL, f"http://{scene.address('gone')}:{rng.choice((80, 631, 9100))}/"))

"""What services, clients and attacks have in common: names, passwords, files and folders."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from lab.addresses import AddressPlan
from lab.processes import run

DOMAIN = "lab.test"
"""The domain of all names; `.test` is reserved and exists nowhere (RFC 6761)."""
TUNNEL = "t.lab.test"
"""Questions about names below go to the far end of the DNS tunnel."""

USERS = ("ana", "boris", "chen", "dalia", "emil", "farah", "goran", "hana")
WEAK_USER = "test"
"""Its password is in the lists of those who guess."""
WEAK_PASSWORDS = (
    *("123456", "password", "12345678", "qwerty", "111111", "letmein", "dragon", "monkey"),
    *("football", "iloveyou", "admin", "welcome", "login", "abc123", "starwars", "passw0rd"),
    *("master", "hello", "freedom", "whatever", "trustno1", "shadow", "sunshine", "princess"),
)
WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "inlet", "jetty"),
    *("knoll", "lagoon", "meadow", "north", "oasis", "prairie", "quarry", "ridge", "summit"),
    *("tundra", "upland", "valley", "willow", "yard", "zephyr"),
)
N_PAGES, N_BIG, N_MAILS = 60, 6, 12
UPLOAD_BYTES = (20_000, 120_000, 500_000, 900_000)
"""Sizes of the files that are uploaded; the larger two are what exfiltration takes."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A recording's actors and belongings.

    Attributes:
        seed: everything random follows from it.
        plan: who has which address.
        folder: a folder of the recording's own, removed at its end.
        passwords: of each user, by name.
    """

    seed: int
    plan: AddressPlan
    folder: Path
    passwords: dict[str, str]

    def address(self, actor: str) -> str:
        """The address of an actor."""
        return self.plan.addresses[actor]

    @property
    def key(self) -> Path:
        """The private key that every user's account accepts."""
        return self.folder / "client_key"

    @property
    def site(self) -> Path:
        """The files of all web servers."""
        return self.folder / "site"

    def upload(self, choice: int) -> Path:
        """A file to be uploaded, of `UPLOAD_BYTES[choice]`."""
        return self.folder / f"upload{choice}"

    def message(self, choice: int) -> Path:
        """A mail to be sent, one of `N_MAILS`."""
        return self.folder / f"message{choice}"


def make_scene(seed: int, plan: AddressPlan, folder: Path) -> Scene:
    """Passwords for all users; nothing is written yet."""
    rng = random.Random(f"passwords {seed}")
    passwords = {
        user: f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{rng.randrange(1000)}" for user in USERS
    }
    passwords[WEAK_USER] = rng.choice(WEAK_PASSWORDS)
    return Scene(seed, plan, folder, passwords)


def write_belongings(scene: Scene) -> None:
    """Write pages, mails, uploads, word lists and the key."""
    rng = random.Random(f"belongings {scene.seed}")
    scene.site.mkdir()
    for i in range(N_PAGES):
        _write_text(scene.site / f"page{i:02d}.html", int(rng.lognormvariate(8.7, 0.9)), rng)
    for i in range(N_BIG):
        (scene.site / f"big{i}.bin").write_bytes(rng.randbytes(rng.randrange(800_000, 2_500_000)))
    for i, n_bytes in enumerate(UPLOAD_BYTES):
        scene.upload(i).write_bytes(rng.randbytes(n_bytes))
    for i in range(N_MAILS):
        _write_text(scene.message(i), int(rng.lognormvariate(8.0, 1.2)), rng)
    (scene.folder / "users.txt").write_text("\n".join([WEAK_USER, "root", "admin", *USERS]))
    (scene.folder / "passwords.txt").write_text("\n".join(WEAK_PASSWORDS))
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(scene.key)])


def _write_text(path: Path, n_bytes: int, rng: random.Random) -> None:
    """Words in lines, about so many bytes."""
    n_words = max(10, n_bytes // 7)
    words = rng.choices(WORDS, k=n_words)
    lines = [" ".join(words[i : i + 10]) for i in range(0, n_words, 10)]
    path.write_text(f"Subject: {rng.choice(WORDS)}\n\n" + "\n".join(lines) + "\n")

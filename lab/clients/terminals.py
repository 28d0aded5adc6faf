"""People at terminals: SSH and telnet."""

from __future__ import annotations

import random

from lab.clients.visit import Visit
from lab.scene import USERS, WORDS, Scene
from lab.script import shell

SSH_OPTIONS = (
    *("-F", "/dev/null", "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no"),
    *("-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=5"),
)


def ssh_command(scene: Scene, rng: random.Random) -> Visit:
    """A command over SSH by key: some short, some long, some with much output."""
    command = rng.choice(
        (
            *("id; uptime", "ls -la", "cat notes.txt", "head -c 60000 /dev/urandom"),
            "for i in 1 2 3 4; do date; sleep 0.7; done",
        )
    )
    target = f"{rng.choice(USERS)}@{scene.address('ssh1')}"
    return Visit(
        ("ssh", *SSH_OPTIONS, "-i", str(scene.key), "-o", "BatchMode=yes", target, command)
    )


def ssh_password(scene: Scene, rng: random.Random) -> Visit:
    """A login by password; one in three mistypes it first."""
    user = rng.choice(USERS)
    target = f"{user}@{scene.address('ssh1')}"
    once = 'sshpass -p "$1" ssh $3 -o PubkeyAuthentication=no "$4" "cat notes.txt"; '
    again = once.replace("$1", "$2")
    right, wrong = scene.passwords[user], rng.choice(WORDS)
    options = " ".join(SSH_OPTIONS)
    if rng.random() < 1 / 3:
        return Visit(shell(once + "sleep 0.5; " + again, wrong, right, options, target), 2)
    return Visit(shell(again, "", right, options, target))


def ssh_copy(scene: Scene, rng: random.Random) -> Visit:
    """A file is copied to the server."""
    target = f"{rng.choice(USERS)}@{scene.address('ssh1')}:copy{rng.randrange(20)}"
    source = str(scene.upload(rng.choice((0, 0, 1))))
    return Visit(("scp", *SSH_OPTIONS, "-q", "-i", str(scene.key), source, target))


def telnet_login(scene: Scene, rng: random.Random) -> Visit:
    """A terminal: some commands with pauses between them."""
    user = rng.choice(USERS)
    typed = rng.choices(("ls -la", "id", "cat notes.txt", "date", "pwd"), k=rng.randrange(1, 6))
    keys = "".join(f"sleep {rng.uniform(0.1, 0.6):.2f}; echo '{line}'; " for line in typed)
    text = f'(sleep 0.5; echo "$1"; sleep 0.4; echo "$2"; {keys}sleep 0.2; echo exit; sleep 0.2)'
    address = scene.address("telnet1")
    return Visit(shell(text + ' | telnet "$3"', user, scene.passwords[user], address))


def telnet_mistyped(scene: Scene, rng: random.Random) -> Visit:
    """A wrong password, then the right one at the second prompt."""
    user = rng.choice(USERS)
    text = (
        '(sleep 0.5; echo "$1"; sleep 0.4; echo "$2"; sleep 0.6; echo "$1"; sleep 0.4; echo "$3"; '
        'sleep 0.4; echo id; sleep 0.2; echo exit; sleep 0.2) | telnet "$4"'
    )
    address = scene.address("telnet1")
    return Visit(shell(text, user, rng.choice(WORDS), scene.passwords[user], address))

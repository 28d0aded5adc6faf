"""Files and mail: FTP and SMTP."""

from __future__ import annotations

import random

from lab.clients.visit import CURL, Visit, page_name
from lab.scene import DOMAIN, N_MAILS, USERS, WORDS, Scene
from lab.script import shell


def ftp_fetch(scene: Scene, rng: random.Random) -> Visit:
    """A file or a list from the FTP server, by a user or by anybody."""
    user, ftp = rng.choice(USERS), scene.address("ftp1")
    own = f"ftp://{user}:{scene.passwords[user]}@{ftp}/"
    path = rng.choice((own, own + "notes.txt", own + "data.bin", f"ftp://{ftp}/{page_name(rng)}"))
    return Visit((*CURL, path), 2)


def ftp_store(scene: Scene, rng: random.Random) -> Visit:
    """A file is handed in."""
    user, size = rng.choice(USERS), rng.choice((0, 0, 1))
    own = f"ftp://{user}:{scene.passwords[user]}@{scene.address('ftp1')}/"
    return Visit((*CURL, "-T", str(scene.upload(size)), f"{own}up{rng.randrange(20)}"), 2)


def ftp_visit(scene: Scene, rng: random.Random) -> Visit:
    """A look around and some files, by an interactive client."""
    user, n_files = rng.choice(USERS), rng.randrange(1, 4)
    lines = ["set net:timeout 4; set net:max-retries 1; ls"]
    lines += ["cat notes.txt"] * n_files + ["bye"]
    login = f"{user},{scene.passwords[user]}"
    argv = ("lftp", "-u", login, "-e", "; ".join(lines), scene.address("ftp1"))
    return Visit(argv, n_files + 2)


def ftp_mistyped(scene: Scene, rng: random.Random) -> Visit:
    """A wrong password, then the right one."""
    user = rng.choice(USERS)
    text = 'curl -sS --max-time 6 -u "$1" "$3"; sleep 0.4; curl -sS --max-time 6 -u "$2" "$3"'
    wrong, right = f"{user}:{rng.choice(WORDS)}", f"{user}:{scene.passwords[user]}"
    return Visit(shell(text, wrong, right, f"ftp://{scene.address('ftp1')}/notes.txt"), 3)


def mail_sent(scene: Scene, rng: random.Random) -> Visit:
    """A message to one or a few; one in ten to somebody whom the server does not serve."""
    server = f"smtp://{scene.address('mail1')}/pc{rng.randrange(30)}.{DOMAIN}"
    domain = DOMAIN if rng.random() < 0.9 else "example.com"
    to: list[str] = []
    for user in rng.sample(USERS, rng.randrange(1, 4)):
        to += ["--mail-rcpt", f"{user}@{domain}"]
    sender = ("--mail-from", f"{rng.choice(USERS)}@{DOMAIN}")
    return Visit((*CURL, server, *sender, *to, "-T", str(scene.message(rng.randrange(N_MAILS)))))


def mail_newsletter(scene: Scene, rng: random.Random) -> Visit:
    """A program that sends by swaks, with a slow handshake and many receivers."""
    to = ",".join(f"{user}@{DOMAIN}" for user in USERS)
    argv = ("swaks", "--server", scene.address("mail1"), "--from", f"news@{DOMAIN}", "--to", to)
    return Visit((*argv, "--body", " ".join(rng.choices(WORDS, k=300)), "--hide-all"))

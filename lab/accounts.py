"""Users of a server, seen by that server alone.

Their names and passwords are laid over the machine's own files in the mount namespace in which the
server runs; the machine knows nothing of them. No password of the machine is copied.
"""

from __future__ import annotations

import os
from pathlib import Path

from lab.processes import run
from lab.scene import Scene

FIRST_ID = 42_000
PAM = """\
auth    required pam_unix.so nodelay
account required pam_unix.so
session required pam_unix.so
"""
LOGIN_DEFS = "LOGIN_RETRIES 2\nLOGIN_TIMEOUT 6\n"
"""A terminal is hung up after two wrong passwords, or none for a while (hydra waits for ever)."""
LAID_OVER = {
    "passwd": "/etc/passwd",
    "group": "/etc/group",
    "shadow": "/etc/shadow",
    "pam": "/etc/pam.d/login",
    "pam_ftp": "/etc/pam.d/vsftpd",
    "login.defs": "/etc/login.defs",
}
"""Files of a server's folder, and what they cover."""
COVER = "".join(f'mount --bind "$1/{own}" {covered} && ' for own, covered in LAID_OVER.items())
HOMES = "/srv"
HOUSE = (
    "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log && "
    f'mkdir -p /run/sshd /run/vsftpd/empty && mount --bind "$1/home" {HOMES} && '
    + COVER
    + 'cd "$1" && shift && exec "$@"'
)
"""Shell text that furnishes a mount namespace and becomes the server: $1 its folder, then argv."""


def in_house(folder: Path, argv: tuple[str, ...]) -> list[str]:
    """The command that runs a server among its own users, leaving no trace in /run and /var/log.

    `ip netns exec`, which has to come before it, gives it a mount namespace of its own.
    """
    return ["sh", "-c", HOUSE, "sh", str(folder), *argv]


def write_accounts(scene: Scene, folder: Path) -> None:
    """Write the files of `LAID_OVER` and the users' homes."""
    names = [(name, FIRST_ID + i) for i, name in enumerate(scene.passwords)]
    public_key = scene.key.with_suffix(".pub").read_text()
    shadow = ["root:*:19000:0:99999:7:::"]
    passwd = Path("/etc/passwd").read_text().splitlines()
    group = Path("/etc/group").read_text().splitlines()
    for name, number in names:
        home = folder / "home" / name
        (home / ".ssh").mkdir(parents=True)
        (home / ".ssh" / "authorized_keys").write_text(public_key)
        (home / "notes.txt").write_text(f"{name}\n" * 200)
        (home / "data.bin").write_bytes(scene.upload(0).read_bytes())
        for path in (home, *home.rglob("*")):
            os.chown(path, number, number)
        passwd.append(f"{name}:x:{number}:{number}::{HOMES}/{name}:/bin/sh")
        group.append(f"{name}:x:{number}:")
        shadow.append(f"{name}:{_hashed(scene.passwords[name])}:19000:0:99999:7:::")
    (folder / "passwd").write_text("\n".join(passwd) + "\n")
    (folder / "group").write_text("\n".join(group) + "\n")
    (folder / "shadow").write_text("\n".join(shadow) + "\n")
    (folder / "shadow").chmod(0o600)
    (folder / "pam").write_text(PAM)
    (folder / "pam_ftp").write_text(PAM)
    (folder / "login.defs").write_text(LOGIN_DEFS)


def _hashed(password: str) -> str:
    """As in /etc/shadow; a cheap kind, for there are thousands of logins."""
    return run(["openssl", "passwd", "-1", "-stdin"], text=password).strip()

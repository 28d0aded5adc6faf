"""Two network namespaces joined by a wire, for as long as something is measured.

The machine's own network is never touched: the wire is made inside one of them, leads to the other
alone, has no address, and no packet but those that are sent over it.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

PREFIX = "oddflow-wire-"
"""Begins the names of the namespaces; the id of the process that made them follows."""
END = "wire0"
"""The interface at either end of the wire."""
_IP = ("ip",)
_STOPS = (signal.SIGINT, signal.SIGTERM)


class Wire(NamedTuple):
    """Names of the namespaces at the two ends."""

    near: str
    far: str


@contextmanager
def wire() -> Iterator[Wire]:
    """Make the namespaces; whatever happens, remove them.

    Raises:
        RuntimeError: the machine does not let us (root and Linux network namespaces are needed).
    """
    ends = Wire(f"{PREFIX}{os.getpid()}-near", f"{PREFIX}{os.getpid()}-far")
    try:
        for name in ends:
            ip("netns", "add", name)
            inside(name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        ip(
            *("-n", ends.near, "link", "add", END, "type", "veth"),
            *("peer", "name", END, "netns", ends.far),
        )
        for name in ends:
            ip("-n", name, "link", "set", END, "up")
        yield ends
    finally:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        for name in ends:
            subprocess.run([*_IP, "netns", "del", name], check=False, capture_output=True)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def inside(name: str, *command: str) -> None:
    """Run a command in a namespace.

    Raises:
        RuntimeError: it fails.
    """
    ip("netns", "exec", name, *command)


def ip(*arguments: str) -> None:
    """Run iproute2's `ip`.

    Raises:
        RuntimeError: it fails, or is not installed.
    """
    try:
        subprocess.run([*_IP, *arguments], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            f"ip {' '.join(arguments)}: expected success, received {error.stderr.strip()!r}; "
            "network namespaces need Linux and root"
        ) from error
    except OSError as error:
        raise RuntimeError(f"ip: expected iproute2 to be installed, received {error}") from error

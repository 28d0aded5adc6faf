"""Records every packet that crosses the bridge, whole."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.network import BRIDGE, SWITCH, Network
from lab.processes import stop

MAX_PACKETS = 4_000_000
"""A recording stops there, whatever happens."""
BUFFER_KIB = 65_536
WAIT_S = 10.0


@dataclass(slots=True)
class Capture:
    """A capture file and, when it is complete, what tcpdump said of it.

    Attributes:
        path: the file, classic pcap in microseconds.
        n_captured: packets in it.
        n_dropped: packets that the kernel lost.
    """

    path: Path
    n_captured: int = 0
    n_dropped: int = 0


@contextmanager
def capturing(network: Network, path: Path, log: Path) -> Iterator[Capture]:
    """Capture until the block ends.

    Raises:
        RuntimeError: tcpdump does not start, or does not say what it has captured.
    """
    argv = ["tcpdump", "-i", BRIDGE, "-n", "-s", "0", "-B", str(BUFFER_KIB), "-Z", "root"]
    argv += ["-c", str(MAX_PACKETS), "-w", str(path)]
    process = network.start(SWITCH, argv, log=log)
    capture = Capture(path)
    try:
        _await(process, log, "listening on")
        yield capture
        time.sleep(1.0)  # what is on its way
    finally:
        stop(process)
    text = log.read_text()
    capture.n_captured = _count(text, "captured")
    capture.n_dropped = _count(text, "dropped by kernel")


def _await(process: subprocess.Popen[bytes], log: Path, sign: str) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while sign not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise RuntimeError(
                f"tcpdump: expected {sign!r} within {WAIT_S} s, received {log.read_text()!r}"
            )
        time.sleep(0.05)


def _count(text: str, what: str) -> int:
    found = re.findall(rf"(\d+) packets? {what}", text)
    if not found:
        raise RuntimeError(f"tcpdump: expected how many packets were {what}, received {text!r}")
    return int(found[-1])

"""`oddflow watch` at a wire until stdin ends, and what it saw: JSON as of `ring_receiver`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.ring_receiver import tell
from benchmarks.wire import END

OPEN_RINGS = Path("/proc/net/packet")
"""A line for each in this namespace, after a heading."""
DROPPED = "packet dropped by the kernel"


def main() -> None:
    """Say when listening begins, and at the end what came."""
    n_blocks, model = sys.argv[1:]
    arguments = ["watch", model, "-i", END, "--promiscuous", "--ring-mib", n_blocks]
    arguments += ["--json", "--quiet", "-o", os.devnull]
    with subprocess.Popen(
        [sys.executable, "-c", "from oddflow.cli.app import main; main()", *arguments],
        stderr=subprocess.PIPE,
        text=True,
    ) as watch:
        while watch.poll() is None and len(OPEN_RINGS.read_text().splitlines()) < 2:
            time.sleep(0.1)
        tell({"is_ready": True})
        before_s = cpu_s(watch.pid)
        sys.stdin.read()
        took_s = cpu_s(watch.pid) - before_s
        watch.terminate()
        said = watch.communicate()[1]
    summary = json.loads(said.splitlines()[-1])
    dropped = summary["skipped"].pop(DROPPED, 0)
    others = sum(summary["skipped"].values())
    tell(
        {
            "seen": summary["n_units"] + dropped,
            "dropped": dropped,
            "decoded": summary["n_units"] - others,
            "others": others,
            "connections": summary["n_connections"],
            "alerts": summary["n_alerts"],
            "cpu_s": took_s,
        }
    )


def cpu_s(pid: int) -> float:
    """Seconds that a process has spent on all cores."""
    of_user, of_system = Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[11:13]
    return (int(of_user) + int(of_system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

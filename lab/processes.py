"""Starting and ending programs. Only processes that were started here are ended, by their ids."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")
"""Put before a command, has the kernel end it when whoever started it is no more."""


def run(argv: Sequence[str], *, timeout_s: float = 20.0, text: str | None = None) -> str:
    """What a program prints; `text` is its input.

    Raises:
        RuntimeError: it cannot be started, fails, or takes too long. Says what it printed.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own commands, never a shell's text
            list(argv), input=text, capture_output=True, text=True, timeout=timeout_s, check=True
        )
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            f"{' '.join(argv)}: expected success, received exit code {error.returncode}: "
            f"{(error.stderr or error.stdout).strip()[-500:]}"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{' '.join(argv)}: expected it to run, received {error}") from error
    return done.stdout


def start(
    argv: Sequence[str],
    *,
    log: Path,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that ends with us at the latest; all that it prints goes to `log`.

    `environment` is added to ours, without its proxies, which no namespace reaches; `folder` is
    where it runs.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own commands, never a shell's text
            [*DIE_WITH_PARENT, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**_without_proxies(), **(environment or {})},
            start_new_session=True,
        )


def _without_proxies() -> dict[str, str]:
    return {name: v for name, v in os.environ.items() if not name.lower().endswith("_proxy")}


def stop(process: subprocess.Popen[bytes], *, patience_s: float = 5.0) -> None:
    """Ask a process that was started here to end, and end it if it does not."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def processes_inside(namespace_files: Iterable[Path]) -> list[int]:
    """Ids of all processes that are in one of the given network namespaces.

    The namespaces are our own, made for one recording: whatever is in them was started by it.
    """
    inodes = {file.stat().st_ino for file in namespace_files if file.exists()}
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                inode = (process / "ns" / "net").stat().st_ino
            except OSError:  # it ended meanwhile
                continue
            if inode in inodes:
                found.append(int(process.name))
    return found


def end_all_inside(namespace_files: Sequence[Path], *, patience_s: float = 10.0) -> None:
    """End every process in our own namespaces, and wait until they are gone.

    Raises:
        RuntimeError: some are still there when patience ends.
    """
    deadline_s = time.monotonic() + patience_s
    while remaining := processes_inside(namespace_files):
        for pid in remaining:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"expected no process in the lab's namespaces, received {remaining}")
        time.sleep(0.05)

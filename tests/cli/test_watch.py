"""`oddflow watch`: what grows gives the alerts that the whole gives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oddflow.cli.watching import from_interface
from oddflow.ingest.recording import Portion, read_recording
from oddflow.ingest.ring import MAX_BLOCKS, MIN_BLOCKS, LiveError
from tests.cli.running import Run, refused
from tests.cli.watched import LINES, N_LINES, calm_model, meanwhile
from tests.ingest import logs


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, small_settings: Path) -> Callable[[Run], Path]:
    """Trains a model of calm connections once, with the first `run` that asks."""
    folder = tmp_path_factory.mktemp("watch")

    return lambda run: calm_model(run, folder, small_settings)


def whole(run: Run, model: Path, tmp_path: Path) -> list[dict[str, object]]:
    """Alerts on the whole log."""
    path = tmp_path / "whole.log"
    path.write_text("".join(LINES))
    alerts = run("detect", model, path, "-q").lines()
    assert 5 < len(alerts) < N_LINES / 2
    return alerts


def test_a_log_that_is_there_gives_the_alerts_of_the_whole(
    run: Run, model: Callable[[Run], Path], tmp_path: Path
) -> None:
    path = tmp_path / "conn.log"
    path.write_text("".join(LINES))
    ran = run("watch", model(run), "--follow", path, "--seconds", 1, "--json")
    assert ran.lines() == whole(run, model(run), tmp_path)
    summary = json.loads(ran.err.strip().splitlines()[-1])
    assert summary["n_connections"] == N_LINES
    assert summary["n_alerts"] == len(ran.lines())


def test_so_does_one_that_is_written_line_by_line_and_rotated(
    run: Run, model: Callable[[Run], Path], tmp_path: Path
) -> None:
    path, alerts = tmp_path / "conn.log", tmp_path / "alerts.json"
    expected = whole(run, model(run), tmp_path)
    path.write_text("".join(LINES[:40]))

    def write() -> None:
        while not alerts.exists() or not alerts.stat().st_size:
            time.sleep(0.05)  # until it has begun
        with path.open("a") as log:
            for line in LINES[40:90]:
                log.write(line[:40])
                log.flush()
                log.write(line[40:])
                log.flush()
        path.rename(tmp_path / "conn.2026-01-01-00-00-00.log")
        path.write_text("".join(LINES[90:150]))
        time.sleep(1)
        with path.open("a") as log:
            log.write("".join(LINES[150:]))

    with meanwhile(write):
        run("watch", model(run), "--follow", path, "--seconds", 8, "-o", alerts, "-q")
    assert [json.loads(line) for line in alerts.read_text().splitlines()] == expected


def connect(sensor: socket.socket, path: Path) -> None:
    """Connect as soon as somebody listens: the path is there a little earlier."""
    for _ in range(600):
        try:
            sensor.connect(str(path))
            return
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.05)
    raise AssertionError(f"nobody listens at {path}")


def test_so_does_a_socket(run: Run, model: Callable[[Run], Path], tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    expected = whole(run, model(run), tmp_path)

    def write() -> None:
        while not path.exists():
            time.sleep(0.05)
        with socket.socket(socket.AF_UNIX) as sensor:
            connect(sensor, path)
            for start in range(0, N_LINES, 7):
                sensor.sendall("".join(LINES[start : start + 7]).encode())
                time.sleep(0.01)

    with meanwhile(write):
        ran = run("watch", model(run), "--socket", path, "--seconds", 4, "-q")
    assert ran.lines() == expected
    assert not path.exists()


def test_writers_into_a_socket_have_a_header_each(
    run: Run, model: Callable[[Run], Path], tmp_path: Path
) -> None:
    """One writes fields with a header, another events of Suricata, in turns."""
    path = tmp_path / "eve.sock"
    rows = [logs.fields(logs.ROW | {"uid": f"C{i}"}) for i in range(20)]

    def write() -> None:
        while not path.exists():
            time.sleep(0.05)
        with socket.socket(socket.AF_UNIX) as zeek, socket.socket(socket.AF_UNIX) as other:
            for sensor in (zeek, other):
                connect(sensor, path)
            zeek.sendall(logs.header([*logs.TYPES]).encode())
            for row in rows:
                zeek.sendall(row.encode())
                time.sleep(0.02)
                other.sendall(logs.jsonl([logs.FLOW]))
                time.sleep(0.02)

    with meanwhile(write):
        ran = run("watch", model(run), "--socket", path, "--seconds", 4, "--json")
    summary = json.loads(ran.err.strip().splitlines()[-1])
    assert summary["n_connections"] == 2 * len(rows)
    assert summary["skipped"] == {}


def test_alerts_are_added_to_a_file_under_one_header(
    run: Run, model: Callable[[Run], Path], tmp_path: Path
) -> None:
    log, path = tmp_path / "conn.log", tmp_path / "alerts.csv"
    log.write_text("".join(LINES))
    for _ in range(2):
        ran = run(
            *("watch", model(run), "--follow", log, "--seconds", 0.5, "--format", "csv"),
            *("-o", path, "-q"),
        )
        assert ran.code == 0
    lines = path.read_text().splitlines()
    assert sum(line == lines[0] for line in lines) == 1
    assert lines[1 : len(lines) // 2 + 1] == lines[len(lines) // 2 + 1 :]


def test_a_signal_ends_it_in_order(run: Run, model: Callable[[Run], Path], tmp_path: Path) -> None:
    log = tmp_path / "conn.log"
    log.write_text("".join(LINES))
    trained = model(run)

    def interrupt() -> None:
        time.sleep(3)
        os.kill(os.getpid(), signal.SIGTERM)

    with meanwhile(interrupt):
        ran = run("watch", trained, "--follow", log, "--seconds", 30)
    assert ran.code == 0
    assert len(ran.lines()) > 5


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="listening needs CAP_NET_RAW"
)
def test_packets_of_an_interface_become_alerts(run: Run, model: Callable[[Run], Path]) -> None:
    trained = model(run)

    def send() -> None:
        time.sleep(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for port in range(40_000, 40_100):
                sender.sendto(b"x" * 700, ("127.0.0.1", port))

    assert run("watch", trained, "-i", "lo", "--seconds", 0.1, "-q").code == 0  # compiles
    with meanwhile(send):
        ran = run("watch", trained, "-i", "lo", "--seconds", 4, "--json")
    summary = json.loads(ran.err.strip().splitlines()[-1])
    assert summary["n_connections"] >= 100
    assert summary["skipped"].get("packet dropped by the kernel", 0) == 0
    found = {alert["dest_port"] for alert in ran.lines() if alert["proto"] == "UDP"}
    assert len(found & set(range(40_000, 40_100))) > 50


def test_an_interface_that_goes_is_told_after_alerts_and_summary(
    run: Run, model: Callable[[Run], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def goes(*_arguments: object, **_settings: object) -> Iterator[Portion]:
        yield from read_recording(tmp_path / "whole.log")
        raise LiveError("the interface is gone")

    expected = whole(run, model(run), tmp_path)
    monkeypatch.setattr("oddflow.cli.watching.from_interface", goes)
    ran = run("watch", model(run), "-i", "lo", "--json")
    assert ran.code == 1
    assert ran.lines() == expected
    said = ran.err.splitlines()[-2:]
    assert json.loads(said[0])["n_alerts"] == len(expected)
    assert said[1] == "oddflow: error: the interface is gone"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="listening needs CAP_NET_RAW"
)
def test_who_leaves_an_interface_early_leaves_nothing_behind() -> None:
    """As a second signal does: the ring is closed, and Python's threads take turns as before."""
    threads, turn_s = threading.active_count(), sys.getswitchinterval()
    portions = from_interface("lo", lambda: False, is_promiscuous=False, n_blocks=2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        next(portions)
        for port in range(40_000, 40_100):
            sender.sendto(b"x", ("127.0.0.1", port))
        while not next(portions).n_units:
            pass
    portions.close()
    assert threading.active_count() == threads
    assert sys.getswitchinterval() == turn_s


LISTENS = """
import sys
from oddflow.cli import watching
from oddflow.cli.app import main
from oddflow.features import kdd_windows

def listens(*_arguments, **_settings):
    print(len(kdd_windows.step_all.signatures), flush=True)
    return iter(())

watching.from_interface = listens
main()
"""


def test_scoring_is_compiled_before_listening(run: Run, model: Callable[[Run], Path]) -> None:
    """What is compiled while packets come makes the kernel drop them."""
    command = [sys.executable, "-c", LISTENS, "watch", str(model(run)), "-i", "lo", "-q"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "1\n"


@pytest.mark.parametrize(
    ("size", "is_refused"),
    [(MIN_BLOCKS - 1, True), (MIN_BLOCKS, False), (MAX_BLOCKS, False), (MAX_BLOCKS + 1, True)],
)
def test_rings_that_may_be_asked_for_are_those_that_can_be_made(
    run: Run, size: int, is_refused: bool
) -> None:
    ran = run("watch", "no-such-model", "-i", "lo", "--ring-mib", size)
    assert ran.code == 2
    assert ("--ring-mib" in ran.err) == is_refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "exactly one of"),
        (("-i", "lo", "--follow", "conn.log"), "exactly one of"),
        (("--follow", "conn.log", "--netflow", "127.0.0.1:2055"), "exactly one of"),
        (("-i", "no such"), "one of the interfaces"),
        (("--follow", "."), "received a folder"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    run: Run, model: Callable[[Run], Path], arguments: tuple[str, ...], said: str
) -> None:
    refused(run("watch", model(run), *arguments, "-q", "--seconds", 1), said)

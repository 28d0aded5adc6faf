"""`oddflow watch`: what grows gives the alerts that the whole gives."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.running import Run, refused

N_LINES = 200


def zeek_line(i: int) -> str:
    """Calm connections, and now and then one that is refused at an odd port."""
    is_odd = i % 17 == 16
    return json.dumps(
        {
            "ts": 1000.0 + i,
            "uid": f"C{i}",
            "id.orig_h": "10.0.0.1",
            "id.orig_p": 2000 + i,
            "id.resp_h": "10.0.0.2",
            "id.resp_p": 31337 if is_odd else 80,
            "proto": "tcp",
            "conn_state": "REJ" if is_odd else "SF",
            "duration": 0.5 + i % 7 / 10,
            "orig_bytes": 100 + i % 13,
            "resp_bytes": 1000 + i % 11,
        }
    )


LINES = [zeek_line(i) + "\n" for i in range(N_LINES)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, small_settings: Path) -> Callable[[Run], Path]:
    """Trains a model of calm connections once, with the first `run` that asks."""
    folder = tmp_path_factory.mktemp("watch")

    def trained(run: Run) -> Path:
        path = folder / "model"
        if not path.exists():
            calm = folder / "calm.log"
            calm.write_text("".join(zeek_line(i) + "\n" for i in range(400) if i % 17 != 16))
            ran = run(
                *("train", "--records", calm, "-o", path, "--settings", small_settings),
                *("--fpr", 0.05, "-q"),
            )
            assert ran.code == 0, ran.err
        return path

    return trained


@contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Does something in another thread."""
    thread = threading.Thread(target=action)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=30)
    assert not thread.is_alive()


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


def test_so_does_a_socket(run: Run, model: Callable[[Run], Path], tmp_path: Path) -> None:
    path = tmp_path / "eve.sock"
    expected = whole(run, model(run), tmp_path)

    def write() -> None:
        while not path.exists():
            time.sleep(0.05)
        with socket.socket(socket.AF_UNIX) as sensor:
            sensor.connect(str(path))
            for start in range(0, N_LINES, 7):
                sensor.sendall("".join(LINES[start : start + 7]).encode())
                time.sleep(0.01)

    with meanwhile(write):
        ran = run("watch", model(run), "--socket", path, "--seconds", 4, "-q")
    assert ran.lines() == expected
    assert not path.exists()


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "exactly one of"),
        (("-i", "lo", "--follow", "conn.log"), "exactly one of"),
        (("-i", "no such"), "one of the interfaces"),
        (("--follow", "."), "received a folder"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    run: Run, model: Callable[[Run], Path], arguments: tuple[str, ...], said: str
) -> None:
    refused(run("watch", model(run), *arguments, "-q", "--seconds", 1), said)

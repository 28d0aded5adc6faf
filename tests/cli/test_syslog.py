"""`--syslog`: alerts arrive at a receiver on this machine, or their loss is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from oddflow.alerts.outbox import Outbox
from oddflow.alerts.syslog import SyslogSender
from tests.alerts.receivers import (
    LOOPBACK,
    Receiver,
    datagrams,
    free_port,
    messages,
    parsed,
)
from tests.cli.running import Run, refused
from tests.cli.watched import LINES, calm_model, meanwhile


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, small_settings: Path) -> Callable[[Run], Path]:
    folder = tmp_path_factory.mktemp("syslog")
    return lambda run: calm_model(run, folder, small_settings)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "conn.log"
    path.write_text("".join(LINES))
    return path


def text_of(content: bytes) -> str:
    return parsed(content)[2].decode()


def alerts_of(run: Run, model: Path, log: Path, form: str) -> list[str]:
    lines = run("detect", model, log, "-q", "--format", form).out.splitlines()
    assert len(lines) > 5
    return lines


def test_watch_sends_cef_by_udp_and_writes_nothing(
    run: Run, model: Callable[[Run], Path], log: Path
) -> None:
    expected = alerts_of(run, model(run), log, "cef")
    with datagrams(socket.AF_INET, (LOOPBACK, 0)) as receiver:
        place = f"{LOOPBACK}:{receiver.getsockname()[1]}"
        ran = run(
            *("watch", model(run), "--follow", log, "--seconds", 0.5, "--json"),
            *("--syslog", place),
        )
        found = [text_of(receiver.recv(65536)) for _ in expected]
    assert found == expected
    assert ran.out == ""
    summary = json.loads(ran.err.strip().splitlines()[-1])
    assert (summary["n_sent"], summary["n_lost"], summary["n_breaks"]) == (len(expected), 0, 0)


@pytest.mark.parametrize("command", ["watch", "detect"])
def test_another_format_by_tcp_and_a_file_beside(
    run: Run, model: Callable[[Run], Path], log: Path, tmp_path: Path, command: str
) -> None:
    ecs, path = alerts_of(run, model(run), log, "ecs"), tmp_path / "alerts"
    how = ("--follow", log, "--seconds", 0.5) if command == "watch" else (log,)
    receiver = Receiver()
    ran = run(
        *(command, model(run), *how, "-q", "--format", "ecs", "-o", path),
        *("--syslog", str(receiver.destination)),
    )
    receiver.join()
    assert ran == (0, "", "")
    assert [text_of(content) for content in messages(receiver.streams[0])] == ecs
    assert path.read_text().splitlines() == ecs


def test_detect_sends_cef_and_writes_nothing(
    run: Run, model: Callable[[Run], Path], log: Path
) -> None:
    expected = alerts_of(run, model(run), log, "cef")
    receiver = Receiver()
    ran = run("detect", model(run), log, "-q", "--syslog", str(receiver.destination))
    receiver.join()
    assert ran == (0, "", "")
    assert [text_of(content) for content in messages(receiver.streams[0])] == expected


def test_what_a_receiver_that_leaves_did_not_get_is_told(
    run: Run, model: Callable[[Run], Path], log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oddflow.cli.delivery.Outbox", partial(Outbox, patience_s=0.2))
    n_alerts = len(alerts_of(run, model(run), log, "cef"))
    listener = socket.create_server((LOOPBACK, 0))
    has_left = threading.Event()
    send = SyslogSender.send

    def leave() -> None:
        connection, _ = listener.accept()
        listener.close()
        connection.recv(10)
        connection.close()
        has_left.set()

    def send_and_see_it_leave(sender: SyslogSender, content: bytes) -> None:
        send(sender, content)
        assert has_left.wait(10)

    monkeypatch.setattr(SyslogSender, "send", send_and_see_it_leave)
    with meanwhile(leave):
        ran = run(
            *("watch", model(run), "--follow", log, "--seconds", 0.5, "--json"),
            *("--syslog", f"tcp://{LOOPBACK}:{listener.getsockname()[1]}"),
        )
    assert ran.code == 1
    summary = next(json.loads(line) for line in ran.err.splitlines() if line.startswith("{"))
    assert summary["n_sent"] + summary["n_lost"] == n_alerts
    assert summary["n_lost"] > 0
    assert f"oddflow: error: {summary['n_lost']} of {n_alerts} alerts were not deliv" in ran.err
    assert "-o FILE" in ran.err
    assert "alerts wait" in ran.err


def test_datagrams_that_nobody_takes_are_warned_of_even_if_quiet(
    run: Run, model: Callable[[Run], Path], log: Path
) -> None:
    ran = run(
        *("watch", model(run), "--follow", log, "--seconds", 0.5, "-q"),
        *("--syslog", f"{LOOPBACK}:{free_port()}"),
    )
    assert ran.err.startswith("oddflow: warning: syslog udp://")
    assert "may be lost" in ran.err


@pytest.mark.parametrize("command", ["watch", "detect"])
def test_a_receiver_that_is_not_there_is_told_at_once(
    run: Run, model: Callable[[Run], Path], log: Path, command: str
) -> None:
    how = ("--follow", log, "--seconds", 30) if command == "watch" else (log,)
    ran = run(*(command, model(run), *how, "-q"), *("--syslog", f"tcp://{LOOPBACK}:{free_port()}"))
    refused(ran, "check host and port", "that the receiver runs", code=1)


@pytest.mark.parametrize("place", ["siem:99999", "siem:0", "http://siem:514", "::1:514", ""])
@pytest.mark.parametrize("command", ["watch", "detect"])
def test_what_names_no_receiver_is_refused(
    run: Run, model: Callable[[Run], Path], log: Path, command: str, place: str
) -> None:
    how = ("--follow", log, "--seconds", 30) if command == "watch" else (log,)
    ran = run(command, model(run), *how, "-q", "--syslog", place)
    refused(ran, "expected udp://HOST:PORT, tcp://HOST:PORT")


def test_rows_of_kdd_are_not_sent(run: Run, small_model_dir: Path, short_file: Path) -> None:
    ran = run("detect", small_model_dir, short_file, "-q", "--syslog", "siem")
    refused(ran, "--syslog is for connections")

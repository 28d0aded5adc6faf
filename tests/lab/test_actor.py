"""An actor ends what it has started: at its timeout, at the end, at the bound on packets."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from lab.actor import Player, Report
from lab.script import Command, Script, in_order, shell

from tests.lab.running import is_running


def play(script: Script) -> Report:
    return asyncio.run(Player(script, time.time()).play())


def script_of(*commands: Command, n_parallel: int = 4, end_s: float = 5.0) -> Script:
    return Script(in_order(commands), n_parallel, max_packets=100, end_s=end_s)


def check_ends(pid: int) -> None:
    """Assert that a process is gone within moments, as one is that was killed."""
    for _ in range(40):
        if not is_running(pid):
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} still runs")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the kernel says the actor has sent; the last one counts."""
    counts = [0]
    monkeypatch.setattr("lab.actor.packets_sent", lambda: counts[-1])
    return counts


def test_commands_run_at_their_time_and_are_reported() -> None:
    began_s = time.time()
    script = script_of(
        Command(0.4, ("false",), 5.0, "later"), Command(0.0, ("true",), 5.0, "sooner")
    )
    report = play(script)
    assert [(label, code) for label, _, _, code in report.runs] == [("sooner", 0), ("later", 1)]
    assert report.runs[1][1] - began_s >= 0.4
    assert (report.n_late, report.is_over_bound) == (0, False)


def test_a_command_and_its_children_are_ended_at_the_timeout(tmp_path: Path) -> None:
    text = 'sleep 60 & echo $! > "$1"; sleep 60'
    report = play(script_of(Command(0.0, shell(text, str(tmp_path / "pid")), 0.5, "slow")))
    [(_, began_s, ended_s, code)] = report.runs
    assert code == -9
    assert 0.4 < ended_s - began_s < 3.0
    check_ends(int((tmp_path / "pid").read_text()))


def test_what_a_command_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    text = 'sleep 60 & echo $! > "$1"'
    report = play(script_of(Command(0.0, shell(text, str(tmp_path / "pid")), 5.0, "quick")))
    assert report.runs[0][3] == 0
    check_ends(int((tmp_path / "pid").read_text()))


def test_the_end_ends_everything() -> None:
    waiting = [Command(0.0, ("sleep", "60"), 60.0, "long") for _ in range(3)]
    began_s = time.time()
    report = play(script_of(*waiting, n_parallel=1, end_s=0.6))
    assert time.time() - began_s < 4.0
    assert [code for _, _, _, code in report.runs] == [-9]
    assert report.n_late == 2


def test_too_many_packets_end_everything(sent: list[int]) -> None:
    sent.append(101)
    began_s = time.time()
    report = play(script_of(Command(0.0, ("sleep", "60"), 60.0, "flood")))
    assert time.time() - began_s < 4.0
    assert report.is_over_bound
    assert report.n_packets == 101


def test_no_more_run_at_once_than_may(tmp_path: Path) -> None:
    text = 'ls "$1" | wc -l >> "$2"; touch "$1/$$"; sleep 0.2; rm "$1/$$"'
    (tmp_path / "now").mkdir()
    argv = shell(text, str(tmp_path / "now"), str(tmp_path / "counts"))
    play(script_of(*(Command(0.0, argv, 5.0, "busy") for _ in range(6)), n_parallel=2))
    counts = [int(line) for line in (tmp_path / "counts").read_text().split()]
    assert len(counts) == 6
    assert max(counts) <= 1, "others at the same moment"


def test_a_process_that_runs_is_seen() -> None:
    assert is_running(os.getpid())
    assert not is_running(2**22 + 1)
    with pytest.raises(AssertionError, match="still runs"):
        check_ends(os.getpid())

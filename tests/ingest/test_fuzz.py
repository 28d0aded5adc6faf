"""The fuzzing itself: whatever a check does is noticed, and told with the number to do it again."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from tests.ingest import broken_checks, fuzz, originals, subjects
from tests.ingest.broken_checks import BREAKS, N
from tests.ingest.subjects import Subject
from tests.ingest.workers import Limits, Offence, Summary, run

LIMITS = Limits(seconds=0.5, clock_s=4.0, n_bytes=200_000_000, address_bytes=4 << 30)


def told(summary: Summary) -> dict[int, str]:
    return {offence.number: offence.what for offence in summary.offences}


def test_every_way_to_break_is_noticed(tmp_path: Path) -> None:
    summary = run(broken_checks.prepare, range(N), tmp_path, n_workers=3, limits=LIMITS)
    assert sorted(told(summary)) == sorted(BREAKS)
    for number, what in told(summary).items():
        assert BREAKS[number][1] in what
    assert summary.outcomes.total() == N
    assert summary.outcomes["read"] >= N - len(BREAKS)


def test_what_is_right_is_found_right(tmp_path: Path) -> None:
    seen: list[int] = []
    summary = run(
        broken_checks.prepare_right,
        range(20),
        tmp_path,
        seed=7,
        limits=LIMITS,
        on_done=seen.append,
    )
    assert summary.offences == []
    assert summary.outcomes == {"read": 10, "refused": 10}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"7 {i}" for i in range(20))
    assert seen[-1] == 20
    assert 0 < summary.peak_bytes < LIMITS.n_bytes
    assert 0 < summary.worst_s < LIMITS.seconds


def test_bounds_of_arrays_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for is_checked in ("0", "1"):
        monkeypatch.setenv("NUMBA_BOUNDSCHECK", is_checked)
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / is_checked))
        summary = run(broken_checks.prepare_outside_an_array, range(2), tmp_path, n_workers=1)
        found[is_checked] = told(summary)
    assert found["0"] == {}
    assert list(found["1"]) == [1]
    assert "IndexError" in found["1"][1]


def test_a_worker_that_cannot_be_prepared_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a worker cannot be prepared"):
        run(broken_checks.prepare_nothing, range(2), tmp_path)


def test_too_many_offences_end_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.ingest.workers.MAX_OFFENCES", 2)
    summary = run(broken_checks.prepare, range(N), tmp_path, n_workers=1, limits=LIMITS)
    assert sorted(told(summary)) == [1, 2]


@pytest.fixture
def _command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command with few captures, none of which is read."""
    right = Subject("right", broken_checks.prepare_right)
    broken = Subject("broken", broken_checks.prepare)
    monkeypatch.setenv("ODDFLOW_DATA", str(tmp_path))
    for name in ("NUMBA_BOUNDSCHECK", "NUMBA_CACHE_DIR", "POLARS_MAX_THREADS"):
        monkeypatch.setenv(name, "1")  # set by the command: back to what it was
    monkeypatch.setattr(originals, "N_CAPTURES", 2)
    monkeypatch.setattr(fuzz, "unpack", lambda *_: None)
    monkeypatch.setattr(subjects, "WHOLE", right)
    monkeypatch.setattr(subjects, "MUTATED", right)
    monkeypatch.setattr(subjects, "LOGS", (broken,))
    monkeypatch.setattr(subjects, "SUBJECTS", {"right": right, "broken": broken})


@pytest.mark.usefixtures("_command")
def test_the_command_names_what_broke(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--captures", "3", "--logs", "2", "--seed", "5"]) == 1
    text = capsys.readouterr().out
    assert "broken:1: KeyError" in text
    assert "python -m tests.ingest.fuzz --seed 5 --only 'broken:1'" in text
    assert "right:" not in text
    assert fuzz.main(["--only", "broken:0"]) == 0
    with pytest.raises(SystemExit, match="expected right, broken, and :NUMBER; received wrong:1"):
        fuzz.main(["--only", "wrong:1"])


def test_the_command_needs_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ODDFLOW_DATA")
    assert fuzz.main([]) == 2
    assert "set $ODDFLOW_DATA" in capsys.readouterr().out


def test_a_report_tells_the_worst() -> None:
    console = Console(record=True, width=100)
    summary = Summary(worst_s=1.234, worst_number=77, peak_bytes=399_000_000)
    summary.outcomes.update(read=1000, refused=23)
    assert fuzz.report({"captures": summary}, 0, console) == 0
    text = console.export_text()
    assert all(word in text for word in ("1,023", "23", "1,234 ms", "77", "399 MB"))
    summary.offences.append(Offence(3, "took 2.1 s"))
    assert fuzz.report({"captures": summary}, 0, console) == 1
    assert "captures:3: took 2.1 s" in console.export_text()

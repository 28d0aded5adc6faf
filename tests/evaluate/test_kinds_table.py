"""The table of kinds in the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from oddflow.core.evaluation import KindsFound
from oddflow.evaluate.kinds import kinds_found
from oddflow.evaluate.kinds_table import kinds_table
from tests.evaluate.test_kinds import LABELS, RUNS, TIMES, labels_of


def rendered(found: KindsFound, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(kinds_table(found, test_set="Test [1]", system="ours"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_row_holds_what_is_found_of_a_kind() -> None:
    text = rendered(kinds_found(LABELS, RUNS, TIMES))
    (scan,) = [line for line in text.splitlines() if line.startswith(" scan")]
    assert scan.split() == ["scan", "3", "50", "%", "2/2", "96.4", "%", "4.5", "1.5"]
    (beacon,) = [line for line in text.splitlines() if line.startswith(" beacon")]
    assert beacon.split()[-2:] == ["n/a", "n/a"]
    assert "Test [1]: kinds of attack, ours" in text
    assert "1 of 2 kinds alerted at least once" in text


def test_without_times_there_are_no_columns_for_them() -> None:
    timed, untimed = (rendered(kinds_found(LABELS, RUNS, times)) for times in (TIMES, None))
    assert "alert, s" in timed
    assert "alert, s" not in untimed
    (scan,) = [line for line in untimed.splitlines() if line.startswith(" scan")]
    assert scan.split() == ["scan", "3", "50", "%", "2/2", "96.4", "%"]


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal(width: int) -> None:
    name = "c_and_c_part_of_a_horizontal_port_scan_and_more"
    labels = labels_of(*(name if kind == "scan" else kind for kind in LABELS.attack))
    text = rendered(kinds_found(labels, RUNS, TIMES), width=width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text, "a number or name was cut"

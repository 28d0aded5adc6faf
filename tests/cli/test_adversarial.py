"""`oddflow evaluate --adversarial`."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.cli.adversarial import SYSTEMS
from tests.cli.running import Run, refused

pytestmark = pytest.mark.usefixtures("toy_nsl_kdd")


def test_all_systems_are_attacked(run: Run, small_settings: Path) -> None:
    ran = run("evaluate", "--adversarial", "--settings", small_settings, "--json", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()
    assert (told["protocol"], told["test_set"]) == ("official", "KDDTest+")
    assert tuple(told["systems"]) == SYSTEMS
    for runs in told["systems"].values():
        for found in runs:
            assert 0 <= found["recall_after"] <= found["recall_before"] <= 1
            assert {kind["attack"] for kind in found["kinds"]} == {"neptune", "mscan"}


def test_tables_are_shown_for_a_system_by_name(run: Run) -> None:
    ran = run("evaluate", "--adversarial", "--system", "mahalanobis", "--quiet")
    assert ran.code == 0
    assert "What evades mahalanobis" in ran.out
    assert "isolation_forest" not in ran.out


def test_a_saved_model_is_attacked(run: Run, small_model_dir: Path) -> None:
    ran = run(
        *("evaluate", "--adversarial", "--model", small_model_dir),
        *("--system", "lstm_autoencoder", "--json", "--quiet"),
    )
    assert ran.code == 0
    assert list(ran.json()["systems"]) == ["lstm_autoencoder"]


def test_what_cannot_be_attacked_is_refused(run: Run) -> None:
    refused(run("evaluate", "--adversarial", "--system", "sequence"), "leave out sequence")


def test_there_is_no_report_of_it(run: Run, tmp_path: Path) -> None:
    ran = run("evaluate", "--adversarial", "--report", tmp_path / "report.html")
    refused(ran, "--adversarial has no HTML report")

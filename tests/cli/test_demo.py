"""`oddflow demo`: from nothing to a model, a report and explained records."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from oddflow.cli import training
from oddflow.cli.console import Output
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import load_model
from tests.cli.running import Run, refused
from tests.toy import SMALL

pytestmark = pytest.mark.usefixtures("toy_nsl_kdd")


@pytest.fixture(autouse=True)
def _small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    train = training.train_with_progress

    def train_small(
        normals: FeatureMatrix,
        out: Output,
        **parameters: Any,  # noqa: ANN401
    ) -> LSTMAutoencoderDetector:
        return train(normals, out, **SMALL, **parameters)

    monkeypatch.setattr(training, "train_with_progress", train_small)


def test_it_ends_with_a_model_a_report_and_what_to_do_next(
    run: Run, rows_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("demo")
    assert ran.code == 0
    model, report = Path("oddflow-demo/model"), Path("oddflow-demo/report.html")
    assert load_model(model).manifest.training.source == "KDDTrain+"
    assert "<h2>Why records were flagged</h2>" in report.read_text(encoding="utf-8")
    for part in ("KDDTest+", "isolation_forest", "mscan: flagged", str(model), str(report)):
        assert part in ran.out
    for part in ("1 of 3: reading NSL-KDD", "2 of 3: training on 3,000 normal", "3 of 3: testing"):
        assert part in ran.err
    command = next(line for line in ran.out.splitlines() if line.startswith("next:"))
    words = command.removeprefix("next:").split()
    assert words[0] == "oddflow"
    assert run(*(rows_file if word == "FILE" else word for word in words[1:])).code == 0


def test_another_run_replaces_the_last_one_and_says_so_in_json(
    run: Run, small_model_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(small_model_dir, folder / "model")
    (folder / "report.html").write_text("old")
    ran = run("demo", "-o", folder, "--seed", 1, "--quiet", "--json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()
    assert set(told) == {"model", "report", "evaluation"}
    assert "lstm_autoencoder" in told["evaluation"]["test_sets"]["KDDTest+"]["systems"]
    assert load_model(told["model"]).manifest.training.seed == 1
    assert Path(told["report"]).stat().st_size > 10_000
    assert sorted(path.name for path in folder.iterdir()) == ["model", "report.html"]


def test_what_is_in_the_way_is_not_replaced(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "demo" / "model" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    refused(run("demo", "-o", tmp_path / "demo", "--quiet"), "not an oddflow model")
    assert mine.read_text() == "mine"

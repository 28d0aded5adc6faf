"""`oddflow demo`: from nothing to a model, a report and explained records."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from oddflow.cli import training
from oddflow.cli.console import Output
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.datasets.catalog import DATA_VARIABLE
from oddflow.datasets.lab import load_lab
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import load_model
from tests.cli.running import Run, refused
from tests.toy import SMALL

EXAMPLE = Path(__file__).parents[2] / "examples" / "lab.pcap"
LACK = "NSL-KDD is not at hand (KDDTrain+.txt of NSL-KDD is neither on this machine nor"
STEPS = {"first": 2, "second": 16}
"""Of the recordings of the lab, every second or sixteenth connection is enough."""


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


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of corpora that is named, without any; where from is cut off for all tests."""
    folder = tmp_path / "no-corpora"
    folder.mkdir()
    monkeypatch.setenv(DATA_VARIABLE, str(folder))
    return folder


@pytest.fixture
def short_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer connections in the recordings, so that baselines are tested in a moment."""

    def load(name: str) -> LabelledMatrix:
        return load_lab(name).take(slice(None, None, STEPS[name]))

    monkeypatch.setattr("oddflow.datasets.lab.load_lab", load)


@pytest.mark.usefixtures("toy_nsl_kdd")
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


@pytest.mark.usefixtures("toy_nsl_kdd")
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


@pytest.mark.usefixtures("toy_nsl_kdd")
def test_what_is_in_the_way_is_not_replaced(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "demo" / "model" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    refused(run("demo", "-o", tmp_path / "demo", "--quiet"), "not an oddflow model")
    assert mine.read_text() == "mine"


@pytest.mark.usefixtures("empty_folder", "short_lab")
def test_without_nsl_kdd_and_network_it_takes_the_lab_and_says_so_once(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("examples").symlink_to(EXAMPLE.parent)
    ran = run("demo")
    assert ran.code == 0
    assert ran.err.count("not at hand") == 1
    for part in (LACK, "using the two recordings of the lab that come with oddflow"):
        assert part in ran.err
    for part in ("lab, second recording", "isolation_forest", ": flagged, score"):
        assert part in ran.out
    manifest = load_model("oddflow-demo/model").manifest
    assert (manifest.training.source, manifest.target_fpr) == ("lab, first recording", 0.01)
    assert "lab, second recording" in Path("oddflow-demo/report.html").read_text(encoding="utf-8")
    program, *arguments = ran.out.splitlines()[-1].removeprefix("next:").split()
    assert program == "oddflow"
    assert arguments == ["detect", "oddflow-demo/model", "examples/lab.pcap"]
    alerts = run(*arguments, "-q").lines()
    assert 200 < len(alerts) < 1700
    assert all(alert["event_type"] == "alert" for alert in alerts)


@pytest.mark.usefixtures("toy_nsl_kdd", "short_lab")
def test_the_corpus_that_is_asked_for_is_taken(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("demo", "--corpus", "lab")
    assert (ran.code, "at hand" in ran.err, "KDD" in ran.out) == (0, False, False)
    assert ran.out.endswith("next:   oddflow detect oddflow-demo/model FILE\n")
    ran = run("demo", "--corpus", "nsl-kdd", "-q", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.json()["evaluation"]["test_sets"]) == {"KDDTest+", "KDDTest-21"}


def test_a_corpus_that_there_is_not_is_refused(run: Run) -> None:
    ran = run("demo", "--corpus", "kddcup99", "-q")
    assert ran.code == 2
    for part in ("kddcup99", "nsl-kdd", "lab"):
        assert part in ran.err


def test_a_damaged_file_of_nsl_kdd_is_no_reason_to_take_the_lab(
    run: Run, empty_folder: Path, tmp_path: Path
) -> None:
    (empty_folder / "KDDTrain+.txt").write_text("0,tcp,http,SF\n")
    ran = run("demo", "-o", tmp_path / "shown", "-q")
    refused(ran, "this is not KDDTrain+ as published")
    assert not (tmp_path / "shown").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("empty_folder")
def test_the_lab_as_it_is(run: Run, tmp_path: Path) -> None:
    ran = run("demo", "-o", tmp_path / "shown", "-q", "--json")
    assert (ran.code, ran.err) == (0, "")
    systems = ran.json()["evaluation"]["test_sets"]["lab, second recording"]["systems"]
    assert systems["lstm_autoencoder"]["auroc"]["mean"] > 0.9
    assert systems["lstm_autoencoder"]["fpr"]["mean"] < 0.02

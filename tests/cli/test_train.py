"""`oddflow train` and `oddflow tune`: a model directory, and settings that one gives the other."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from oddflow.cli.console import Output
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, concatenate
from oddflow.detect import search
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import Bundle, load_model
from tests.cli.running import Run, refused
from tests.toy import SMALL, toy_normals, write_rows

RESULT_KEYS = {"model", "sha256", "n_records", "n_epochs", "seconds", "target_fpr"}


class Asked:
    """Stands for the training; remembers what for, and gives a detector trained before."""

    def __init__(self, detector: LSTMAutoencoderDetector) -> None:
        self.detector = detector
        self.parameters: dict[str, Any] = {}
        self.normals: FeatureMatrix | None = None

    def __call__(
        self,
        normals: FeatureMatrix,
        out: Output,
        **parameters: Any,  # noqa: ANN401
    ) -> LSTMAutoencoderDetector:
        del out
        self.normals, self.parameters = normals, parameters
        return copy.copy(self.detector)  # which may be given known attacks


@pytest.fixture
def asked(small_detector: LSTMAutoencoderDetector, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Commands train nothing."""
    stand_in = Asked(small_detector)
    monkeypatch.setattr("oddflow.cli.training.train_with_progress", stand_in)
    return stand_in


def test_json_is_one_object_about_a_model_as_the_library_trains_it(
    run: Run, small_bundle: Bundle, labelled_file: Path, small_settings: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    ran = run(
        *("train", "--records", labelled_file, "-o", model, "--settings", small_settings),
        *("--quiet", "--json"),
    )
    assert (ran.code, ran.err) == (0, "")
    told, ours = ran.json(), load_model(model)
    assert set(told) > RESULT_KEYS
    assert told["model"] == str(model)
    assert told["sha256"] == ours.manifest.sha256
    assert (told["n_records"], told["target_fpr"]) == (3000, 0.05)
    assert ours.manifest.training.source == "labelled.csv"
    theirs = small_bundle.manifest
    assert ours.manifest.training.fingerprint == theirs.training.fingerprint
    assert ours.manifest.metrics["threshold"] == theirs.metrics["threshold"]


def test_progress_stays_out_of_the_result(
    run: Run,
    labelled_file: Path,
    small_settings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich draws as on a terminal
    ran = run(
        *("train", "--records", labelled_file, "-o", tmp_path / "model"),
        *("--settings", small_settings, "--json"),
    )
    assert "held out" in ran.err
    assert ran.json()["n_records"] == 3000


def test_quiet_leaves_the_result_alone(
    run: Run, asked: Asked, labelled_file: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    ran = run("train", "--records", labelled_file, "-o", model, "--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{model}: trained on 3,000 normal records of labelled.csv")
    assert ran.out.count("\n") == 1
    assert asked.normals is not None


def test_labelled_attacks_are_left_out(
    run: Run, asked: Asked, labelled_file: Path, toy: LabelledMatrix, tmp_path: Path
) -> None:
    run("train", "--records", labelled_file, "-o", tmp_path / "model")
    assert asked.normals is not None
    assert asked.normals.fingerprint() == toy.normals().fingerprint()


def test_options_reach_the_detector_and_override_settings(
    run: Run, asked: Asked, labelled_file: Path, small_settings: Path, tmp_path: Path
) -> None:
    ran = run(
        *("train", "--records", labelled_file, "-o", tmp_path / "model"),
        *("--settings", small_settings, "--epochs", 3, "--steps", "record", "--score", "error"),
        *("--seed", 7, "--alerts-per-day", 10, "--records-per-day", 1000),
    )
    assert ran.code == 0
    assert asked.parameters == {
        **SMALL,
        "epochs": 3,
        "steps": "record",
        "score_kind": "error",
        "seed": 7,
        "target_fpr": 0.01,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"epocs": 3}', "epocs"),
        ('{"epochs": "3"}', "epochs"),
        ('{"epochs": 2.5}', "epochs"),
        ('{"encoder_widths": 12}', "encoder_widths"),
        ('{"encoder_widths": [12, "5"]}', "encoder_widths[1]"),
        ('{"learning_rate": [1]}', "learning_rate"),
        ("[]", "object"),
        ("{", "truncated"),
        ("", "truncated"),
        ('{"epochs": 0}', "epochs"),
        ('{"encoder_widths": []}', "encoder"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(
    run: Run, labelled_file: Path, tmp_path: Path, text: str, said: str
) -> None:
    settings, model = tmp_path / "settings.json", tmp_path / "model"
    settings.write_text(text)
    ran = run("train", "--records", labelled_file, "-o", model, "--settings", settings, "-q")
    refused(ran, said)
    assert not model.exists()


def test_settings_that_are_not_there_are_named(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "none.json"
    refused(run("train", "--settings", settings, "-o", tmp_path / "new"), str(settings))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--steps", "hours"), "steps must be one of"),
        (("--learning-rate", -1), "learning_rate"),
        (("--fpr", 0.1, "--records-per-day", 5), "not both"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    run: Run,
    labelled_file: Path,
    small_settings: Path,
    tmp_path: Path,
    options: tuple[object, ...],
    said: str,
) -> None:
    model = tmp_path / "model"
    ran = run(
        *("train", "--records", labelled_file, "-o", model, "--settings", small_settings, "-q"),
        *options,
    )
    refused(ran, said)
    assert not model.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--fpr", 0.0001), "600 calibration records"), (("--score", "luck"), "score_kind must be")],
)
def test_what_cannot_be_is_refused_before_training(
    run: Run,
    labelled_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[object, ...],
    said: str,
) -> None:
    monkeypatch.setattr("oddflow.detect.network.train", lambda *_, **__: pytest.fail("trained"))
    ran = run("train", "--records", labelled_file, "-o", tmp_path / "new", "-q", *options)
    refused(ran, said)


def test_attacks_alone_are_nothing_to_learn_from(
    run: Run, toy: LabelledMatrix, tmp_path: Path
) -> None:
    attacks = toy.take(toy.labels.is_attack)
    path = write_rows(attacks.features, tmp_path / "attacks.csv", attacks.labels.attack)
    refused(run("train", "--records", path, "-o", tmp_path / "new", "-q"), "0 normal records")


def test_what_is_there_is_replaced_only_on_request(
    run: Run, asked: Asked, labelled_file: Path, tmp_path: Path
) -> None:
    model, other = tmp_path / "model", tmp_path / "other"
    other.mkdir()
    first = ("train", "--records", labelled_file, "-q", "--json", "-o")
    assert run(*first, model).code == 0
    refused(run(*first, model), str(model), "--overwrite")
    assert run(*first, model, "--overwrite").code == 0
    refused(run(*first, other, "--overwrite"), "not an oddflow model")
    assert asked.normals is not None


@pytest.fixture
def _tiny_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "OUTER_WIDTHS", (8,))
    monkeypatch.setattr(search, "CODE_WIDTHS", (3, 4))
    monkeypatch.setattr(search, "BATCH_SIZES", (128,))
    monkeypatch.setattr(search, "EPOCHS", (1, 2))


@pytest.mark.usefixtures("_tiny_search")
def test_train_reads_what_tune_writes(
    run: Run, asked: Asked, labelled_file: Path, tmp_path: Path
) -> None:
    rows = write_rows(toy_normals(400, seed=0), tmp_path / "normals.csv", None)
    best, model = tmp_path / "best.json", tmp_path / "model"
    ran = run("tune", "--records", rows, "--trials", 2, "-o", best, "--quiet", "--json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()
    assert set(told) == {"settings", "validation_loss", "n_trials", "n_pruned"}
    assert told["n_trials"] == 2
    assert json.loads(best.read_text()) == told["settings"]
    ran = run("train", "--records", labelled_file, "-o", model, "--settings", best)
    assert ran.code == 0
    read = {name: asked.parameters[name] for name in told["settings"]}
    assert json.loads(json.dumps(read)) == told["settings"]


@pytest.mark.usefixtures("_tiny_search")
def test_no_time_for_a_single_trial_is_refused(
    run: Run, labelled_file: Path, tmp_path: Path
) -> None:
    best = tmp_path / "best.json"
    ran = run("tune", "--records", labelled_file, "--minutes", 0, "-o", best, "-q")
    refused(ran, "no trial was finished")
    assert not best.exists()


def test_records_that_hold_attacks_are_warned_of(
    run: Run, asked: Asked, toy: LabelledMatrix, tmp_path: Path
) -> None:
    floods = toy.features.take(toy.labels.attack == "neptune")
    dirty = write_rows(concatenate([toy.normals(), floods]), tmp_path / "dirty.csv", None)
    ran = run("train", "--records", dirty, "-o", tmp_path / "model", "--json")
    assert ran.code == 0
    assert 0.02 < ran.json()["contamination_estimate"] < 0.06
    assert "form a group apart from the rest" in ran.err
    assert "contamination" not in asked.parameters
    ran = run(
        *("train", "--records", dirty, "-o", tmp_path / "model", "--overwrite"),
        *("--contamination", "0.06"),
    )
    assert ran.code == 0
    assert "form a group apart" not in ran.err
    assert asked.parameters["contamination"] == 0.06


def test_clean_records_are_not_warned_of(
    run: Run, asked: Asked, toy: LabelledMatrix, tmp_path: Path
) -> None:
    clean = write_rows(toy.normals(), tmp_path / "clean.csv", None)
    ran = run("train", "--records", clean, "-o", tmp_path / "model", "--json")
    assert ran.code == 0
    assert asked.normals is not None
    assert ran.json()["contamination_estimate"] == 0
    assert "warning" not in ran.err


def test_a_share_out_of_range_is_refused(run: Run, labelled_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    ran = run("train", "-q", "--records", labelled_file, "-o", out, "--contamination", "0.7")
    refused(ran, "contamination", "0.7")

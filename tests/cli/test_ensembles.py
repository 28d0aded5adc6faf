"""`oddflow train --ensemble`: what it learns, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oddflow.cli.training import contamination_warning
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.bundle import Bundle, load_model
from tests.cli.conftest import QUIET_ATTACK
from tests.cli.running import Run, refused

WITNESSES = ["residual", "record", "neighbours"]


def train(run: Run, records: Path, model: Path, settings: Path, *options: object) -> Any:  # noqa: ANN401
    """What `oddflow train --ensemble` leaves behind."""
    return run(
        *("train", "--ensemble", "--records", records, "-o", model, "--settings", settings),
        *("--epochs", 3, "--networks", 1, *options),
    )


def test_it_is_trained_as_the_library_trains_it(
    run: Run, quiet_file: Path, small_settings: Path, quiet_bundle: Bundle, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    ran = train(run, quiet_file, model, small_settings, "--known-attacks", "-q", "--json")
    assert (ran.code, ran.err) == (0, "")
    told, ours = ran.json(), load_model(model)
    assert told["members"] == [*WITNESSES, "known_attacks"]
    assert told["known_families"] == ["r2l"]
    assert told["n_records"] == 3300
    assert ours.manifest.training.fingerprint == quiet_bundle.manifest.training.fingerprint
    assert ours.manifest.metrics == quiet_bundle.manifest.metrics
    known = ours.model.explainer.known
    assert known is not None
    assert QUIET_ATTACK in known.names


def test_labels_are_not_learnt_unless_that_is_asked_for(
    run: Run, quiet_file: Path, small_settings: Path, tmp_path: Path, toy: LabelledMatrix
) -> None:
    model = tmp_path / "model"
    ran = train(run, quiet_file, model, small_settings, "--members", "record, isolation_forest")
    assert ran.code == 0
    assert ran.out.startswith(f"{model}: 2 members (record, isolation_forest), trained on ")
    assert "normal records of quiet.csv" in ran.out
    (found,) = load_model(model).model.explain(
        toy.features.take(slice(0, 1)),
        np.array([0]),
        load_model(model).model.calibration.threshold(0.05),
    )
    assert [opinion.name for opinion in found.members] == ["record", "isolation_forest"]
    assert found.explanation.similar is not None


def test_progress_counts_all_networks(
    run: Run,
    quiet_file: Path,
    small_settings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich draws as on a terminal
    options = ("--networks", 2, "--known-attacks", "--epochs", 1)
    ran = train(run, quiet_file, tmp_path / "model", small_settings, *options)
    assert "network 2, epoch 1: loss" in ran.err
    assert "residual_1, residual_2" in ran.out
    assert "known_attacks up to 10% of that; it recognises r2l" in ran.out


def test_where_no_family_is_missed_that_is_said(
    run: Run, labelled_file: Path, small_settings: Path, tmp_path: Path
) -> None:
    ran = train(run, labelled_file, tmp_path / "model", small_settings, "--known-attacks")
    assert ran.code == 0
    assert "no family of attacks is missed by the members" in ran.err
    assert "known_attacks" not in ran.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--steps", "hosts"), "leave out --steps"),
        (("--steps", "record"), "leave out --steps"),
        (("--memory", "state"), "leave out --memory"),
        (("--score", "latent", "--contamination", 0.1), "leave out --score and --contamination"),
        (("--members", "residual,forest"), "residual, forest"),
        (("--members", "record,record"), "different ones"),
        (("--members", ""), "different ones"),
        (("--fpr", 0.0001), "0.0001"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, labelled_file: Path, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    model = tmp_path / "model"
    ran = run("train", "--ensemble", "--records", labelled_file, "-o", model, "-q", *options)
    refused(ran, said)
    assert not model.exists()


@pytest.mark.parametrize(
    "options", [("--members", "record"), ("--networks", 2), ("--known-attacks",)]
)
def test_options_of_ensembles_ask_for_one(
    run: Run, labelled_file: Path, tmp_path: Path, options: tuple[object, ...]
) -> None:
    ran = run("train", "--records", labelled_file, "-o", tmp_path / "model", "-q", *options)
    refused(ran, "are for --ensemble")


def test_known_attacks_without_labels_are_refused(
    run: Run, rows_file: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    options = ("--ensemble", "--known-attacks", "-q")
    refused(run("train", "--records", rows_file, "-o", model, *options), "there are none")
    assert not model.exists()


def test_who_cannot_leave_records_out_is_not_told_to() -> None:
    assert "--contamination 0.1" in contamination_warning(0.1, can_trim=True)
    assert "--contamination" not in contamination_warning(0.1, can_trim=False)

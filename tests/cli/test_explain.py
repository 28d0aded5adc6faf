"""`oddflow explain`: why records are odd."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.bundle import Bundle
from tests.cli.running import Run


def test_json_is_a_list_in_the_order_asked_for(
    run: Run, small_bundle: Bundle, rows_file: Path, toy: LabelledMatrix
) -> None:
    ran = run("explain", small_bundle.path, rows_file, "--row", 17, "--row", 2, "--json")
    assert (ran.code, ran.err) == (0, "")
    scores = small_bundle.model.score_samples(toy.features)
    assert [(line["row"], line["score"]) for line in ran.json()] == [
        (17, scores[17]),
        (2, scores[2]),
    ]


def test_without_rows_the_oddest_are_explained(
    run: Run, small_bundle: Bundle, rows_file: Path, toy: LabelledMatrix
) -> None:
    told = run("explain", small_bundle.path, rows_file, "--top", 4, "--json").json()
    oddest = np.argsort(-small_bundle.model.score_samples(toy.features), kind="stable")[:4]
    assert [line["row"] for line in told] == oddest.tolist()


def test_a_flagged_record_is_explained_as_detect_does(
    run: Run, small_bundle: Bundle, rows_file: Path
) -> None:
    detected = run("detect", small_bundle.path, rows_file).lines()[3]
    told = run("explain", small_bundle.path, rows_file, "--row", detected["row"], "--json")
    assert told.json() == [detected]


def test_labels_change_nothing(
    run: Run, small_model_dir: Path, rows_file: Path, labelled_file: Path
) -> None:
    plain = run("explain", small_model_dir, rows_file)
    assert run("explain", small_model_dir, labelled_file) == plain


def test_text_names_rows_verdicts_and_causes(
    run: Run, small_bundle: Bundle, rows_file: Path, toy: LabelledMatrix
) -> None:
    scores = small_bundle.model.score_samples(toy.features)
    odd, plain = int(scores.argmax()), int(scores.argmin())
    ran = run("explain", small_bundle.path, rows_file, "--row", odd, "--row", plain, "--causes", 3)
    assert (ran.code, ran.err) == (0, "")
    assert f"row {odd}: flagged, score {scores[odd]:.1f}" in ran.out
    assert f"row {plain}: not flagged, score {scores[plain]:.1f}" in ran.out
    causes = [line for line in ran.out.splitlines() if "expected" in line]
    assert 4 <= len(causes) <= 6
    assert all("%" in line for line in causes)

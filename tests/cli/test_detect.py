"""`oddflow detect`: one JSON line for each flagged record."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets import kdd_rows
from oddflow.detect.bundle import Bundle
from tests.cli.running import Run, refused, run_apart

KEYS = {
    *("row", "score", "p_value", "threshold", "record", "explanation", "causes", "model"),
    *("counterfactual", "nearest_normal", "similar_attack", "steps", "members"),
}
CAUSE_KEYS = {"feature", "share", "observed", "expected", "usual"}


def rows_above(bundle: Bundle, records: LabelledMatrix, target_fpr: float) -> list[int]:
    """The rows that the library flags."""
    threshold = bundle.model.calibration.threshold(target_fpr)
    scores = bundle.model.score_samples(records.features)
    return [int(row) for row in np.flatnonzero(scores > threshold.value)]


def test_lines_say_what_the_library_says(
    run: Run, small_bundle: Bundle, rows_file: Path, toy: LabelledMatrix
) -> None:
    ran = run("detect", small_bundle.path, rows_file, "--fpr", 0.05)
    assert ran.code == 0
    lines = ran.lines()
    assert [line["row"] for line in lines] == rows_above(small_bundle, toy, 0.05)
    threshold = small_bundle.model.calibration.threshold(0.05)
    verdicts = small_bundle.model.detect(toy.features, threshold)
    for line, verdict in zip(lines, verdicts, strict=True):
        assert line["score"] == verdict.score > line["threshold"] == threshold.value
        assert line["p_value"] == verdict.p_value <= 0.05
        assert line["explanation"] == str(verdict.explanation)


def test_lines_have_these_keys_and_no_others(
    run: Run, small_bundle: Bundle, rows_file: Path, toy: LabelledMatrix
) -> None:
    for line in run("detect", small_bundle.path, rows_file, "-q").lines():
        assert set(line) == KEYS
        assert set(line["record"]) == {"protocol_type", "service", "flag"}
        for name, value in line["record"].items():
            assert value == toy.features.value(line["row"], name)
        assert 1 <= len(line["causes"]) <= 5
        assert all(set(cause) == CAUSE_KEYS for cause in line["causes"])
        shares = [cause["share"] for cause in line["causes"]]
        assert shares == sorted(shares, reverse=True)
        assert line["members"] == []
        assert line["model"] == small_bundle.manifest.sha256


def test_rows_count_on_across_blocks(
    run: Run, small_bundle: Bundle, rows_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = run("detect", small_bundle.path, rows_file)
    in_blocks = partial(kdd_rows.read_kdd_rows, block_rows=77)
    monkeypatch.setattr(kdd_rows, "read_kdd_rows", in_blocks)
    assert run("detect", small_bundle.path, rows_file).out == at_once.out
    assert at_once.lines()[-1]["row"] > 77


def test_labels_change_nothing(
    run: Run, small_model_dir: Path, rows_file: Path, labelled_file: Path, tmp_path: Path
) -> None:
    plain = run("detect", small_model_dir, rows_file, "-q").out
    assert plain
    assert run("detect", small_model_dir, labelled_file, "-q").out == plain
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("".join(f"{line},normal\n" for line in rows_file.read_text().splitlines()))
    assert run("detect", small_model_dir, wrong, "-q").out == plain


def test_another_process_says_the_same(run: Run, small_model_dir: Path, rows_file: Path) -> None:
    here = run("detect", small_model_dir, rows_file, "-q")
    assert run_apart("detect", small_model_dir, rows_file, "-q") == here


def test_causes_are_as_many_as_asked_for(run: Run, small_model_dir: Path, rows_file: Path) -> None:
    lines = run("detect", small_model_dir, rows_file, "--causes", 2).lines()
    assert max(len(line["causes"]) for line in lines) == 2


def test_the_summary_is_quiet_text_or_json(
    run: Run, small_model_dir: Path, rows_file: Path
) -> None:
    quiet = run("detect", small_model_dir, rows_file, "--quiet")
    assert quiet.err == ""
    n_flagged = len(quiet.lines())
    text = run("detect", small_model_dir, rows_file).err
    assert f"{n_flagged} of 3,300 records flagged" in text
    as_json = run("detect", small_model_dir, rows_file, "--quiet", "--json")
    summary = json.loads(as_json.err)
    assert as_json.out == quiet.out
    assert summary["n_records"] == 3300
    assert summary["n_flagged"] == n_flagged
    assert summary["target_fpr"] == 0.05
    keys = {"n_records", "n_flagged", "target_fpr", "threshold", "seconds", "skipped", "n_evicted"}
    assert set(summary) == keys
    assert summary["skipped"] == {}


@pytest.mark.parametrize(
    ("options", "target_fpr"),
    [
        ((), 0.05),
        (("--fpr", 0.01), 0.01),
        (("--alerts-per-day", 20, "--records-per-day", 1000), 0.02),
    ],
)
def test_the_rate_is_the_one_asked_for(
    run: Run,
    small_bundle: Bundle,
    rows_file: Path,
    toy: LabelledMatrix,
    options: tuple[object, ...],
    target_fpr: float,
) -> None:
    lines = run("detect", small_bundle.path, rows_file, *options).lines()
    assert [line["row"] for line in lines] == rows_above(small_bundle, toy, target_fpr)
    n_false = sum(not toy.labels.is_attack[line["row"]] for line in lines)
    assert n_false / 3000 == pytest.approx(target_fpr, rel=0.6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fpr", 0.01, "--alerts-per-day", 5, "--records-per-day", 100), "not both"),
        (("--fpr", 0.01, "--records-per-day", 100), "not both"),
        (("--alerts-per-day", 5), "go together"),
        (("--records-per-day", 100), "go together"),
        (("--alerts-per-day", 0, "--records-per-day", 100), "received 0 alerts a day"),
        (("--alerts-per-day", 101, "--records-per-day", 100), "received 101 alerts a day"),
        (("--alerts-per-day", "nan", "--records-per-day", 100), "received nan alerts"),
        (("--alerts-per-day", 1, "--records-per-day", "inf"), "inf connections"),
        (("--fpr", 0), "received 0.0"),
        (("--fpr", 1), "received 1.0"),
        (("--fpr", "nan"), "received nan"),
        (("--fpr", -0.1), "received -0.1"),
    ],
)
def test_rates_that_make_no_sense_are_refused(
    run: Run, small_model_dir: Path, rows_file: Path, options: tuple[object, ...], said: str
) -> None:
    refused(run("detect", small_model_dir, rows_file, *options), said)


def test_a_rate_too_small_is_refused_with_the_number_of_records_it_takes(
    run: Run, small_bundle: Bundle, rows_file: Path
) -> None:
    assert len(small_bundle.model.calibration) == 600
    ran = run("detect", small_bundle.path, rows_file, "--fpr", 0.0001)
    refused(ran, "600 calibration records", "it takes 9,999", "at least 0.0017")
    assert run("detect", small_bundle.path, rows_file, "--fpr", 0.0017).code == 0

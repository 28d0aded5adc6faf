"""Every command that takes a model takes an ensemble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.bundle import Bundle
from tests.cli.running import Run
from tests.cli.watched import LINES, zeek_line

NAME = "ensemble_known_attacks"
MEMBERS = ["residual", "record", "neighbours", "known_attacks"]


def test_detect_and_explain_say_which_members_fired(
    run: Run, quiet_bundle: Bundle, rows_file: Path
) -> None:
    lines = run("detect", quiet_bundle.path, rows_file, "-q").lines()
    told = [{m["name"]: m for m in line["members"]} for line in lines]
    assert all(list(members) == MEMBERS for members in told)
    recognised = [i for i, members in enumerate(told) if members["known_attacks"]["fired"]]
    assert recognised
    assert {told[i]["known_attacks"]["family"] for i in recognised} == {"r2l"}
    by_it_alone = [
        lines[i] for i in recognised if not any(told[i][name]["fired"] for name in MEMBERS[:-1])
    ]
    row = by_it_alone[0]["row"]
    (explained,) = run("explain", quiet_bundle.path, rows_file, "--row", row, "--json").json()
    assert explained["members"] == by_it_alone[0]["members"]
    assert explained["score"] == by_it_alone[0]["score"]
    shown = run("explain", quiet_bundle.path, rows_file, "--row", row).out
    assert (
        "odd to none of 3 members alone: residual, record and neighbours see nothing odd" in shown
    )
    assert "known_attacks recognises r2l" in shown
    assert all(name in shown for name in ("member", "p-value", *MEMBERS))


def test_inspect_shows_members_and_known_attacks(run: Run, quiet_bundle: Bundle) -> None:
    assert run("inspect", quiet_bundle.path, "--json").json()["manifest"]["members"] == [
        {"name": name, "weight": 0.1 if name == "known_attacks" else 1.0} for name in MEMBERS
    ]
    shown = run("inspect", quiet_bundle.path).out
    assert "neighbours (weight 1), known_attacks (weight 0.1)" in shown
    assert "3,300 labelled records of toy traffic" in shown
    assert "r2l" in shown


def test_faithfulness_is_measured_as_ever(run: Run, quiet_bundle: Bundle, short_file: Path) -> None:
    ran = run("explain", quiet_bundle.path, short_file, "--faithfulness", "--json")
    assert ran.code == 0
    assert ran.json()["n_alerts"] > 0


def test_what_is_exported_is_enough_to_score(
    run: Run, quiet_bundle: Bundle, short_file: Path, toy: LabelledMatrix, tmp_path: Path
) -> None:
    ran = run(
        *("export", quiet_bundle.path, "-o", tmp_path / "scorer", "--json"),
        *("--verify", "--records", short_file),
    )
    assert ran.code == 0
    assert ran.json()["relative"] <= 1e-5
    files = [Path(file) for file in ran.json()["files"]]
    assert [file.name for file in files] == ["scorer.onnx", "encoder.json", "rule.json"]
    records = toy.features.take(slice(0, 200))
    encoded = quiet_bundle.model.encoder.transform(records)
    session = ort.InferenceSession(files[0].read_bytes())
    (scores,) = session.run(["members"], {"encoded": encoded})
    found = by_rule(json.loads(files[2].read_bytes()), scores.astype(np.float64))
    assert_allclose(found, quiet_bundle.model.score_samples(records), rtol=1e-6)


def by_rule(rule: dict[str, Any], scores: NDArray[np.float64]) -> list[float]:
    """The ensemble's score of each record by what the documentation says, and no code of ours."""

    def surprisal(references: list[float], score: float) -> float:
        n = len(references)
        plain = -float(np.log10((1 + sum(each >= score for each in references)) / (n + 1)))
        tail = references[n - max(1, round(rule["tail"] * n)) :]
        mean_excess = sum(tail) / len(tail) - tail[0]
        if score <= references[-1] or mean_excess <= 0:
            return plain
        decades = (score - tail[0]) / mean_excess / np.log(10) - np.log10(len(tail) / (n + 1))
        return max(plain, float(decades))

    *anomaly, known = rule["members"]
    combined = []
    for row in scores.tolist():
        said = [surprisal(m["references"], s) for m, s in zip(rule["members"], row, strict=True)]
        weights = [member["weight"] for member in anomaly]
        mean = sum(w * s for w, s in zip(weights, said, strict=False)) / sum(weights)
        odd = surprisal(rule["together"], mean) + np.log10(1 - known["weight"])
        combined.append(max(float(odd), said[-1] + float(np.log10(known["weight"]))))
    return combined


@pytest.mark.usefixtures("toy_nsl_kdd")
def test_evaluate_judges_it_under_its_own_name(
    run: Run, quiet_bundle: Bundle, toy_test: LabelledMatrix, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    ran = run(
        *("evaluate", "--model", quiet_bundle.path, "--system", NAME, "--system", "pca"),
        *("--report", report, "--quiet", "--json"),
    )
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()["test_sets"]["KDDTest+"]["systems"]
    assert set(told) == {NAME, "pca"}
    assert ran.json()["notes"][-1].startswith(f"{NAME} has learnt labelled attacks")
    flagged = quiet_bundle.model.p_values(toy_test.features) <= 0.05
    expected = flagged[toy_test.labels.is_attack].mean()
    assert told[NAME]["recall"]["mean"] == pytest.approx(expected)
    html = report.read_text()
    assert f"What {NAME} found odd" in html
    assert ">Member<" in html
    ran = run("evaluate", "--model", quiet_bundle.path, "--system", "lstm_autoencoder", "-q")
    assert ran.code == 2
    assert f"--system must be one of {NAME}" in ran.err
    shown = run("evaluate", "--model", quiet_bundle.path, "--system", NAME, "-q").out
    assert f"> {NAME}" in shown


@pytest.mark.usefixtures("toy_nsl_kdd")
def test_it_is_attacked_and_learns_on_as_others_do(run: Run, quiet_bundle: Bundle) -> None:
    attacked = run(
        *("evaluate", "--adversarial", "--model", quiet_bundle.path, "--system", NAME),
        *("--json", "--quiet"),
    )
    assert list(attacked.json()["systems"]) == [NAME]
    online = run("evaluate", "--protocol", "online", "--model", quiet_bundle.path, "-q", "--json")
    systems = online.json()["test_sets"]["KDDTest+"]["systems"]
    assert set(systems) == {NAME, f"{NAME}_online", f"{NAME}_online_eager"}


def test_watch_says_what_detect_says(run: Run, small_settings: Path, tmp_path: Path) -> None:
    model, calm, log = tmp_path / "model", tmp_path / "calm.log", tmp_path / "conn.log"
    calm.write_text("".join(zeek_line(i) + "\n" for i in range(400) if i % 17 != 16))
    log.write_text("".join(LINES))
    trained = run(
        *("train", "--ensemble", "--records", calm, "-o", model, "--settings", small_settings),
        *("--epochs", 1, "--networks", 1, "--fpr", 0.05, "-q"),
    )
    assert trained.code == 0, trained.err
    watched = run("watch", model, "--follow", log, "--seconds", 1, "-q").lines()
    assert watched == run("detect", model, log, "-q").lines()
    told = watched[0]["alert"]["context"]["oddflow"]
    assert [member["name"] for member in told["members"]] == MEMBERS[:-1]
    assert "of 3 members" in told["agreement"]
    (cef, *_) = run("detect", model, log, "--format", "cef", "-q").out.splitlines()
    assert f"odd to {told['agreement']}" in cef

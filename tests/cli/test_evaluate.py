"""`oddflow evaluate`: the numbers, in a shape that others may rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.baselines import LEARNERS
from oddflow.detect.bundle import Bundle
from tests.cli.running import Run, refused

OURS = "lstm_autoencoder"
METRICS = {
    *("accuracy", "precision", "recall", "f1", "auroc", "auprc", "mcc", "fpr"),
    *("recall_at_fpr_1", "recall_at_fpr_5", "recall_novel"),
}
RATES = METRICS - {"mcc"}

pytestmark = pytest.mark.usefixtures("toy_nsl_kdd")


def check_shape(
    told: Any,  # noqa: ANN401 - what JSON may hold
    *,
    protocol: str,
    seeds: list[int],
    test_sets: set[str],
    systems: set[str],
) -> None:
    """Assert the promised shape; more keys beside those of an estimate are allowed."""
    assert told["protocol"] == protocol
    assert told["seeds"] == seeds
    assert set(told["test_sets"]) == test_sets
    for test_set in told["test_sets"].values():
        assert set(test_set["systems"]) == systems
        for metrics in test_set["systems"].values():
            assert set(metrics) >= METRICS
            for name, estimate in metrics.items():
                check_estimate(name, estimate)


def check_estimate(name: str, estimate: dict[str, float | None]) -> None:
    """Assert that an estimate holds numbers in their range, or nothing at all."""
    assert set(estimate) == {"mean", "std", "low", "high"}
    values = list(estimate.values())
    if None in values:
        assert values == [None] * 4, f"{name}: {estimate}"
        return
    assert estimate["low"] <= estimate["high"]  # type: ignore[operator] # none is None here
    if name in RATES:
        assert all(0 <= value <= 1 for value in values if value is not None)


def shape(
    *,
    protocol: object = "official",
    seeds: object = (0,),
    test_set: str = "KDDTest+",
    system: str = OURS,
    without: str = "",
    **replaced: object,
) -> dict[str, Any]:
    """An answer as JSON gives it: right, or with parts replaced, down to those of an estimate."""
    estimate = {"mean": 0.5, "std": 0.0, "low": 0.4, "high": 0.6, **replaced}
    systems = {system: dict.fromkeys(METRICS - {without}, estimate)}
    told = {"protocol": protocol, "seeds": seeds, "test_sets": {test_set: {"systems": systems}}}
    answer: dict[str, Any] = json.loads(json.dumps(told))
    return answer


EXPECTED: dict[str, Any] = {
    "protocol": "official",
    "seeds": [0],
    "test_sets": {"KDDTest+"},
    "systems": {OURS},
}


def test_the_shape_check_accepts_a_right_answer() -> None:
    check_shape(shape(), **EXPECTED)
    check_shape(shape(mean=None, std=None, low=None, high=None), **EXPECTED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"protocol": "other"},
        {"seeds": [1]},
        {"seeds": 0},
        {"test_set": "KDDTest"},
        {"system": "theirs"},
        {"without": "auprc"},
        {"median": 0.5},
        {"mean": None},
        {"low": 0.7},
        {"mean": 1.1},
    ],
    ids=str,
)
def test_the_shape_check_rejects_a_wrong_answer(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_shape(shape(**wrong), **EXPECTED)


def test_all_systems_under_the_official_protocol(run: Run, small_settings: Path) -> None:
    ran = run("evaluate", "--settings", small_settings, "--quiet", "--json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()
    check_shape(
        told,
        protocol="official",
        seeds=[0],
        test_sets={"KDDTest+", "KDDTest-21"},
        systems={OURS, *LEARNERS},
    )
    assert told["test_sets"]["KDDTest+"]["systems"][OURS]["auroc"]["mean"] > 0.9
    assert "Trained on the normal records of KDDTrain+ alone" in told["notes"][0]


def test_random_split_with_some_seeds_and_systems(run: Run) -> None:
    ran = run(
        *("evaluate", "--protocol", "random-split", "--seeds", 2, "--quiet", "--json"),
        *("--system", "pca", "--system", "mahalanobis"),
    )
    assert ran.code == 0
    check_shape(
        ran.json(),
        protocol="random-split",
        seeds=[0, 1],
        test_sets={"KDDTrain+, random 20%"},
        systems={"pca", "mahalanobis"},
    )
    novel = ran.json()["test_sets"]["KDDTrain+, random 20%"]["systems"]["pca"]["recall_novel"]
    assert novel == dict.fromkeys(("mean", "std", "low", "high"))


def test_the_recordings_of_the_lab_need_no_corpus(run: Run, no_corpora: None) -> None:  # noqa: ARG001
    systems = ("--system", "mahalanobis", "--system", "pca")
    ran = run("evaluate", "--protocol", "lab", "--fpr", 0.01, *systems, "--json", "-q")
    assert ran.code == 0
    told = json.loads(ran.out)
    check_shape(
        told,
        protocol="lab",
        seeds=[0],
        test_sets={"lab, second recording"},
        systems={"mahalanobis", "pca"},
    )
    found = told["test_sets"]["lab, second recording"]["systems"]["mahalanobis"]
    assert found["auroc"]["mean"] > 0.8
    assert found["fpr"]["mean"] < 0.02
    kinds = told["test_sets"]["lab, second recording"]["attacks"]["mahalanobis"]["kinds"]
    assert len(kinds) == 42
    assert kinds["nmap_syn"]["first_alert_s"] > 0
    assert kinds["neptune"]["recall"] > 0.9


def test_a_given_model_is_judged_as_it_is(
    run: Run, small_bundle: Bundle, toy_test: LabelledMatrix
) -> None:
    ran = run(
        *("evaluate", "--model", small_bundle.path, "--system", OURS, "--fpr", 0.02),
        *("--quiet", "--json"),
    )
    assert ran.code == 0
    metrics = ran.json()["test_sets"]["KDDTest+"]["systems"][OURS]
    scores = small_bundle.model.score_samples(toy_test.features)
    flagged = scores > small_bundle.model.calibration.threshold(0.02).value
    is_attack = toy_test.labels.is_attack
    assert metrics["auroc"]["mean"] == pytest.approx(roc_auc_score(is_attack, scores))
    assert metrics["fpr"]["mean"] == pytest.approx(flagged[~is_attack].mean())
    is_novel = toy_test.labels.attack == "mscan"
    assert metrics["recall_novel"]["mean"] == pytest.approx(flagged[is_novel].mean())


def test_text_is_a_table_a_test_set(run: Run) -> None:
    ran = run("evaluate", "--system", "pca", "--system", "mahalanobis", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    for part in ("KDDTest+", "KDDTest-21", "AUROC", "pca", "mahalanobis", "460 records"):
        assert part in ran.out


def test_the_report_has_its_sections(run: Run, small_model_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    ran = run(
        *("evaluate", "--model", small_model_dir, "--system", OURS, "--system", "pca"),
        *("--report", path, "--json"),
    )
    assert ran.code == 0
    assert str(path) in ran.err
    json.loads(ran.out)
    html = path.read_text(encoding="utf-8")
    for part in (
        "<h1>oddflow, protocol official</h1>",
        *(f"<h2>{name}</h2>" for name in ("KDDTest+", "KDDTest-21", "The model")),
        *(f"<h2>{name}</h2>" for name in ("Why records were flagged", "How to read this")),
        "KDDTest+ row",
        "mscan",
        "fingerprint of them",
    ):
        assert part in html
    assert [file.name for file in tmp_path.iterdir() if file.suffix] == ["report.html"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--protocol", "guess"), "lab, nsl-kdd-to-lab, iot-23-malware"),
        (("--system", "pca", "--system", "psa"), "'psa'"),
        (("--system", "pca", "--fpr", 2), "received 2.0"),
        (("--model", "any", "--protocol", "random-split"), "may have been trained on"),
        (("--system", "pca", "--fpr", 0.00001), "calibration records"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    run: Run, arguments: tuple[object, ...], said: str
) -> None:
    refused(run("evaluate", "--quiet", *arguments), said)


def test_a_report_needs_our_detector(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    refused(run("evaluate", "--system", "pca", "--report", path, "-q"), OURS)
    assert not path.exists()

"""Outcomes put together: metrics, notes, and JSON as `evaluate` has it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.evaluation import Run, TrainingHistory
from oddflow.core.reproduction import Reproduction
from oddflow.evaluate.classes import CLASS_METRICS
from oddflow.evaluate.metrics import METRICS
from oddflow.reproduce.assemble import assemble
from oddflow.reproduce.jobs import Job, Outcome
from oddflow.reproduce.plan import Request
from oddflow.reproduce.published import PUBLISHED, REMARKS
from oddflow.reproduce.splits import classes_of, split_of
from oddflow.reproduce.systems import SYSTEMS, TARGET_FPR
from tests.cli.test_evaluate import check_shape

COSTS = {"fit_s", "records_per_s"}
TEST = "toy test"
HISTORY = TrainingHistory((0.4, 0.2), (0.5, 0.3), 1, 0.1)

pytestmark = pytest.mark.usefixtures("toy_splits")


def done(
    system: str,
    *,
    n_right: int = 160,
    seed: int = 0,
    n_classes: int = 2,
    protocol: str = "official",
    names_classes: bool = True,
) -> tuple[Job, Outcome]:
    """A job on the toy corpus that is right in the first records and silent on the rest."""
    labels = split_of("toy", protocol, None).test_sets[TEST].labels
    is_judged = np.arange(len(labels)) < n_right
    scores = np.where(labels.is_attack & is_judged, 1.0, 0.0)
    named = np.where(is_judged, classes_of(labels, n_classes), "normal").astype(object)
    job = Job(system=system, corpus="toy", protocol=protocol, n_classes=n_classes, seed=seed)
    return job, Outcome(
        runs={TEST: Run(seed, scores, 0.5, 2.0, 0.5)},
        predicted={TEST: named} if names_classes else {},
        n_parameters=7 + seed,
        histories={"training": HISTORY} if system != "majority" else {},
    )


def table(*jobs: tuple[Job, Outcome], n_classes: int = 2) -> Reproduction:
    return assemble(Request(table="4", n_classes=n_classes), jobs, notes=("a note",))


def note_that(reproduction: Reproduction, part: str) -> str:
    """The one note of the first evaluation that says `part`."""
    (found,) = [note for note in reproduction.evaluations[0].notes if part in note]
    return found


def test_two_classes_have_all_metrics() -> None:
    made = table(done("dnn", n_right=80), done("lstm_autoencoder", names_classes=False))
    (evaluation,) = made.evaluations
    metrics = evaluation.test_sets[TEST].metrics
    for of_system in metrics.values():
        assert set(of_system) == {*METRICS, *CLASS_METRICS, *COSTS}
    labels = split_of("toy", "official", None).test_sets[TEST].labels
    assert metrics["dnn"]["accuracy"].mean == 1 - labels.is_attack[80:].sum() / 160
    assert metrics["dnn"]["recall"].mean == pytest.approx(labels.is_attack[:80].sum() / 60)
    assert metrics["dnn"]["records_per_s"].mean == 320
    assert metrics["lstm_autoencoder"]["accuracy"].mean == 1
    assert metrics["lstm_autoencoder"]["recall_novel"].mean == 1
    assert evaluation.target_fpr == TARGET_FPR


def test_only_attacks_that_training_has_none_of_are_novel() -> None:
    result = table(done("dnn")).evaluations[0].test_sets[TEST]
    assert set(result.labels.attack[result.novel]) == {"mscan"}
    assert result.novel.sum() == 30


def test_more_classes_have_the_metrics_of_classes() -> None:
    made = table(done("dnn", n_classes=5), n_classes=5)
    result = made.evaluations[0].test_sets[TEST]
    assert set(result.metrics["dnn"]) == {
        *CLASS_METRICS,
        *COSTS,
        *("auroc", "fpr", "recall_novel"),
    }
    assert result.truth is not None
    assert set(result.truth) == {"normal", "dos", "probe"}
    assert made.n_classes == 5
    assert made.title.endswith("5 classes")


def test_systems_stand_in_the_order_of_the_table_whatever_the_order_of_jobs() -> None:
    jobs = [done("lstm"), done("dnn", seed=1), done("majority"), done("dnn")]
    made = table(*jobs)
    assert list(made.systems) == ["majority", "dnn", "lstm"]
    result = made.evaluations[0].test_sets[TEST]
    assert list(result.runs) == ["majority", "dnn", "lstm"]
    assert {run.seed for run in result.runs["dnn"]} == {0, 1}
    assert made.evaluations[0].seeds == (0, 1)


def test_what_is_known_of_a_system_stands_with_it() -> None:
    made = table(done("proposed", seed=1), done("proposed"), done("rnn"), done("knn"))
    proposed = made.systems["proposed"]
    assert proposed.title == SYSTEMS["proposed"].title
    assert proposed.published is PUBLISHED["proposed", 2]
    assert proposed.remarks == (REMARKS["proposed"],)
    assert proposed.n_parameters == 7, "not that of the first seed"
    assert proposed.histories == {"toy, official": {"training": HISTORY}}
    assert made.systems["rnn"].published is None
    assert made.systems["knn"].remarks == (), "nothing is known of it"
    five = table(done("proposed", n_classes=5), n_classes=5)
    assert five.systems["proposed"].published is None, "that of two classes"


def test_each_protocol_is_an_evaluation() -> None:
    made = table(done("dnn"), done("dnn", protocol="random-split"))
    assert [e.protocol for e in made.evaluations] == ["official", "random-split"]
    cautions = [any("Near-copies" in note for note in e.notes) for e in made.evaluations]
    assert cautions == [False, True]
    assert set(made.systems["dnn"].histories) == {"toy, official", "toy, random-split"}


def test_notes_say_what_trained_what_was_tested_and_how_often() -> None:
    made = table(done("majority"), done("dnn"), done("dnn", seed=1))
    assert "all 550 records of toy training" in note_that(made, "classifiers are trained")
    assert "toy test (160)" in note_that(made, "classifiers are trained")
    assert "5% of held-out normal" in note_that(made, "Thresholds:")
    assert note_that(made, "bootstrap").startswith("Seeds 0 to 1 of split")
    assert "(fewer for majority)" in note_that(made, "bootstrap")
    assert made.evaluations[0].notes[-1] == "a note"
    assert note_that(table(done("dnn")), "bootstrap").startswith("Seed 0 of split")


def test_a_class_that_training_lacks_is_a_ceiling() -> None:
    made = table(done("dnn", n_classes=23), n_classes=23)
    assert note_that(made, "no accuracy above") == (
        f"30 of 160 records of {TEST} have a class that training has none of: no accuracy above "
        "0.812 is possible."
    )
    for n_classes in (2, 5):
        notes = table(done("dnn", n_classes=n_classes), n_classes=n_classes).evaluations[0].notes
        assert not any("no accuracy above" in note for note in notes)


@pytest.mark.data
def test_the_ceiling_of_23_classes_on_the_official_split(corpora: Path) -> None:
    split = split_of("nsl-kdd", "official", corpora)
    job = replace(done("majority", n_classes=23)[0], corpus="nsl-kdd", data_dir=corpora)
    runs = {
        name: Run(0, np.zeros(len(test)), 0.5, 0.0, 0.0) for name, test in split.test_sets.items()
    }
    predicted = {
        name: np.full(len(test), "normal", dtype=object) for name, test in split.test_sets.items()
    }
    outcome = Outcome(runs=runs, predicted=predicted, n_parameters=0, histories={})
    made = assemble(Request(table="4", n_classes=23, data_dir=corpora), [(job, outcome)])
    ceilings = [note for note in made.evaluations[0].notes if "no accuracy above" in note]
    assert [note.split(" have ")[0] for note in ceilings] == [
        "3,750 of 22,544 records of KDDTest+",
        "3,740 of 11,850 records of KDDTest-21",
    ]
    assert ceilings[0].endswith("no accuracy above 0.834 is possible.")


def test_json_holds_each_evaluation_as_evaluate_prints_it() -> None:
    made = replace(table(done("dnn"), done("majority")), is_quick=True)
    told = json.loads(json.dumps(made.to_json()))
    assert set(told) == {"table", "title", "n_classes", "is_quick", "evaluations", "systems"}
    assert told["is_quick"] is True
    assert told["evaluations"] == [e.to_json() for e in made.evaluations]
    check_shape(
        told["evaluations"][0],
        protocol="official",
        seeds=[0],
        test_sets={TEST},
        systems={"majority", "dnn"},
    )
    assert told["systems"]["dnn"]["published"] is None
    assert told["systems"]["dnn"]["histories"]["toy, official"]["training"]["loss"] == [0.4, 0.2]
    cnn = table(done("cnn")).to_json()["systems"]["cnn"]
    assert cnn["published"]["metrics"] == {"accuracy": 0.926}

"""A reproduced table in plain words."""

from __future__ import annotations

import dataclasses

import pytest

from oddflow.core.evaluation import Estimate, Evaluation, TestSetResult
from oddflow.core.reproduction import Reproduction
from oddflow.evaluate.comparison import Fall
from oddflow.evaluate.reproduction_wording import (
    CAUTION,
    agreements,
    disagreements,
    fall_sentence,
    findings,
    standing,
)
from tests.evaluate.reproductions import SYSTEMS, made_reproduction

NAN = float("nan")


@pytest.fixture(scope="module")
def reproduction() -> Reproduction:
    return made_reproduction()


def with_accuracy(
    reproduction: Reproduction, accuracy: dict[str, float]
) -> tuple[Reproduction, Evaluation, TestSetResult]:
    """The random split alone, with these accuracies."""
    evaluation = reproduction.evaluations[0]
    (result,) = evaluation.test_sets.values()
    metrics = {
        name: {key: Estimate(v, 0.0, v, v) for key in ("accuracy", "f1_weighted", "f1_macro")}
        for name, v in accuracy.items()
    }
    result = dataclasses.replace(result, metrics=metrics)
    evaluation = dataclasses.replace(evaluation, test_sets={result.name: result})
    changed = dataclasses.replace(reproduction, evaluations=(evaluation,), corpora=())
    return changed, evaluation, result


def test_the_best_is_named_with_the_floor(reproduction: Reproduction) -> None:
    text = standing(*with_accuracy(reproduction, {"cnn": 0.98765, "ann": 0.2, "majority": 0.1}))
    assert text.startswith(
        "On KDDTrain+, random 20% (protocol random-split) CNN is best: 98.77 % of the records"
    )
    assert "Naming the most frequent class throughout would reach 5" in text
    assert text.endswith("Below that: ANN and majority class.")


def test_those_that_share_the_lead_are_all_named(reproduction: Reproduction) -> None:
    text = standing(*with_accuracy(reproduction, {"cnn": 0.9, "dbn": 0.9, "rnn_ids": 0.9}))
    assert "CNN; DBN and Yin 2017, RNN-IDS are best: 90.00 %" in text
    assert "Below that" not in text


def test_no_accuracy_is_said_to_be_none(reproduction: Reproduction) -> None:
    assert standing(*with_accuracy(reproduction, {"cnn": NAN})).endswith("no accuracy is known.")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (("f1_weighted", "f1_macro"), "; F1 is 80.00 % weighted by records and 80.00 % over the"),
        (("f1_weighted",), "; F1 is 80.00 % weighted by records. Naming"),
        (("f1_macro",), "; F1 is 80.00 % over the classes alike. Naming"),
        ((), "98.77 % of the records are judged rightly. Naming"),
    ],
)
def test_an_f1_that_is_not_known_is_not_spoken_of(
    reproduction: Reproduction, known: tuple[str, ...], said: str
) -> None:
    changed, evaluation, result = with_accuracy(reproduction, {"cnn": 0.98765})
    accuracy = result.metrics["cnn"]["accuracy"]
    metrics = {"cnn": {"accuracy": accuracy, **dict.fromkeys(known, Estimate(0.8, 0, 0.8, 0.8))}}
    text = standing(changed, evaluation, dataclasses.replace(result, metrics=metrics))
    assert said in text
    assert "n/a" not in text


def test_findings_speak_of_every_test_set_and_every_fall(reproduction: Reproduction) -> None:
    found = findings(reproduction)
    assert len(found) == 3 + 2 + 1
    assert found[-1] == CAUTION
    assert all("nsl-kdd: from KDDTrain+, random 20% (random-split) to" in s for s in found[3:5])
    alone, _, _ = with_accuracy(reproduction, {"cnn": 0.9})
    assert len(findings(alone)) == 1


def test_a_fall_names_both_ends(reproduction: Reproduction) -> None:
    fall = Fall("", "A", "B", {"cnn": (0.99, 0.79), "ann": (0.9, 0.91), "dbn": (0.9, 0.8)})
    assert fall_sentence(fall, reproduction.systems) == (
        "From A to B, accuracy falls by 9.67 points, mean of 3 systems: from -20.00 (CNN) to "
        "+1.00 (ANN)."
    )
    rise = Fall("kdd", "A", "B", {"cnn": (0.5, 0.6)})
    assert (
        fall_sentence(rise, reproduction.systems)
        == "kdd: from A to B, accuracy rises by 10.00 points (CNN)."
    )


def test_disagreements_say_by_how_much_and_what_is_known(reproduction: Reproduction) -> None:
    accuracy = {"ann": 0.9699, "cnn": 0.826, "proposed": 0.999}
    changed, _, _ = with_accuracy(reproduction, accuracy)
    ann, cnn = disagreements(changed)
    assert (ann.title, cnn.title) == ("ANN", "CNN")
    assert ann.sentence == (
        "published 34.99 % (Source of ANN; random-split, presumably), ours 96.99 % on "
        "KDDTrain+, random 20%: 62.00 points more."
    )
    assert cnn.sentence.endswith("10.00 points less.")
    assert ann.remarks == ("It is below the majority class.",)
    agreed, apart = agreements(changed)
    assert agreed == (
        "Within 1 point of what was published: Proposed (b) (+0.10 on KDDTrain+, random 20%)."
    )
    assert "its protocol was not run here" in apart
    assert "accuracy 83.28 %, weighted F1 83.28 %; official" in apart


def test_exactly_a_point_is_still_agreement(reproduction: Reproduction) -> None:
    for accuracy, n_apart in ((0.9359, 0), (0.9361, 1)):
        changed, _, _ = with_accuracy(reproduction, {"cnn": accuracy})
        assert len(disagreements(changed)) == n_apart


def test_nothing_published_is_said() -> None:
    systems = {"dbn": SYSTEMS["dbn"], "majority": SYSTEMS["majority"]}
    unpublished = made_reproduction(systems)
    assert disagreements(unpublished) == ()
    assert agreements(unpublished) == ("No published figures are known to compare with.",)

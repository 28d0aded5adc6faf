"""Ours beside the published figures, one protocol beside another."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Estimate
from oddflow.core.reproduction import Reproduction
from oddflow.evaluate.comparison import (
    best_systems,
    differences,
    falls,
    mean_of,
    most_frequent_share,
    published_beside,
)
from tests.evaluate.reproductions import SYSTEMS, made_reproduction


@pytest.fixture(scope="module")
def reproduction() -> Reproduction:
    return made_reproduction()


def test_a_published_figure_stands_beside_its_protocol_alone(reproduction: Reproduction) -> None:
    random, official = reproduction.evaluations
    cnn, rnn = reproduction.systems["cnn"], reproduction.systems["rnn_ids"]
    assert published_beside(cnn, random, "KDDTrain+, random 20%") is cnn.published
    assert published_beside(cnn, official, "KDDTest+") is None
    assert published_beside(rnn, official, "KDDTest+") is rnn.published
    assert published_beside(rnn, official, "KDDTest-21") is None
    assert published_beside(reproduction.systems["dbn"], random, "KDDTrain+, random 20%") is None


def test_differences_are_in_points_and_the_largest_comes_first(reproduction: Reproduction) -> None:
    found = differences(reproduction)
    assert [one.system for one in found] == ["ann", "rnn_ids", "cnn", "proposed"]
    assert [one.test_set for one in found] == [
        "KDDTrain+, random 20%",
        "KDDTest+",
        "KDDTrain+, random 20%",
        "KDDTrain+, random 20%",
    ]
    ours = reproduction.evaluations[0].test_sets["KDDTrain+, random 20%"].metrics["ann"]
    assert found[0].points == pytest.approx(100 * (ours["accuracy"].mean - 0.3499))


def test_an_accuracy_that_is_not_known_is_no_difference(reproduction: Reproduction) -> None:
    evaluation = reproduction.evaluations[0]
    (result,) = evaluation.test_sets.values()
    unknown = {"accuracy": Estimate(math.nan, math.nan, math.nan, math.nan)}
    metrics = {**result.metrics, "ann": unknown, "cnn": {}}
    test_sets = {result.name: dataclasses.replace(result, metrics=metrics)}
    changed = dataclasses.replace(
        reproduction,
        evaluations=(dataclasses.replace(evaluation, test_sets=test_sets),),
        corpora=(),
    )
    assert [one.system for one in differences(changed)] == ["proposed"]


def test_the_best_are_those_that_cannot_be_told_apart(reproduction: Reproduction) -> None:
    (result,) = reproduction.evaluations[0].test_sets.values()
    best = result.metrics["proposed"]
    assert best_systems(result, "accuracy") == ("proposed",)
    close = dataclasses.replace(best["accuracy"], mean=best["accuracy"].mean - 1e-6)
    metrics = {"first": {**best, "accuracy": close}, **result.metrics}
    tied = dataclasses.replace(result, metrics=metrics)
    assert best_systems(tied, "accuracy") == ("first", "proposed")
    assert best_systems(result, "no such metric") == ()
    assert math.isnan(mean_of(result, "no such system", "accuracy"))


def test_the_most_frequent_class_is_that_of_the_test_set(reproduction: Reproduction) -> None:
    (result,) = reproduction.evaluations[0].test_sets.values()
    share = float(result.labels.is_attack.mean())
    assert most_frequent_share(result) == pytest.approx(max(share, 1 - share))
    assert math.isnan(most_frequent_share(dataclasses.replace(result, truth=None)))
    one = dataclasses.replace(result, truth=np.array(["dos"] * 3, dtype=object))
    assert most_frequent_share(one) == 1.0


def test_a_fall_sets_the_random_split_beside_each_other_test_set(
    reproduction: Reproduction,
) -> None:
    plus, minus = falls(reproduction)
    assert plus.corpus == minus.corpus == "nsl-kdd"
    assert plus.easy == minus.easy == "KDDTrain+, random 20% (random-split)"
    assert (plus.hard, minus.hard) == ("KDDTest+ (official)", "KDDTest-21 (official)")
    easy, hard = plus.accuracy["dbn"]
    results = [result for e in reproduction.evaluations for result in e.test_sets.values()]
    assert easy == results[0].metrics["dbn"]["accuracy"].mean
    assert hard == results[1].metrics["dbn"]["accuracy"].mean


def test_protocols_of_different_corpora_are_not_compared(reproduction: Reproduction) -> None:
    apart = dataclasses.replace(reproduction, corpora=("nsl-kdd", "kddcup99"))
    assert falls(apart) == ()


def test_where_corpora_are_not_known_only_two_evaluations_are_compared(
    reproduction: Reproduction,
) -> None:
    unknown = dataclasses.replace(reproduction, corpora=())
    assert [fall.corpus for fall in falls(unknown)] == ["", ""]
    many = dataclasses.replace(unknown, evaluations=(*unknown.evaluations, unknown.evaluations[0]))
    assert falls(many) == ()


def test_a_system_that_was_not_run_under_both_does_not_fall(reproduction: Reproduction) -> None:
    random, official = reproduction.evaluations
    results = {
        name: dataclasses.replace(result, metrics={"cnn": result.metrics["cnn"]})
        for name, result in official.test_sets.items()
    }
    fewer = dataclasses.replace(official, test_sets=results)
    changed = dataclasses.replace(reproduction, evaluations=(random, fewer))
    assert [list(fall.accuracy) for fall in falls(changed)] == [["cnn"], ["cnn"]]
    none = dataclasses.replace(
        fewer, test_sets={n: dataclasses.replace(r, metrics={}) for n, r in results.items()}
    )
    assert falls(dataclasses.replace(reproduction, evaluations=(random, none))) == ()


def test_every_evaluation_has_a_corpus_or_none_has() -> None:
    with pytest.raises(InputError, match="the corpus of each of 2 evaluations"):
        made_reproduction({"cnn": SYSTEMS["cnn"]}, corpora=("nsl-kdd",))

"""What comes out of a protocol that is run."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.evaluate.kinds import kinds_found
from oddflow.evaluate.protocols import official, random_split
from oddflow.evaluate.running import run_protocol
from oddflow.evaluate.shift import feature_shift
from tests.evaluate.test_protocols import Spy, each_second
from tests.toy import toy_corpus


@pytest.fixture(scope="module")
def train() -> LabelledMatrix:
    return toy_corpus(400, 90, seed=0, name="Train", attacks=("neptune", "portsweep"))


@pytest.fixture(scope="module")
def tests() -> list[LabelledMatrix]:
    return [
        toy_corpus(100, 40, seed=1, name="Test", attacks=("neptune", "mscan")),
        toy_corpus(10, 40, seed=2, name="Hard", attacks=("mscan",)),
    ]


def test_every_run_keeps_its_seed_threshold_and_scores(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    told: list[tuple[str, int]] = []
    evaluation = run_protocol(
        official(train, tests),
        {"a": Spy, "b": Spy},
        seeds=(2, 5),
        target_fpr=0.05,
        on_fit=lambda system, seed: told.append((system, seed)),
    )
    assert told == [("a", 2), ("a", 5), ("b", 2), ("b", 5)]
    assert (evaluation.seeds, evaluation.target_fpr) == ((2, 5), 0.05)
    for result, test in zip(evaluation.test_sets.values(), tests, strict=True):
        assert [run.seed for run in result.runs["b"]] == [2, 5]
        scores = np.log1p(test.features.column("src_bytes"))
        for run in result.runs["b"]:
            assert (run.scores == scores + run.seed).all()
            assert run.threshold == 8.0
            assert run.fit_s >= 0
        assert result.labels is test.labels


def test_metrics_are_those_of_the_scores(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    evaluation = run_protocol(official(train, tests), {"spy": Spy}, seeds=(0,), target_fpr=0.05)
    metrics = evaluation.test_sets["Test"].metrics["spy"]
    flagged = np.log1p(tests[0].features.column("src_bytes")) > 8.0
    is_attack = tests[0].labels.is_attack
    assert metrics["fpr"].mean == pytest.approx(flagged[~is_attack].mean())
    assert metrics["accuracy"].mean == pytest.approx((flagged == is_attack).mean())


def test_kinds_and_shift_are_told_of_each_test_set(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    timed = dataclasses.replace(tests[0], times=each_second(len(tests[0])))
    protocol = official(train, [timed, tests[1]])
    evaluation = run_protocol(protocol, {"a": Spy, "b": Spy}, seeds=(0, 1), target_fpr=0.05)
    first, second = evaluation.test_sets.values()
    assert set(first.kinds) == {"a", "b"}
    assert (first.kinds["a"].is_timed, second.kinds["a"].is_timed) == (True, False)
    assert {kind.attack for kind in first.kinds["b"].kinds} == {"neptune", "mscan"}
    assert first.kinds["a"] == kinds_found(timed.labels, first.runs["a"], timed.times)
    assert first.shift == feature_shift(train.normals(), timed.normals())
    told = json.loads(json.dumps(evaluation.to_json()))["test_sets"]
    assert set(told["Test"]["attacks"]["a"]["kinds"]) == {"neptune", "mscan"}
    assert told["Hard"]["attacks"]["b"]["kinds"]["mscan"]["first_alert_s"] is None
    assert told["Test"]["shift"][0]["feature"] == first.shift[0].feature


@pytest.mark.parametrize(("systems", "seeds"), [({}, (0,)), ({"spy": Spy}, ())])
def test_nothing_to_run_is_refused(
    systems: dict[str, type[Spy]], seeds: tuple[int, ...], train: LabelledMatrix
) -> None:
    with pytest.raises(InputError, match="takes systems and seeds"):
        run_protocol(random_split(train), systems, seeds=seeds, target_fpr=0.05)

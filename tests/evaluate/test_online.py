"""Test, then train: every score rests on what came before it and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.matrix import FeatureMatrix
from oddflow.evaluate.online import InOrder, Learner, online, prequential
from oddflow.evaluate.running import run_protocol
from tests.toy import toy_corpus, toy_normals


class Counts:
    """Scores a record by how many were learnt from before it."""

    def start(self) -> int:
        return 0

    def step(self, state: int, records: FeatureMatrix, /) -> tuple[np.ndarray, int]:
        return np.full(len(records), float(state)), state + len(records)


class Peeks:
    """Learns from a block before it scores it."""

    def start(self) -> int:
        return 0

    def step(self, state: int, records: FeatureMatrix, /) -> tuple[np.ndarray, int]:
        return np.full(len(records), float(state + len(records))), state + len(records)


def check_comes_before_it_is_learnt(learner: Learner[int]) -> None:
    scores = prequential(learner, toy_normals(10, seed=0), block_size=4)
    assert scores.tolist() == [0.0] * 4 + [4.0] * 4 + [8.0] * 2


def test_blocks_are_scored_before_they_are_learnt_from() -> None:
    check_comes_before_it_is_learnt(Counts())
    with pytest.raises(AssertionError):
        check_comes_before_it_is_learnt(Peeks())


def test_a_block_of_one_and_no_record_at_all() -> None:
    records = toy_normals(3, seed=0)
    assert prequential(Counts(), records, block_size=1).tolist() == [0.0, 1.0, 2.0]
    assert len(prequential(Counts(), records.take(slice(0)), block_size=5)) == 0
    with pytest.raises(InputError, match="1 record or more"):
        prequential(Counts(), records, block_size=0)


def test_it_stands_in_the_place_of_a_detector() -> None:
    train, test = toy_corpus(60, 9), toy_corpus(30, 9, seed=1, name="later")
    seen = []

    def fit(records: FeatureMatrix) -> tuple[Counts, float]:
        seen.append(len(records))
        return Counts(), 20.0

    evaluation = run_protocol(
        online(train, test), {"counts": lambda _: InOrder(fit)}, seeds=[0, 1], target_fpr=0.05
    )
    assert evaluation.protocol == "online"
    assert seen == [60, 60], "it learns from normal records alone"
    runs = evaluation.test_sets["later"].runs["counts"]
    assert [run.scores.tolist() for run in runs] == [[0.0] * 39] * 2, "each run starts afresh"
    assert "scored before" in evaluation.notes[0]


def test_unfitted_it_says_so() -> None:
    unfitted = InOrder(lambda _: (Counts(), 0.0))
    with pytest.raises(NotFittedError):
        unfitted.score_samples(toy_normals(3, seed=0))
    with pytest.raises(NotFittedError):
        _ = unfitted.threshold_

"""The benchmark of poisoning: its records are legal, pass unseen, and poison what does not
defend."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.poisoning import STEPS, Scene, between, poison, rounds, training_set

from oddflow.core.matrix import LabelledMatrix
from oddflow.core.schema import Kind
from oddflow.detect.baselines import Baseline, mahalanobis
from tests.toy import toy_corpus, toy_normals


@pytest.fixture(scope="module")
def drawn() -> Scene:
    corpus: LabelledMatrix = toy_corpus(10, 600, seed=1)
    sweep = corpus.features.take(corpus.labels.attack == "portsweep")
    train, test = sweep.take(slice(0, 100)), sweep.take(slice(100, 200))
    return Scene(toy_normals(6000, seed=2), toy_normals(500, seed=3), train, test)


def factory(seed: int) -> Baseline:
    return Baseline(mahalanobis, seed=seed)


def test_records_between_are_such_as_could_be(drawn: Scene) -> None:
    normal, attack = drawn.normals.take(slice(0, 100)), drawn.attack
    for step in STEPS:
        mixed = between(normal, attack, float(step))
        for i, feature in enumerate(mixed.schema.numeric):
            values = mixed.numeric[:, i]
            if feature.kind is Kind.RATE:
                assert ((values >= 0) & (values <= 1)).all()
            else:
                assert (values == np.round(values)).all()
    assert between(normal, attack, 0.0).fingerprint() == normal.fingerprint()
    assert between(normal, attack, 1.0).fingerprint() == attack.fingerprint()


def test_no_record_of_the_attacker_is_flagged(drawn: Scene) -> None:
    detector = factory(0).fit(drawn.normals.take(slice(0, 2000)))
    records, far = poison(detector, drawn, 50, np.random.default_rng(0))
    assert len(records) == 50
    assert (detector.score_samples(records) <= detector.threshold_).all()
    assert 0 <= far <= 1


def test_where_nothing_is_flagged_he_sends_the_attack_itself(drawn: Scene) -> None:
    detector = Baseline(lambda _normals, _seed: lambda encoded: np.zeros(len(encoded)))
    records, far = poison(detector.fit(drawn.normals), drawn, 50, np.random.default_rng(0))
    assert far == 1
    assert (records.column("flag") == "REJ").all()


@pytest.mark.parametrize(("defence", "n"), [("none", 1000), ("trimmed", 950), ("trusted", 1000)])
def test_training_sets_are_of_the_size_promised(drawn: Scene, defence: str, n: int) -> None:
    poisoned = drawn.attack.take(slice(0, 50))
    records = training_set(drawn, poisoned, number=1, n=1000, defence=defence, share=0.05)
    assert len(records) == n


def test_rounds_tell_how_recall_goes(drawn: Scene) -> None:
    series = list(rounds(factory, drawn, n=1000, n_rounds=2, share=0.05, defence="none", seed=0))
    assert [row["round"] for row in series] == [0, 1, 2]
    assert series[0]["recall"] == 1
    assert all(0 <= row["far"] <= 1 for row in series)

"""Detectors are given normal training features and nothing else."""

from __future__ import annotations

from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Times
from oddflow.core.schema import FeatureSchema
from oddflow.evaluate.protocols import (
    Protocol,
    official,
    random_split,
    time_split,
    together,
)
from oddflow.evaluate.running import run_protocol
from tests.toy import toy_corpus


class Spy:
    """A detector that remembers everything it was given."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.learnt: list[FeatureMatrix] = []
        self.scored: list[FeatureMatrix] = []
        self.threshold_ = 8.0

    def fit(self, records: FeatureMatrix, /) -> Self:
        self.learnt.append(records)
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        self.scored.append(records)
        return np.asarray(np.log1p(records.column("src_bytes")) + self.seed, dtype=np.float64)


@pytest.fixture(scope="module")
def train() -> LabelledMatrix:
    return toy_corpus(400, 90, seed=0, name="Train", attacks=("neptune", "portsweep"))


@pytest.fixture(scope="module")
def tests() -> list[LabelledMatrix]:
    return [
        toy_corpus(100, 40, seed=1, name="Test", attacks=("neptune", "mscan")),
        toy_corpus(10, 40, seed=2, name="Hard", attacks=("mscan",)),
    ]


def spied(protocol: Protocol, seeds: tuple[int, ...] = (0, 1)) -> list[Spy]:
    spies: list[Spy] = []

    def make(seed: int) -> Spy:
        spies.append(Spy(seed))
        return spies[-1]

    run_protocol(protocol, {"spy": make}, seeds=seeds, target_fpr=0.05)
    return spies


def rows_of(matrix: FeatureMatrix) -> list[tuple[object, ...]]:
    columns = [matrix.column(name).tolist() for name in matrix.schema.names]
    return list(zip(*columns, strict=True))


def test_official_trains_on_normals_alone(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    spies = spied(official(train, tests))
    assert [spy.seed for spy in spies] == [0, 1]
    for spy in spies:
        assert [m.fingerprint() for m in spy.learnt] == [train.normals().fingerprint()]
        assert [m.fingerprint() for m in spy.scored] == [t.features.fingerprint() for t in tests]


def test_no_label_ever_reaches_a_detector(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    for protocol in (official(train, tests), random_split(train), time_split(tests)):
        for spy in spied(protocol):
            for given in (*spy.learnt, *spy.scored):
                assert type(given) is FeatureMatrix
                assert not {"label", "labels", "attack", "difficulty"} & set(given.schema.names)


def test_attacks_that_training_lacks_are_novel(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    evaluation = run_protocol(official(train, tests), {"spy": Spy}, seeds=(0,), target_fpr=0.05)
    result = evaluation.test_sets["Test"]
    assert (result.novel == (tests[0].labels.attack == "mscan")).all()
    assert 0 < result.novel.sum() < result.labels.is_attack.sum()
    assert evaluation.test_sets["Hard"].novel.sum() == 40


def test_random_split_takes_every_attack_in_proportion(train: LabelledMatrix) -> None:
    protocol = random_split(train)
    (test,) = protocol.test_sets.values()
    assert len(test) + len(protocol.normals) + 2 * 36 == len(train)
    names, counts = np.unique(test.labels.attack.astype(str), return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "neptune": 9,
        "normal": 80,
        "portsweep": 9,
    }
    assert protocol.known_attacks == {"neptune", "portsweep"}


def test_random_split_shares_no_record_between_training_and_test() -> None:
    """Records are numbered in a column of their own, so that none is a copy of another."""
    corpus = toy_corpus(200, 20, seed=3, attacks=("neptune",))
    corpus.features.numeric[:, 1] = np.arange(220)
    protocol = random_split(corpus)
    (test,) = protocol.test_sets.values()
    learnt = set(rows_of(protocol.normals))
    assert len(learnt) == 160
    assert not learnt & set(rows_of(test.features))


def test_random_split_is_the_same_each_time(train: LabelledMatrix) -> None:
    first, second = random_split(train), random_split(train)
    assert first.normals.fingerprint() == second.normals.fingerprint()
    (name,) = first.test_sets
    assert name == "Train, random 20%"


def test_an_attack_of_few_records_may_be_in_training_only() -> None:
    corpus = toy_corpus(100, 2, seed=0, attacks=("neptune",))
    (test,) = random_split(corpus).test_sets.values()
    assert not test.labels.is_attack.any()


def numbered(n_normals: int, n_attacks: int, *, name: str, first: int = 0) -> LabelledMatrix:
    """Records numbered in a column of their own, in the order that stands for time."""
    corpus = toy_corpus(n_normals, n_attacks, seed=first, name=name, attacks=("neptune",))
    corpus.features.numeric[:, 1] = first + np.arange(len(corpus))
    return corpus


def each_second(n: int) -> Times:
    start_s = np.arange(n, dtype=np.float64)
    return Times(start_s, start_s + np.float64(0.5))


def numbers(matrix: FeatureMatrix) -> list[int]:
    return [int(number) for number in matrix.numeric[:, 1]]


def test_an_attack_of_one_record_is_for_training() -> None:
    corpus = numbered(20, 1, name="Rare")
    protocol = random_split(corpus)
    (test,) = protocol.test_sets.values()
    assert protocol.known_attacks == {"neptune"}
    assert sorted(numbers(protocol.train.features) + numbers(test.features)) == list(range(21))
    assert protocol.train.labels.is_attack.sum() == 1


def test_classifiers_learn_from_all_records_and_detectors_from_the_normal_ones(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    assert official(train, tests).train is train
    for protocol in (official(train, tests), random_split(train), time_split(tests)):
        learnt = protocol.train
        assert learnt.labels.is_attack.any()
        assert set(learnt.labels.attack) - {"normal"} == protocol.known_attacks
        assert protocol.normals.fingerprint() == learnt.normals().fingerprint()
        assert protocol.normals is protocol.normals, "taken once"


def test_time_split_tests_on_what_came_later_in_each_corpus() -> None:
    corpora = [numbered(15, 5, name="a"), numbered(7, 3, name="b", first=100)]
    protocol = time_split(corpora)
    assert protocol.name == "time-split"
    assert numbers(protocol.train.features) == [*range(12), *range(100, 106)]
    (test,) = protocol.test_sets.values()
    assert numbers(test.features) == [*range(12, 20), *range(106, 110)]
    for part in (protocol.train, test):
        truth = {
            n: a for c in corpora for n, a in zip(numbers(c.features), c.labels.attack, strict=True)
        }
        assert part.labels.attack.tolist() == [truth[n] for n in numbers(part.features)]


def test_time_split_says_what_it_holds() -> None:
    one, other = numbered(15, 5, name="a"), numbered(7, 3, name="b", first=100)
    assert list(time_split([one]).test_sets) == ["a, last 40%"]
    both = time_split([one, other], train_share=0.75)
    assert (both.train.name, *both.test_sets) == (
        "2 recordings, first 75%",
        "2 recordings, last 25%",
    )
    assert len(both.train) == 15 + 8


def test_an_attack_that_begins_late_is_novel() -> None:
    corpus = numbered(80, 20, name="a")
    corpus.labels.attack[:] = "normal"
    corpus.labels.attack[[10, 95]] = "early"
    corpus.labels.attack[90] = "late"
    evaluation = run_protocol(time_split([corpus]), {"spy": Spy}, seeds=(0,), target_fpr=0.05)
    (result,) = evaluation.test_sets.values()
    assert np.flatnonzero(result.novel).tolist() == [30]


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 0.001])
def test_time_split_leaves_no_side_empty(share: float) -> None:
    with pytest.raises(InputError, match=r"share between 0 and 1 .* received 1 and"):
        time_split([numbered(15, 5, name="a")], train_share=share)
    with pytest.raises(InputError, match="received 0 and"):
        time_split([])


def test_together_keeps_order_and_adds_defects_up() -> None:
    parts = [numbered(4, 1, name="a"), numbered(2, 1, name="b", first=10)]
    defects: list[dict[str, int]] = [{"repeated": 2}, {"repeated": 3, "late": 1}]
    whole = together(
        "ab",
        [
            LabelledMatrix(p.name, p.features, p.labels, d, each_second(len(p)))
            for p, d in zip(parts, defects, strict=True)
        ],
    )
    assert (whole.name, whole.defects) == ("ab", {"repeated": 5, "late": 1})
    assert whole.times is None
    assert numbers(whole.features) == [*range(5), *range(10, 13)]
    assert whole.labels.family.tolist() == [f for p in parts for f in p.labels.family]


def test_together_refuses_other_features(train: LabelledMatrix) -> None:
    schema = FeatureSchema("fewer", train.features.schema.features[:5])
    fewer = LabelledMatrix("fewer", train.features.select(schema), train.labels)
    with pytest.raises(SchemaMismatch):
        together("both", [train, fewer])
    with pytest.raises(InputError, match="received none"):
        together("nothing", [])


def test_notes_say_how_to_read_the_numbers(
    train: LabelledMatrix, tests: list[LabelledMatrix]
) -> None:
    honest = run_protocol(official(train, tests), {"spy": Spy}, seeds=(0, 3), target_fpr=0.05)
    notes = " ".join(honest.notes)
    assert "normal records of Train alone; tested on Test, Hard" in notes
    assert "5.0% of held-out normal training records" in notes
    assert "Seeds 0, 3" in notes
    flattering = run_protocol(random_split(train), {"spy": Spy}, seeds=(0,), target_fpr=0.05)
    assert "do not compare these figures with those of a split by" in flattering.notes[0]
    later = time_split([train]).notes[0]
    assert "among the first 60% of each of Train; tested on the last 40%" in later

"""Protocols that test on another recording, network or device: which records are where."""

from __future__ import annotations

from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.kdd41 import TRAFFIC28
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.evaluate.protocols import Protocol, official
from oddflow.evaluate.running import run_protocol
from oddflow.evaluate.transfers import clean_to_infected, other_network, two_recordings
from tests.evaluate.test_protocols import numbered, numbers

TRAIN = numbered(40, 10, name="Train")
LOCAL = numbered(30, 10, name="first", first=1000)
TEST = numbered(20, 10, name="second", first=2000)
LOCAL_TEST = "second; thresholds of the first"


class Spy:
    """A detector that remembers everything it was given; odd is what has a high number."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.learnt: list[FeatureMatrix] = []
        self.scored: list[FeatureMatrix] = []
        self.threshold_ = -1.0

    def fit(self, records: FeatureMatrix, /) -> Self:
        self.learnt.append(records)
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        self.scored.append(records)
        return records.numeric[:, 1] + self.seed


def check_no_test_record_is_learnt(protocol: Protocol) -> None:
    """No record that is tested on has been trained on or had a threshold read from it."""
    learnt = set(numbers(protocol.train.features))
    learnt |= {n for normals in protocol.thresholds_from.values() for n in numbers(normals)}
    for test in protocol.test_sets.values():
        assert not learnt & set(numbers(test.features))


@pytest.mark.parametrize(
    "protocol",
    [
        two_recordings(LOCAL, TEST),
        other_network(TRAIN, LOCAL, TEST),
        clean_to_infected([TRAIN, LOCAL], [TEST, numbered(5, 5, name="b", first=3000)]),
    ],
    ids=lambda protocol: protocol.name,
)
def test_no_test_record_is_learnt(protocol: Protocol) -> None:
    check_no_test_record_is_learnt(protocol)


@pytest.mark.parametrize(
    "leaky",
    [official(TRAIN, [TRAIN]), other_network(TRAIN, TEST, TEST)],
    ids=["training", "thresholds"],
)
def test_the_check_rejects_a_leak(leaky: Protocol) -> None:
    with pytest.raises(AssertionError):
        check_no_test_record_is_learnt(leaky)


def test_two_recordings_keep_all_features() -> None:
    protocol = two_recordings(LOCAL, TEST)
    assert protocol.name == "lab"
    assert protocol.train is LOCAL
    assert dict(protocol.test_sets) == {"second": TEST}
    assert not protocol.thresholds_from


def test_another_network_shares_the_features_that_take_no_payload() -> None:
    protocol = other_network(TRAIN, LOCAL, TEST)
    assert list(protocol.test_sets) == ["second", LOCAL_TEST]
    for test in protocol.test_sets.values():
        assert test.features.schema is TRAFFIC28
        assert numbers(test.features) == numbers(TEST.features)
        assert test.labels is TEST.labels
    assert protocol.train.features.schema is TRAFFIC28
    assert len(protocol.normals) == 40
    assert not {"hot", "num_failed_logins", "logged_in"} & set(protocol.normals.schema.names)
    (local,) = protocol.thresholds_from.values()
    assert numbers(local) == numbers(LOCAL.normals())


def test_local_thresholds_change_nothing_but_the_threshold() -> None:
    spies: list[Spy] = []

    def make(seed: int) -> Spy:
        spies.append(Spy(seed))
        return spies[-1]

    evaluation = run_protocol(
        other_network(TRAIN, LOCAL, TEST),
        {"spy": make},
        seeds=(0, 7),
        target_fpr=0.05,
        threshold_of=lambda scores: float(scores.max()),
    )
    own, local = (evaluation.test_sets[name].runs["spy"] for name in ("second", LOCAL_TEST))
    highest = max(numbers(LOCAL.normals()))
    assert [run.threshold for run in own] == [-1.0, -1.0]
    assert [run.threshold for run in local] == [highest, highest + 7.0]
    for first, second in zip(own, local, strict=True):
        assert first.scores is second.scores, "scored once"
    for spy in spies:
        assert [numbers(given) for given in spy.learnt] == [numbers(TRAIN.normals())]
        assert [len(given) for given in spy.scored] == [len(TEST), len(LOCAL.normals())]


def test_local_thresholds_need_a_way_to_read_them() -> None:
    with pytest.raises(InputError, match="give threshold_of"):
        run_protocol(other_network(TRAIN, LOCAL, TEST), {"spy": Spy}, seeds=(0,), target_fpr=0.05)


def test_infected_devices_are_tested_one_by_one_and_together() -> None:
    other = numbered(6, 4, name="b", first=3000)
    protocol = clean_to_infected([TRAIN, LOCAL], [TEST, other])
    assert protocol.name == "iot-23-malware"
    assert list(protocol.test_sets) == ["second", "b", "2 infected devices"]
    assert numbers(protocol.test_sets["2 infected devices"].features) == [
        *numbers(TEST.features),
        *numbers(other.features),
    ]
    assert numbers(protocol.normals) == [*numbers(TRAIN.normals()), *numbers(LOCAL.normals())]
    assert "70 normal connections of Train, first" in protocol.notes[0]


@pytest.mark.parametrize(("clean", "infected"), [([], [TEST]), ([TRAIN], [])])
def test_devices_of_both_sorts_are_needed(
    clean: list[LabelledMatrix], infected: list[LabelledMatrix]
) -> None:
    with pytest.raises(InputError, match="received none"):
        clean_to_infected(clean, infected)

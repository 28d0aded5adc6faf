"""Real corpora parted as the tables need them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.matrix import Labels
from oddflow.datasets.families import labels_of
from oddflow.reproduce.splits import SPLITS, classes_of, split_of

SIZES: dict[tuple[str, str], tuple[int, dict[str, int]]] = {
    ("nsl-kdd", "official"): (125_973, {"KDDTest+": 22_544, "KDDTest-21": 11_850}),
    ("nsl-kdd", "random-split"): (100_777, {"KDDTrain+, random 20%": 25_196}),
}
LARGE = ("kddcup99",)
"""Corpora that take long to read."""
OTHERS = [
    pytest.param(place, id=" ".join(place), marks=[pytest.mark.slow] if place[0] in LARGE else [])
    for place in SPLITS
    if place not in SIZES and place[0] != "insdn"  # no file of it is at hand
]


@pytest.fixture
def labels() -> Labels:
    return labels_of(["normal", "neptune", "nmap", "normal"])


@pytest.mark.parametrize(
    ("n_classes", "named"),
    [
        (2, ["normal", "attack", "attack", "normal"]),
        (5, ["normal", "dos", "probe", "normal"]),
        (23, ["normal", "neptune", "nmap", "normal"]),
    ],
)
def test_classes_of_records(labels: Labels, n_classes: int, named: list[str]) -> None:
    classes = classes_of(labels, n_classes)
    assert classes.tolist() == named
    assert classes.dtype == object


@pytest.mark.parametrize("n_classes", [1, 4, 22])
def test_other_numbers_of_classes_are_refused(labels: Labels, n_classes: int) -> None:
    with pytest.raises(InputError, match=f"expected 2, 5 or 23 classes, received {n_classes}"):
        classes_of(labels, n_classes)


def test_a_split_that_there_is_not() -> None:
    with pytest.raises(InputError, match=r"nsl-kdd \(official\).*received nsl-kdd \(other-days\)"):
        split_of("nsl-kdd", "other-days", None)


@pytest.mark.data
@pytest.mark.parametrize("place", SIZES, ids=" ".join)
def test_sizes_of_a_split(corpora: Path, place: tuple[str, str]) -> None:
    split = split_of(*place, corpora)
    n_train, n_tests = SIZES[place]
    assert split.name == place[1]
    assert len(split.train) == n_train
    assert {name: len(test) for name, test in split.test_sets.items()} == n_tests
    assert split_of(*place, corpora) is split, "read a second time"


@pytest.mark.data
@pytest.mark.parametrize("place", OTHERS)
def test_every_split_has_normals_to_learn_and_both_to_test(
    corpora: Path, place: tuple[str, str]
) -> None:
    split = split_of(*place, corpora)
    assert split.name == place[1]
    assert len(split.normals) > 1000
    assert split.known_attacks <= set(split.train.labels.attack)
    is_attack = np.concatenate([test.labels.is_attack for test in split.test_sets.values()])
    assert 0 < is_attack.mean() < 1


@pytest.mark.data
def test_nsl_kdd_has_23_classes_in_training_and_others_in_tests(corpora: Path) -> None:
    split = split_of("nsl-kdd", "official", corpora)
    train = set(classes_of(split.train.labels, 23))
    assert len(train) == 23
    assert len(set(classes_of(split.test_sets["KDDTest+"].labels, 23)) - train) == 17
    assert set(classes_of(split.train.labels, 5)) == {"normal", "dos", "probe", "r2l", "u2r"}


@pytest.mark.data
def test_other_days_test_on_what_training_has_no_attack_of(corpora: Path) -> None:
    split = split_of("cicids2017", "other-days", corpora)
    assert "Tuesday" in split.train.name
    assert not any("Tuesday" in name for name in split.test_sets)
    for test in split.test_sets.values():
        assert not split.known_attacks & set(test.labels.attack)

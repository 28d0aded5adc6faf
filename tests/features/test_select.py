"""The features that tell the classes apart come first; noise comes last."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.core.errors import InputError, MissingExtra
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.features import select
from oddflow.features.select import by_boruta, by_mutual_information

SCHEMA = FeatureSchema(
    "toy",
    (
        Feature(name="noise_a", kind=Kind.NUMBER, group="a"),
        Feature(name="telling", kind=Kind.NUMBER, group="a"),
        Feature(name="name", kind=Kind.CATEGORY, group="a"),
        Feature(name="noise_b", kind=Kind.NUMBER, group="b"),
        Feature(name="noise_name", kind=Kind.CATEGORY, group="b"),
        Feature(name="hint", kind=Kind.NUMBER, group="b"),
    ),
)
Names = NDArray[np.object_]


def toy(n: int = 300, *, seed: int = 0) -> tuple[FeatureMatrix, Names]:
    """`telling` decides the class, `name` nearly, `hint` in part; the rest is noise."""
    rng = np.random.default_rng(seed)
    is_attack = rng.random(n) < 0.4
    classes = np.where(is_attack, "attack", "normal").astype(object)
    mostly = np.where(rng.random(n) < 0.9, is_attack, ~is_attack)
    columns = {
        "noise_a": rng.normal(size=n),
        "telling": is_attack + rng.normal(0, 0.05, n),
        "name": np.where(mostly, "odd", "usual"),
        "noise_b": rng.normal(size=n),
        "noise_name": rng.choice(["x", "y", "z"], n),
        "hint": is_attack + rng.normal(0, 0.7, n),
    }
    return FeatureMatrix.from_columns(SCHEMA, columns), classes


def test_the_most_informative_feature_comes_first() -> None:
    chosen = by_mutual_information(*toy(), n_features=3, seed=0)
    assert chosen == ("telling", "name", "hint")
    assert by_mutual_information(*toy(), n_features=1, seed=0) == ("telling",)
    assert set(by_mutual_information(*toy(), n_features=6, seed=0)) == set(SCHEMA.names)


def test_classes_that_mean_nothing_leave_no_feature_in_front() -> None:
    """Shuffled, the classes must not bring up the telling features."""
    records, classes = toy()
    first = {
        by_mutual_information(
            records, np.random.default_rng(i).permutation(classes), n_features=1, seed=0
        )
        for i in range(6)
    }
    assert len(first) > 1


def test_boruta_confirms_what_tells_and_not_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "BORUTA_ROUNDS", 8)
    chosen = by_boruta(*toy(150), n_features=3, seed=0)
    assert chosen[0] == "telling"
    assert set(chosen) == {"telling", "name", "hint"}
    assert by_boruta(*toy(150), n_features=3, seed=0) == chosen


def test_boruta_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boruta", None)
    with pytest.raises(MissingExtra, match=r"boruta.*pip install 'oddflow\[train\]'"):
        by_boruta(*toy(20), n_features=1, seed=0)


def test_the_seed_decides_which_records_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "MAX_RECORDS", 40)
    first, again, other = (select._drawn(100, seed) for seed in (0, 0, 1))
    assert len(first) == len(set(first.tolist())) == 40
    assert (first == again).all()
    assert (first != other).any()
    assert (np.diff(first) > 0).all()
    assert by_mutual_information(*toy(400), n_features=1, seed=0) == ("telling",)


@pytest.mark.parametrize("choose", [by_mutual_information, by_boruta])
@pytest.mark.parametrize(("n_classes", "n_features"), [(19, 1), (21, 1), (20, 0), (20, 7)])
def test_what_does_not_fit_is_refused(
    choose: Callable[..., tuple[str, ...]], n_classes: int, n_features: int
) -> None:
    records, _ = toy(20)
    classes = np.array(["normal", "attack"] * 11, dtype=object)[:n_classes]
    message = f"expected 20 classes and 1 to 6 features .* received {n_classes} and {n_features}"
    with pytest.raises(InputError, match=message):
        choose(records, classes, n_features=n_features, seed=0)

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.errors import InputError, ResolutionError
from oddflow.detect.calibrate import Calibration, budget_to_fpr, split_normals

FINITE = st.floats(-1e6, 1e6)


@given(st.integers(10, 500), st.integers(0, 5))
def test_parts_of_a_split_are_disjoint_and_complete(n: int, seed: int) -> None:
    split = split_normals(n, validation=0.2, calibration=0.3, seed=seed)
    everything = np.concatenate([split.fit, split.validation, split.calibration])
    assert sorted(everything.tolist()) == list(range(n))
    again = split_normals(n, validation=0.2, calibration=0.3, seed=seed)
    assert (again.fit == split.fit).all()


def test_different_seeds_split_differently_and_too_few_are_refused() -> None:
    first = split_normals(100, validation=0.1, calibration=0.1, seed=0)
    second = split_normals(100, validation=0.1, calibration=0.1, seed=1)
    assert (first.fit != second.fit).any()
    with pytest.raises(InputError, match="3 normal records cannot be split"):
        split_normals(3, validation=0.1, calibration=0.1, seed=0)


@given(st.lists(FINITE, min_size=1, max_size=60), st.lists(FINITE, max_size=20), st.data())
def test_flagging_is_the_same_as_a_small_p_value(
    reference: list[float], scores: list[float], data: st.DataObject
) -> None:
    calibration = Calibration(np.array(reference))
    target = data.draw(st.integers(1, len(reference))) / (len(reference) + 1)
    threshold = calibration.threshold(target)
    values = np.array(scores + reference)
    assert (threshold.flags(values) == (calibration.p_values(values) <= target + 1e-12)).all()
    assert threshold.flags(np.array(reference)).mean() <= target


def test_p_values_of_normals_are_uniform() -> None:
    rng = np.random.default_rng(0)
    calibration = Calibration(rng.normal(size=9999))
    p_values = calibration.p_values(rng.normal(size=20_000))
    for rate in (0.1, 0.05, 0.01, 0.001):
        spread = 4 * math.sqrt(rate * (1 - rate) * (1 / 20_000 + 1 / 9999))
        assert abs((p_values <= rate).mean() - rate) < spread


def test_a_rate_that_cannot_be_resolved_says_how_many_records_it_takes() -> None:
    calibration = Calibration(np.arange(98.0))
    with pytest.raises(ResolutionError, match=r"98 calibration records: it takes 99"):
        calibration.threshold(0.01)
    assert Calibration(np.arange(99.0)).threshold(0.01).value == 98.0
    with pytest.raises(ResolutionError, match="999,999"):
        calibration.threshold(1e-6)


@pytest.mark.parametrize("rate", [0, 1, -0.1, 2, math.nan])
def test_a_rate_is_a_share(rate: float) -> None:
    with pytest.raises(InputError, match="above 0 and below 1"):
        Calibration(np.arange(9.0)).threshold(rate)


@pytest.mark.parametrize("scores", [[], [math.nan], [1, math.inf]])
def test_calibration_needs_finite_scores(scores: list[float]) -> None:
    with pytest.raises(InputError, match="finite scores"):
        Calibration(np.array(scores))


@pytest.mark.parametrize("budget", [(0, 10), (-1, 10), (10, 10), (1, math.inf), (math.nan, 5)])
def test_a_budget_is_below_the_traffic(budget: tuple[float, float]) -> None:
    assert budget_to_fpr(50, 5000) == 0.01
    with pytest.raises(InputError, match="budget"):
        budget_to_fpr(*budget)

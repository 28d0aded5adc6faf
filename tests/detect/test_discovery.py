"""Benjamini and Hochberg's procedure, as it is written down, on p-values that come from scores."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.errors import InputError
from oddflow.detect.calibrate import Calibration
from oddflow.detect.discovery import PValueCounts, benjamini_hochberg, fewest_flagged

Procedure = Callable[[np.ndarray, float], np.ndarray]

RATES = st.sampled_from([1, 5, 10, 20, 50, 99])
"""In hundredths, so that the definition can be computed with fractions."""


def by_definition(ranks: list[int], n_ranks: int, rate: Fraction) -> list[bool]:
    """What to flag among p-values rank / n_ranks, in exact arithmetic, k by k."""
    p_values = [Fraction(rank, n_ranks) for rank in ranks]
    ordered, largest = sorted(p_values), Fraction(-1)
    for k in range(1, len(ordered) + 1):
        if ordered[k - 1] <= rate * k / len(ordered):
            largest = ordered[k - 1]
    return [p <= largest for p in p_values]


@given(ranks=st.lists(st.integers(1, 40), max_size=60), hundredths=RATES)
def test_it_is_the_definition(ranks: list[int], hundredths: int) -> None:
    p_values = np.array(ranks, dtype=np.float64) / 40
    flagged = benjamini_hochberg(p_values, hundredths / 100)
    assert flagged.tolist() == by_definition(ranks, 40, Fraction(hundredths, 100))


@given(
    reference=st.lists(st.integers(-20, 20), min_size=1, max_size=60),
    blocks=st.lists(st.lists(st.integers(-25, 60), max_size=30), max_size=4),
    hundredths=RATES,
)
def test_counts_of_blocks_flag_what_the_whole_batch_does(
    reference: list[int], blocks: list[list[int]], hundredths: int
) -> None:
    calibration = Calibration(np.array(reference, dtype=np.float64))
    counts = PValueCounts.none(calibration)
    for block in blocks:
        counts = counts.with_scores(np.array(block, dtype=np.float64))
    scores = np.array([score for block in blocks for score in block], dtype=np.float64)
    threshold = counts.threshold(hundredths / 100)
    expected = benjamini_hochberg(calibration.p_values(scores), hundredths / 100)
    assert counts.n_records == len(scores)
    assert threshold.flags(scores).tolist() == expected.tolist()
    assert 0 <= threshold.target_fpr <= hundredths / 100


@given(
    ranks=st.lists(st.integers(1, 30), min_size=1, max_size=40),
    fewer=RATES,
    more=RATES,
)
def test_a_higher_rate_never_flags_less(ranks: list[int], fewer: int, more: int) -> None:
    p_values = np.array(ranks, dtype=np.float64) / 30
    low, high = sorted((fewer / 100, more / 100))
    assert (benjamini_hochberg(p_values, low) <= benjamini_hochberg(p_values, high)).all()


def share_false(procedure: Procedure, *, fdr: float, n_batches: int = 300) -> float:
    """Mean share of normal records among the flagged, over batches each with a calibration."""
    rng, shares = np.random.default_rng(0), []
    for _ in range(n_batches):
        calibration = Calibration(rng.normal(size=500))
        scores = np.concatenate([rng.normal(size=180), rng.normal(4.0, 1.0, size=20)])
        flagged = procedure(calibration.p_values(scores), fdr)
        shares.append(flagged[:180].sum() / max(flagged.sum(), 1))
    return float(np.mean(shares))


def check_false_discoveries_stay_within(procedure: Procedure) -> None:
    assert share_false(procedure, fdr=0.2) <= 0.2
    assert share_false(procedure, fdr=0.2) > 0.1, "it flags next to nothing"


def test_false_discoveries_stay_within_the_rate() -> None:
    check_false_discoveries_stay_within(benjamini_hochberg)


def test_a_plain_threshold_on_p_values_is_found_out() -> None:
    with pytest.raises(AssertionError):
        check_false_discoveries_stay_within(lambda p, fdr: np.asarray(p <= fdr))
    with pytest.raises(AssertionError, match="next to nothing"):
        check_false_discoveries_stay_within(lambda p, fdr: np.asarray(p <= 0 * fdr))


def test_no_fewer_than_the_calibration_resolves_are_flagged() -> None:
    calibration = Calibration(np.arange(99.0))
    fewest = fewest_flagged(200, 99, 0.1)
    assert fewest == 20
    for n_odd, n_flagged in ((fewest - 1, 0), (fewest, fewest)):
        scores = np.concatenate([np.full(n_odd, 1e6), np.zeros(200 - n_odd)])
        threshold = PValueCounts.none(calibration).with_scores(scores).threshold(0.1)
        assert threshold.flags(scores).sum() == n_flagged


def test_nothing_is_flagged_in_nothing() -> None:
    assert benjamini_hochberg(np.empty(0), 0.1).tolist() == []
    threshold = PValueCounts.none(Calibration(np.arange(9.0))).threshold(0.1)
    assert (threshold.value, threshold.target_fpr) == (np.inf, 0.0)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 1.5, np.nan])
def test_rates_that_are_none_are_refused(rate: float) -> None:
    counts = PValueCounts.none(Calibration(np.arange(9.0)))
    for refuse in (
        lambda: benjamini_hochberg(np.array([0.5]), rate),
        lambda: counts.threshold(rate),
        lambda: fewest_flagged(10, 10, rate),
    ):
        with pytest.raises(InputError, match="above 0 and below 1"):
            refuse()


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_p_values_that_are_none_are_refused(value: float) -> None:
    with pytest.raises(InputError, match="p-values from 0 to 1"):
        benjamini_hochberg(np.array([0.5, value]), 0.1)

"""Estimates over seeds and records."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Run
from oddflow.evaluate.bootstrap import estimate, estimate_from
from oddflow.evaluate.counts import ScoredRecords, Weights
from oddflow.evaluate.metrics import METRICS, measure


def make_runs(
    n_runs: int, n_records: int, *, seed: int = 0, spread: float = 0.0
) -> tuple[list[Run], np.ndarray]:
    """Runs that see the same records, each with noise of its own; half of them attacks."""
    random = np.random.default_rng(seed)
    truth = random.random(n_records) < 0.5
    common = random.normal(size=n_records)
    runs = []
    for number in range(n_runs):
        skill = 1.5 + spread * random.normal()
        scores = common + 0.3 * random.normal(size=n_records) + skill * truth
        runs.append(Run(number, scores, 1.0, fit_s=0.0, score_s=0.0))
    return runs, truth


def test_mean_and_std_are_over_the_seeds() -> None:
    runs, truth = make_runs(3, 300, spread=0.3)
    novel = truth & (np.arange(300) % 2 == 0)
    estimates = estimate(runs, truth, novel, n_resamples=40, seed=0)
    assert list(estimates) == list(METRICS)
    single = [measure(ScoredRecords(run.scores, truth, threshold=1.0, novel=novel)) for run in runs]
    for name, found in estimates.items():
        values = [one[name] for one in single]
        assert found.mean == pytest.approx(np.mean(values))
        assert found.std == pytest.approx(np.std(values, ddof=1))
        assert found.low <= found.high


def test_one_seed_has_no_spread_but_an_interval() -> None:
    runs, truth = make_runs(1, 300)
    auroc = estimate(runs, truth, truth, n_resamples=40, seed=0)["auroc"]
    assert auroc.std == 0.0
    assert auroc.low < auroc.mean < auroc.high


def test_the_seed_decides() -> None:
    runs, truth = make_runs(2, 200)
    first, again, other = (estimate(runs, truth, truth, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first["auroc"].low != other["auroc"].low
    assert first["auroc"].mean == other["auroc"].mean


def test_interval_shrinks_with_the_number_of_records() -> None:
    widths = []
    for n_records in (200, 3200):
        runs, truth = make_runs(1, n_records)
        recall = estimate(runs, truth, truth, seed=0)["recall"]
        widths.append(recall.high - recall.low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.35)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    # Scores of attacks are normal, mean 1.5, variance 1.09; the threshold is 1.
    recall = 0.5 * (1 + math.erf(0.5 / math.sqrt(2 * 1.09)))
    hits = 0
    for trial in range(60):
        runs, truth = make_runs(1, 150, seed=100 + trial)
        found = estimate(runs, truth, truth, n_resamples=100, seed=trial)["recall"]
        hits += found.low <= recall <= found.high
    assert hits >= 51, f"{hits} of 60 intervals cover the truth, expected 57"


def test_interval_grows_when_seeds_disagree() -> None:
    calm, truth = make_runs(5, 1000, spread=0.0)
    wild, _ = make_runs(5, 1000, spread=0.6)
    narrow = estimate(calm, truth, truth, seed=0)["auroc"]
    wide = estimate(wild, truth, truth, seed=0)["auroc"]
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_records_are_drawn_once_for_all_seeds() -> None:
    """Five copies of one run are one run: drawing records per seed would narrow the interval."""
    runs, truth = make_runs(1, 200)
    one = estimate(runs, truth, truth, seed=0)["recall"]
    five = estimate(runs * 5, truth, truth, seed=0)["recall"]
    assert (five.mean, five.low, five.high) == pytest.approx((one.mean, one.low, one.high))


def test_a_metric_that_no_seed_defines_is_nan() -> None:
    runs, truth = make_runs(2, 100)
    estimates = estimate(runs, truth, np.zeros(100, dtype=bool), n_resamples=40, seed=0)
    found = estimates["recall_novel"]
    assert all(math.isnan(value) for value in (found.mean, found.std, found.low, found.high))
    assert not math.isnan(estimates["recall"].mean)


def test_a_metric_that_some_resamples_lack_keeps_its_interval() -> None:
    runs, truth = make_runs(1, 50)
    novel = np.zeros(50, dtype=bool)
    novel[np.flatnonzero(truth)[0]] = True
    found = estimate(runs, truth, novel, seed=0)["recall_novel"]
    assert found.low == found.mean == found.high


def test_published_intervals_stay_what_they_were() -> None:
    """Worked out before other metrics shared the resampling."""
    runs, truth = make_runs(3, 300, spread=0.3)
    novel = truth & (np.arange(300) % 2 == 0)
    found = estimate(runs, truth, novel, n_resamples=40, seed=1)
    expected = {
        "auroc": (0.8932435465768799, 0.8511980860855721, 0.9285089786756452),
        "f1": (0.7660641266203001, 0.7257696642998318, 0.8228214748688988),
        "recall_novel": (0.7761194029850746, 0.6348926894701542, 0.8535873440285204),
    }
    for name, (mean, low, high) in expected.items():
        one = found[name]
        assert (one.mean, one.low, one.high) == pytest.approx((mean, low, high), rel=1e-12)


def test_any_metric_of_weights_can_be_estimated() -> None:
    """The mean of a column of numbers: its interval is that of a plain bootstrap."""
    numbers = np.random.default_rng(0).normal(size=400)

    def mean(shift: float, weights: Weights | None) -> dict[str, float]:
        return {"mean": float(np.average(numbers, weights=weights)) + shift, "shift": shift}

    found = estimate_from([partial(mean, 0.0)], 400, seed=0)
    assert found["mean"].mean == pytest.approx(numbers.mean())
    width = found["mean"].high - found["mean"].low
    assert width == pytest.approx(2 * 1.96 * numbers.std() / 20, rel=0.2)
    both = estimate_from([partial(mean, 0.0), partial(mean, 1.0)], 400, seed=0)["shift"]
    assert (both.mean, both.low, both.high) == (0.5, 0.0, 1.0)


def test_all_systems_see_the_same_resamples() -> None:
    seen: list[list[int]] = []

    def remember(weights: Weights | None) -> dict[str, float]:
        if weights is not None:
            seen.append(weights.tolist())
        return {"nothing": 0.0}

    for _ in range(2):
        estimate_from([remember], 30, n_resamples=40, seed=3)
    assert seen[:40] == seen[40:]
    assert seen[0] != seen[1]
    assert all(sum(weights) == 30 for weights in seen)


def test_refuses_what_says_nothing() -> None:
    runs, truth = make_runs(1, 10)
    with pytest.raises(InputError, match="at least one run"):
        estimate([], truth, truth, seed=0)
    with pytest.raises(InputError, match="at least 40 resamples"):
        estimate(runs, truth, truth, n_resamples=10, seed=0)
    with pytest.raises(InputError, match="at least one run"):
        estimate_from([], 10, seed=0)

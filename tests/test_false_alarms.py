"""The intervals by which realised rates of false alarms are judged cover what they should."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.false_alarms import Interval, beta_binomial_interval, binomial_interval

from oddflow.detect.calibrate import Calibration

N, N_CALIBRATION, RATE = 2_000, 400, 0.05
IntervalOf = Callable[[], Interval]


def coverage(interval: Interval, *, n_times: int = 400) -> float:
    """How often a detector that is right in every way has a count inside."""
    rng, inside = np.random.default_rng(0), 0
    for _ in range(n_times):
        threshold = Calibration(rng.normal(size=N_CALIBRATION)).threshold(RATE)
        inside += int(threshold.flags(rng.normal(size=N)).sum()) in interval
    return inside / n_times


def check_covers_95_percent(interval_of: IntervalOf) -> None:
    assert coverage(interval_of()) == pytest.approx(0.95, abs=0.03)


def test_the_beta_binomial_interval_covers() -> None:
    check_covers_95_percent(lambda: beta_binomial_interval(N, N_CALIBRATION, RATE))


def test_the_binomial_one_is_too_narrow_for_a_threshold_that_was_read_from_records() -> None:
    with pytest.raises(AssertionError):
        check_covers_95_percent(lambda: binomial_interval(N, RATE))


def test_with_calibration_without_end_they_are_one() -> None:
    exact, plain = beta_binomial_interval(N, 10**8 - 1, RATE), binomial_interval(N, RATE)
    assert exact == plain
    assert plain.low in plain
    assert plain.high + 1 not in plain

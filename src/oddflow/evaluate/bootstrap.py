"""Mean, spread and interval of every metric over seeds and test records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Estimate, Run
from oddflow.evaluate.counts import Bools, Floats, ScoredRecords, Weights
from oddflow.evaluate.metrics import measure

Measure = Callable[[Weights | None], dict[str, float]]
"""Weights of the records of a test set to the metrics of one run."""

LEVEL = 0.95
"""Of the intervals."""
FEWEST_RESAMPLES = 40
"""Below it, not even one resample lies beyond either end of a 95 % interval."""


def estimate(
    runs: Sequence[Run],
    truth: Bools,
    novel: Bools,
    *,
    n_resamples: int = 200,
    seed: int,
) -> dict[str, Estimate]:
    """Every metric of one system on one test set, over its seeds.

    The interval is a percentile interval of the mean from a hierarchical bootstrap: each resample
    draws the seeds with replacement and, once for all of them, the test records. It covers what
    would change with other seeds and other records of the same kind; it knows nothing of another
    network. With few seeds it is somewhat too narrow. The records drawn depend on `seed` and the
    number of records alone, so two systems are resampled alike.

    Args:
        runs: one for each seed.
        truth: True for an attack, shape (n,).
        novel: True for an attack that training has none of, shape (n,).
        n_resamples: how often to resample, at least 40.
        seed: of the resampling.

    Returns:
        An estimate for each of `METRICS`. `std` is the sample standard deviation (n - 1). A metric
        that no seed defines is NaN throughout; one that some define is a mean over those.

    Raises:
        InputError: no run, too few resamples, or what `ScoredRecords` refuses.
    """
    if not runs:
        raise InputError("expected at least one run to estimate from, received none")
    records = [ScoredRecords(r.scores, truth, threshold=r.threshold, novel=novel) for r in runs]
    return estimate_from(
        [partial(measure, one) for one in records], len(truth), n_resamples=n_resamples, seed=seed
    )


def estimate_from(
    measures: Sequence[Measure], n_records: int, *, n_resamples: int = 200, seed: int
) -> dict[str, Estimate]:
    """Whatever metrics the runs give, estimated over runs and records as `estimate` says.

    Args:
        measures: for each run, weights of the records (None: each once) -> metrics by name.
        n_records: of the test set.
        n_resamples: how often to resample, at least 40.
        seed: of the resampling.

    Raises:
        InputError: no run, or too few resamples.
    """
    if not measures:
        raise InputError("expected at least one run to estimate from, received none")
    if n_resamples < FEWEST_RESAMPLES:
        raise InputError(
            f"a {LEVEL:.0%} interval needs at least {FEWEST_RESAMPLES} resamples, "
            f"received {n_resamples}"
        )
    first = [measure_run(None) for measure_run in measures]
    observed = np.array([list(metrics.values()) for metrics in first])
    resampled = _resample(measures, n_records, n_resamples=n_resamples, seed=seed)
    return {
        name: _summary(observed[:, column], resampled[:, column])
        for column, name in enumerate(first[0])
    }


def _resample(
    measures: Sequence[Measure], n_records: int, *, n_resamples: int, seed: int
) -> Floats:
    """Means over the drawn runs, shape (n_resamples, metrics)."""
    record_draws, run_draws = np.random.default_rng(seed).spawn(2)
    means = []
    for _ in range(n_resamples):
        weights = _draw(n_records, record_draws)
        times = _draw(len(measures), run_draws)
        drawn = np.flatnonzero(times)
        values = np.array([list(measures[run](weights).values()) for run in drawn.tolist()])
        means.append(_mean_of_defined(values, times[drawn]))
    return np.array(means)


def _draw(n: int, random: np.random.Generator) -> NDArray[np.int64]:
    """How often each of n things is drawn in n draws with replacement, shape (n,)."""
    return np.bincount(random.integers(n, size=n), minlength=n).astype(np.int64)


def _mean_of_defined(values: Floats, times: NDArray[np.int64]) -> Floats:
    """Weighted mean of each column over its values that are not NaN; NaN if there are none."""
    defined = ~np.isnan(values)
    weight = np.asarray(times @ defined.astype(np.float64), dtype=np.float64)
    total = np.asarray(times @ np.where(defined, values, 0.0), dtype=np.float64)
    return np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)


def _summary(observed: Floats, resampled: Floats) -> Estimate:
    observed = observed[~np.isnan(observed)]
    resampled = resampled[~np.isnan(resampled)]
    if not len(observed) or not len(resampled):
        return Estimate(*[float("nan")] * 4)
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    std = observed.std(ddof=1) if len(observed) > 1 else 0.0
    return Estimate(float(observed.mean()), float(std), float(low), float(high))

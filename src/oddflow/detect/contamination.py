"""Training records that are odd beside the others: how odd, and how many form a group apart.

"Normal" records seldom are all normal. An attack that was not noticed comes as many similar
records, and a model of all records takes such a group for one more kind of traffic: a group of a
tenth lies at most three standard deviations from the mean of a covariance that it is part of. Tails
do not forgive like that. Of a group of a tenth, each value that sets it apart is still in the outer
tenth of its column, and an attack is apart in many columns at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import FeatureMatrix
from oddflow.features.encode import Encoder

Floats = NDArray[np.float64]

SAMPLE = 50_000
"""Most records that an estimate looks at, taken at random."""
FEWEST = 2_000
"""Distinct records that an estimate takes: with fewer, single kinds of traffic look like groups."""
BIN = 0.02
SMOOTHING = 0.1
LONGEST = 10.0
"""Of the histogram of oddness, in medians: width of a bin, spread of the kernel, end."""
TAIL = 0.15
"""Share of the records in which a group apart is looked for, the oddest ones; more than that is no
contamination but a second kind of traffic."""
SMALLEST = 0.005
"""Share below which a group is too small to be told from a few odd records."""
DEEPEST = 0.7
"""A group is apart if the density between it and the bulk falls below this part of its peak. Clean
traffic of KDDTrain+ and of the lab has no valley in the tail at all; docs/dirty-data.md has
both."""
SIGMAS = 3.0
"""Poisson standard deviations by which valley and peak must differ."""


def tail_oddness(encoded: NDArray[np.float32]) -> Floats:
    """How far out in the tails of all columns each record is, shape (n,); higher is odder.

    ECOD of Li et al., "ECOD: Unsupervised Outlier Detection Using Empirical Cumulative Distribution
    Functions" (IEEE TKDE 2022): minus logarithms of tail shares, added over columns; the largest of
    the sums of left tails, of right tails, and of the tail on the side to which a column is skewed.
    It depends on the order in each column alone, and a group of share c cannot pull any tail share
    below c.

    Args:
        encoded: rows of the records themselves, shape (n, columns); they are their own reference.
    """
    n_records = len(encoded)
    sums = np.zeros((3, n_records))
    for column in np.asarray(encoded, dtype=np.float64).T:
        ordered = np.sort(column)
        left = np.searchsorted(ordered, column, side="right") / n_records
        right = 1 - np.searchsorted(ordered, column, side="left") / n_records
        odd_left, odd_right = -np.log(left), -np.log(right)
        sums[0] += odd_left
        sums[1] += odd_right
        is_left_skewed = np.power(column - column.mean(), 3).mean() < 0
        sums[2] += odd_left if is_left_skewed else odd_right
    return np.asarray(sums.max(axis=0), dtype=np.float64)


def estimate_contamination(records: FeatureMatrix) -> float | None:
    """Share of the records that lie in a group apart from the rest, as attacks among normals do.

    The oddness of clean traffic falls off towards its tail. Where it rises again behind a valley,
    the records beyond the valley are counted. It misses attacks that look like normal traffic, and
    counts normal records of a rare kind that all look alike: look at them before believing it.

    Args:
        records: to learn from; no label is needed. At most `SAMPLE` of them are looked at.

    Returns:
        The share, 0.0 if there is no such group; None where there are fewer than `FEWEST` distinct
        records, which is too few to tell.
    """
    if len(records) > SAMPLE:
        records = records.take(np.random.default_rng(0).permutation(len(records))[:SAMPLE])
    if len(records) < FEWEST:
        return None
    encoded = Encoder.fit(records).transform(records)
    if len(np.unique(encoded, axis=0)) < FEWEST:
        return None
    return _share_apart(tail_oddness(encoded))


def _share_apart(oddness: Floats) -> float:
    """Share of the records beyond the deepest valley in the tail of the distribution."""
    middle = float(np.median(oddness))
    if middle <= 0:
        return 0.0
    tail = _tail(np.minimum(oddness / middle, LONGEST))
    valleys = np.minimum.accumulate(tail.density)
    # Where the running minimum stands: the last bin at which it was reached.
    at = np.maximum.accumulate(np.where(tail.density == valleys, np.arange(len(valleys)), 0))
    spread = np.sqrt(np.maximum(tail.density + valleys, 1e-9))
    sigmas = (tail.density - valleys) / spread
    is_apart = (
        (valleys <= DEEPEST * tail.density)
        & (sigmas >= SIGMAS)
        & (tail.beyond[at] >= SMALLEST * len(oddness))
    )
    if not is_apart.any():
        return 0.0
    peak = int(np.argmax(np.where(is_apart, sigmas, -np.inf)))
    return float(tail.beyond[at[peak]] / len(oddness))


class _Tail(NamedTuple):
    """Bins of the tail of a histogram.

    density: records near each bin, those within the kernel's width; beyond: records in it or right.
    """

    density: Floats
    beyond: Floats


def _tail(oddness: Floats) -> _Tail:
    """The histogram of the oddest `TAIL` of the records, smoothed by a Gaussian kernel."""
    edges = np.arange(0, LONGEST + 4 * SMOOTHING, BIN)
    counts = np.histogram(oddness, edges)[0].astype(np.float64)
    offsets = np.arange(-4 * SMOOTHING, 4 * SMOOTHING + BIN / 2, BIN)
    kernel = np.exp(-np.square(offsets / SMOOTHING) / 2)
    # Scaled so that the noise of the density is that of a count: its variance is its mean.
    density = np.convolve(counts, kernel * kernel.sum() / np.square(kernel).sum(), mode="same")
    beyond = np.cumsum(counts[::-1])[::-1]
    start = int(np.argmax(beyond <= TAIL * len(oddness)))
    return _Tail(density[start:], beyond[start:])

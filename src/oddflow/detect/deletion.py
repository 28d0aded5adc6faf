"""Faithfulness of explanations by deletion: does an alert vanish without what was named?

The named features of a flagged record are replaced by what is normal, and the record is scored
again. An explanation that names what the score rests on brings it below the threshold with few of
them. Beside it stand controls that do not know the score: as many features drawn by chance, or
those of the largest shares each set to its own expected value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import FeatureMatrix
from oddflow.core.verdicts import Threshold
from oddflow.detect.aspects import aspect_of
from oddflow.detect.counterfactual import Replacements, Search
from oddflow.detect.model import EXPLAINED_AT_ONCE, Model
from oddflow.detect.nearest import distances

Array = NDArray[np.float32]
Masks = NDArray[np.bool_]

SIZES = (1, 2, 3, 5)
"""Features, or aspects, that are replaced at most."""
MOST_ALERTS = 4000
"""Enough for an error of a share below 1 % (standard deviation)."""
FEATURES = "features of the counterfactual"
ASPECTS = "aspects of the counterfactual"
SHARES = "features of the largest shares"
BY_CHANCE = "features by chance"
ASPECTS_BY_CHANCE = "aspects by chance"


def deletions(
    model: Model,
    records: FeatureMatrix,
    threshold: Threshold,
    *,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, Masks]:
    """Which alerts vanish when at most so much is replaced, for each way to choose what.

    Args:
        model: that flags.
        records: of any kind; only those above the threshold are looked at, and of these at most
            `MOST_ALERTS`, drawn by chance.
        threshold: of the score.
        seed: of what is chosen by chance.
        on_progress: told how many alerts are done, and of how many.

    Returns:
        Way -> True where the score falls to the threshold, shape (alerts, len(SIZES)).
    """
    encoded = model.encoder.transform(records)
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(threshold.flags(model.scorer.scores(encoded)))
    flagged = encoded[np.sort(rng.permutation(rows)[:MOST_ALERTS])]
    parts = []
    for start in range(0, len(flagged), EXPLAINED_AT_ONCE):
        some = flagged[start : start + EXPLAINED_AT_ONCE]
        parts.append(dict(_ways(model, some, threshold.value, rng)))
        if on_progress is not None:
            on_progress(start + len(some), len(flagged))
    nothing = np.empty((0, len(SIZES)), dtype=np.bool_)
    ways = (FEATURES, ASPECTS, SHARES, BY_CHANCE, ASPECTS_BY_CHANCE)
    return {way: np.concatenate([nothing, *(part[way] for part in parts)]) for way in ways}


def _ways(
    model: Model, encoded: Array, threshold: float, rng: np.random.Generator
) -> Iterator[tuple[str, Masks]]:
    credit, expected = model.explainer.credit(model.scorer, encoded)
    search = Search(model.scorer, model.encoder, model.explainer.reference, threshold)
    yield FEATURES, _within(search.of_features(encoded, credit, most=SIZES[-1]), threshold)
    yield ASPECTS, _within(search.of_aspects(encoded, most=SIZES[-1]), threshold)
    names = [code.feature.name for code in model.encoder.codes]
    features = np.repeat(np.arange(len(names)), [code.width for code in model.encoder.codes])
    _, of = np.unique([aspect_of(name) for name in names], return_inverse=True)

    def passes(chosen: NDArray[np.intp], units: NDArray[np.intp], values: Array | None) -> Masks:
        """For a ranking of units, shape (n, units): True where the best few are enough."""
        masks = ((chosen[:, :size, None] == units).any(axis=1) for size in SIZES)
        scores = [model.scorer.scores(_replaced(search, encoded, m, values)) for m in masks]
        return np.logical_or.accumulate(np.stack(scores, axis=1) <= threshold, axis=1)

    yield SHARES, passes(np.argsort(-credit, axis=1, kind="stable"), features, expected)
    yield BY_CHANCE, passes(_shuffled(len(encoded), len(names), rng), features, None)
    yield ASPECTS_BY_CHANCE, passes(_shuffled(len(encoded), of.max() + 1, rng), of[features], None)


def _within(found: Replacements, threshold: float) -> Masks:
    return (found.score <= threshold)[:, None] & (found.size[:, None] <= np.array(SIZES))


def _shuffled(n: int, n_units: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return rng.random((n, n_units)).argsort(axis=1)


def _replaced(search: Search, encoded: Array, replaced: Masks, values: Array | None) -> Array:
    """Records with some columns replaced: by given values, or by the nearest normal record's."""
    if values is None:
        apart = np.empty((len(encoded), len(search.reference)), dtype=np.float32)
        distances(np.ascontiguousarray(search.reference.T), encoded, ~replaced, apart)
        values = search.reference[apart.argmin(axis=1)]
    return np.where(replaced, values, encoded)

"""Which features carry the score of each kind of record."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.evaluation import ResidualMap
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.model import Model

RECORDS_OF_A_KIND = 30
"""Explained for each kind; more change the means little."""


def residual_map(
    model: Model, records: FeatureMatrix, kinds: NDArray[np.object_], *, seed: int = 0
) -> ResidualMap:
    """Mean share of each feature in the score of some records of each kind.

    Args:
        model: that scores.
        records: to explain.
        kinds: name of the kind of each record, shape (n,).
        seed: of the choice of records.
    """
    rng = np.random.default_rng(seed)
    names = tuple(sorted({str(kind) for kind in kinds}))
    encoded = model.encoder.transform(records)
    means = []
    for name in names:
        rows = rng.permutation(np.flatnonzero(kinds == name))[:RECORDS_OF_A_KIND]
        credit, _ = model.explainer.credit(model.scorer, encoded[rows])
        total = np.maximum(credit.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        means.append((credit / total).mean(axis=0))
    columns = tuple(code.feature.name for code in model.encoder.codes)
    return ResidualMap(names, columns, np.stack(means))

"""Trimmed training: learning from the bulk of records that are not all normal."""

from __future__ import annotations

import numpy as np

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.contamination import tail_oddness
from oddflow.features.encode import Encoder

LARGEST = 0.5


def trim(records: FeatureMatrix, contamination: float) -> FeatureMatrix:
    """The records less the share `contamination` that is oddest by `tail_oddness`, in their order.

    What is left serves for everything: network, covariances, early stopping and calibration. So
    where the share is right and attacks are the oddest records, thresholds keep their rate. Where
    fewer are attacks, normal records are dropped in their place, which are the oddest of the
    calibration set too, and more than the target is flagged: up to `contamination` more.
    docs/dirty-data.md has what was measured.

    It is done once. To drop what a network trained on the rest finds odd, and to train again, was
    worse: a network remembers attacks that were left in, and then drops normal records instead.

    Args:
        records: to learn from.
        contamination: share of them that may be attacks, from 0 to below 0.5; at 0 the records are
            given back as they are.

    Raises:
        InputError: a share out of range.
    """
    if not 0 <= contamination < LARGEST:
        raise InputError(
            f"contamination is the share of the training records that may be attacks; expected at "
            f"least 0 and below {LARGEST}, received {contamination}"
        )
    n_dropped = round(contamination * len(records))
    if n_dropped == 0:
        return records
    oddness = tail_oddness(Encoder.fit(records).transform(records))
    order = np.argsort(oddness, kind="stable")
    return records.take(np.sort(order[: len(records) - n_dropped]))

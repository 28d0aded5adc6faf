"""How the normal traffic of a test set differs from that of training, feature by feature.

What a detector flags falsely beyond its target, it flags because normal traffic changed; this says
where, without looking at any detector.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.evaluation import FeatureShift
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import Kind
from oddflow.evaluate.counts import Floats


def feature_shift(train: FeatureMatrix, test: FeatureMatrix) -> tuple[FeatureShift, ...]:
    """Each feature, the one whose distribution differs most first.

    Args:
        train: normal training records.
        test: normal test records; if there is none, there is nothing to say.

    Raises:
        SchemaMismatch: other features in one than in the other.
        InputError: no training record.
    """
    if train.schema.sha256 != test.schema.sha256:
        raise SchemaMismatch(expected=train.schema.names, received=test.schema.names)
    if not len(train):
        raise InputError("expected normal training records to compare with, received none")
    if not len(test):
        return ()
    shifts = [
        _of_numbers(feature.name, train.numeric[:, i], test.numeric[:, i], feature.kind)
        for i, feature in enumerate(train.schema.numeric)
    ]
    pairs = zip(train.schema.categorical, train.categorical, test.categorical, strict=True)
    shifts += [_of_names(feature.name, a.names(), b.names()) for feature, a, b in pairs]
    return tuple(sorted(shifts, key=lambda shift: -shift.distance))


def _of_numbers(name: str, train: Floats, test: Floats, kind: Kind) -> FeatureShift:
    f = np.log1p if kind is Kind.COUNT else np.asarray
    sd = float(f(train).std())
    moved = float(f(test).mean() - f(train).mean())
    return FeatureShift(
        feature=name,
        distance=_kolmogorov_smirnov(train, test),
        outside=float(((test < train.min()) | (test > train.max())).mean()),
        shift_sd=moved / sd if sd > 0 else None,
        train=float(np.median(train)),
        test=float(np.median(test)),
    )


def _of_names(name: str, train: NDArray[np.object_], test: NDArray[np.object_]) -> FeatureShift:
    levels, codes = np.unique(np.concatenate([train, test]).astype(str), return_inverse=True)
    before, after = codes[: len(train)], codes[len(train) :]
    share_before, share_after = (
        np.bincount(part, minlength=len(levels)) / len(part) for part in (before, after)
    )
    return FeatureShift(
        feature=name,
        distance=float(np.abs(share_before - share_after).sum() / 2),
        outside=float(share_after[share_before == 0].sum()),
        shift_sd=None,
        train=str(levels[share_before.argmax()]),
        test=str(levels[share_after.argmax()]),
    )


def _kolmogorov_smirnov(one: Floats, other: Floats) -> float:
    """Largest difference between the two cumulative distributions."""
    values = np.unique(np.concatenate([one, other]))
    shares = [
        np.searchsorted(np.sort(part), values, side="right") / len(part) for part in (one, other)
    ]
    return float(np.abs(shares[0] - shares[1]).max())

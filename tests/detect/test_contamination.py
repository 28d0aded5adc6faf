"""Training records that are not all normal: noticed, estimated, left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix, concatenate
from oddflow.core.schema import numbered_schema
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.contamination import FEWEST, estimate_contamination, tail_oddness
from oddflow.detect.trimmed import trim
from tests.toy import SMALL, toy_normals


def normals(n: int, *, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(n, 8))


def with_a_group(n: int, share: float, *, seed: int = 0) -> NDArray[np.float64]:
    """Normal rows, of which the first `share` are moved out in all columns."""
    rows = normals(n, seed=seed)
    rows[: round(share * n)] = rows[: round(share * n)] * 0.3 + 3
    return rows


def matrix(rows: NDArray[np.float64]) -> FeatureMatrix:
    return FeatureMatrix(numbered_schema(rows.shape[1]), rows, ())


def test_oddness_is_that_of_the_definition() -> None:
    column = np.array([1.0, 2.0, 2.0, 10.0], dtype=np.float32)[:, None]
    right = -np.log([4 / 4, 3 / 4, 3 / 4, 1 / 4])
    left = -np.log([1 / 4, 3 / 4, 3 / 4, 4 / 4])
    assert tail_oddness(column) == pytest.approx(np.maximum(left, right))


@given(st.integers(0, 2**32 - 1))
def test_oddness_does_not_mind_how_columns_are_stretched(seed: int) -> None:
    rows = np.abs(np.random.default_rng(seed).normal(size=(50, 1))).astype(np.float32)
    both = np.concatenate([rows, rows], axis=1)
    assert tail_oddness(np.float32(8) * both) == pytest.approx(tail_oddness(both))


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_a_group_is_estimated(share: float) -> None:
    estimate = estimate_contamination(matrix(with_a_group(6000, share)))
    assert estimate == pytest.approx(share, rel=0.3)


@pytest.mark.parametrize("seed", range(5))
def test_clean_records_raise_no_suspicion(seed: int) -> None:
    assert estimate_contamination(matrix(normals(6000, seed=seed))) == 0


def test_too_few_records_cannot_be_judged() -> None:
    assert estimate_contamination(matrix(with_a_group(FEWEST - 1, 0.1))) is None
    repeated = np.repeat(with_a_group(50, 0.1), 100, axis=0)
    assert estimate_contamination(matrix(repeated)) is None


@pytest.mark.parametrize("value", [0.0, 1e100])
def test_hostile_columns_are_survived(value: float) -> None:
    rows = normals(3000)
    rows[:, :6] = value
    rows[::7, 7] = -1e100
    assert estimate_contamination(matrix(rows)) is not None
    assert np.isfinite(tail_oddness(rows.clip(-3e38, 3e38).astype(np.float32))).all()


def test_what_is_trimmed_is_the_group() -> None:
    rows = with_a_group(2000, 0.05)
    kept = trim(matrix(rows), 0.05)
    assert len(kept) == 1900
    is_group = (kept.numeric[:, :] > 2).all(axis=1)
    assert is_group.sum() < 5


def test_trimming_keeps_the_order() -> None:
    rows = normals(300)
    rows[:, 0] = np.arange(300)
    assert (np.diff(trim(matrix(rows), 0.1).numeric[:, 0]) > 0).all()


def test_nothing_told_nothing_trimmed() -> None:
    records = matrix(normals(100))
    assert trim(records, 0) is records


@pytest.mark.parametrize("share", [-0.1, 0.5, 1, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="contamination is the share"):
        trim(matrix(normals(100)), share)


def test_the_detector_learns_from_what_is_left(toy: Any) -> None:  # noqa: ANN401
    attacks = toy.features.take(toy.labels.attack == "neptune")
    dirty = concatenate([toy_normals(1500, seed=3), attacks])
    share = len(attacks) / len(dirty)
    raw, trimmed = (
        LSTMAutoencoderDetector(**SMALL, contamination=told).fit(dirty) for told in (0.0, share)
    )
    recall_raw, recall = (
        (detector.score_samples(attacks) > detector.threshold_).mean()
        for detector in (raw, trimmed)
    )
    assert recall > 0.9 > recall_raw
    again = LSTMAutoencoderDetector(**SMALL).fit(trim(dirty, share))
    assert (again.score_samples(attacks) == trimmed.score_samples(attacks)).all()


@pytest.mark.data
@pytest.mark.usefixtures("corpora")
@pytest.mark.parametrize(
    ("share", "low", "high"), [(0, 0, 0), (0.02, 0.01, 0.03), (0.1, 0.07, 0.13)]
)
def test_attacks_among_real_normals_are_estimated(share: float, low: float, high: float) -> None:
    corpus = load_nsl_kdd("KDDTrain+")
    rng = np.random.default_rng(5)
    is_attack, n_attacks = corpus.labels.is_attack, round(share * 10_000)
    normal = rng.choice(np.flatnonzero(~is_attack), 10_000 - n_attacks, replace=False)
    attacks = rng.choice(np.flatnonzero(is_attack), n_attacks, replace=False)
    records = corpus.features.take(np.concatenate([normal, attacks]))
    estimate = estimate_contamination(records)
    assert estimate is not None
    assert low <= estimate <= high

"""The baselines are what their names say, calibrated on the records that the network is."""

from __future__ import annotations

import numpy as np
import pytest

from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.baselines import (
    LEARNERS,
    Baseline,
    baselines,
    isolation_forest,
    mahalanobis,
    mahalanobis_capped,
    nearest_neighbours,
    principal_components,
)
from oddflow.detect.calibrate import Calibration, split_normals


@pytest.fixture(scope="module")
def normals() -> np.ndarray:
    rng = np.random.default_rng(0)
    mixed: np.ndarray = rng.normal(size=(800, 4)) @ rng.normal(size=(4, 4)) + 2
    return mixed.astype(np.float32)


@pytest.fixture(scope="module")
def odd() -> np.ndarray:
    return (np.random.default_rng(1).normal(size=(50, 4)) * 9).astype(np.float32)


def test_mahalanobis_is_the_distance_in_the_textbook(normals: np.ndarray, odd: np.ndarray) -> None:
    apart = odd - normals.mean(axis=0)
    precision = np.linalg.inv(np.cov(normals, rowvar=False) + 1e-3 * np.eye(4))
    expected = np.einsum("ij,jk,ik->i", apart, precision, apart)
    assert mahalanobis(normals, 0)(odd) == pytest.approx(expected, rel=1e-3)


def test_the_cap_bounds_each_direction(normals: np.ndarray, odd: np.ndarray) -> None:
    capped = mahalanobis_capped(normals, 0)
    assert capped(odd * np.float32(1e6)) == pytest.approx(np.full(50, 4 * 4.0**2))
    calm = normals[mahalanobis(normals, 0)(normals) < 9]
    assert capped(calm) == pytest.approx(mahalanobis(normals, 0)(calm), rel=1e-5)


def test_neighbours_are_five_and_euclidean(normals: np.ndarray, odd: np.ndarray) -> None:
    apart = np.linalg.norm(odd[:, None].astype(np.float64) - normals[None], axis=2)
    expected = np.sort(apart, axis=1)[:, :5].mean(axis=1)
    assert nearest_neighbours(normals, 0)(odd) == pytest.approx(expected, rel=1e-4)


def test_components_leave_out_what_varies_least(odd: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    flat = (rng.normal(size=(500, 3)) * [5, 5, 0.1]).astype(np.float32)
    score = principal_components(flat, 0)
    across = odd[:, :3].copy()
    expected = np.square(across[:, 2] - flat[:, 2].mean()) / 3
    assert score(across) == pytest.approx(expected, rel=0.2, abs=0.2)


def test_a_forest_finds_outliers_odder(normals: np.ndarray, odd: np.ndarray) -> None:
    score = isolation_forest(normals, 0)
    assert np.median(score(odd)) > np.quantile(score(normals), 0.95)


def test_thresholds_come_from_the_records_the_network_is_calibrated_on(
    toy: LabelledMatrix, small_detector: LSTMAutoencoderDetector
) -> None:
    records = toy.normals()
    baseline = Baseline(LEARNERS["mahalanobis"]).fit(records)
    split = split_normals(len(records), validation=0.1, calibration=0.2, seed=0)
    held_out = baseline.score_samples(records.take(split.calibration))
    assert baseline.threshold_ == Calibration(held_out).threshold(0.05).value
    theirs = small_detector.score_samples(records.take(split.calibration))
    assert small_detector.threshold_ == Calibration(theirs).threshold(0.05).value


def test_factories_pass_seed_and_rate_on(toy: LabelledMatrix) -> None:
    factories = baselines(0.1)
    assert list(factories) == list(LEARNERS)
    for name, factory in factories.items():
        detector = factory(3)
        assert isinstance(detector, Baseline)
        assert (detector.seed, detector.target_fpr) == (3, 0.1)
        assert detector.learn is LEARNERS[name]
    detector = factories["mahalanobis"](3).fit(toy.normals())
    flagged = (detector.score_samples(toy.normals()) > detector.threshold_).mean()
    assert flagged == pytest.approx(0.1, abs=0.03)

"""The search is decided by its seed and sees no calibration record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect import search as searching
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.calibrate import split_normals
from oddflow.detect.search import Found, search
from tests.toy import toy_normals


@pytest.fixture(autouse=True)
def _tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "OUTER_WIDTHS", (8,))
    monkeypatch.setattr(searching, "CODE_WIDTHS", (3, 4))
    monkeypatch.setattr(searching, "BATCH_SIZES", (128,))
    monkeypatch.setattr(searching, "EPOCHS", (1, 2))


def found(normals: FeatureMatrix, *, seed: int = 0, n_trials: int = 2, **options: Any) -> Found:  # noqa: ANN401
    return search(normals, n_trials=n_trials, seed=seed, **options)


def test_the_seed_decides() -> None:
    normals = toy_normals(400, seed=0)
    told: list[tuple[int, float]] = []
    first = found(normals, on_trial=lambda done, best: told.append((done, best)))
    assert first == found(normals)
    assert first != found(normals, seed=1)
    assert [done for done, _ in told] == [1, 2]
    assert told[-1][1] == first.validation_loss == min(best for _, best in told)
    assert (first.n_trials, first.n_pruned) == (2, 0)


def test_what_is_found_fits_a_detector_as_good_as_promised() -> None:
    normals = toy_normals(400, seed=0)
    result = found(normals)
    detector = LSTMAutoencoderDetector(seed=0, **result.parameters)
    _, history = detector.train_network(normals)
    assert min(history.validation_loss) == result.validation_loss
    low, high = searching.LEARNING_RATES
    assert low <= result.parameters["learning_rate"] <= high
    assert result.parameters["encoder_widths"][-1] in searching.CODE_WIDTHS


def test_calibration_records_are_never_seen() -> None:
    normals = toy_normals(400, seed=0)
    split = split_normals(400, validation=0.1, calibration=0.2, seed=0)
    assert found(spoilt(normals, split.calibration)) == found(normals)
    assert found(spoilt(normals, split.validation)) != found(normals)


def spoilt(normals: FeatureMatrix, rows: np.ndarray) -> FeatureMatrix:
    numeric = normals.numeric.copy()
    numeric[rows] = numeric[rows][:, ::-1] + 7
    return FeatureMatrix(normals.schema, numeric, normals.categorical)


def test_no_time_at_all_is_refused() -> None:
    """With no trial there is no best one."""
    with pytest.raises(InputError):
        found(toy_normals(400, seed=0), seconds=0.0)

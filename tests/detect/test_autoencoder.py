import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from oddflow.core.errors import InputError, NotFittedError, ResolutionError
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from tests.toy import SMALL, toy_normals

TINY = {**SMALL, "epochs": 2}


def test_predict_is_a_score_above_the_threshold(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    scores = small_detector.score_samples(toy.features)
    flagged = small_detector.predict(toy.features)
    assert set(flagged.tolist()) == {0, 1}
    assert (flagged == (scores > small_detector.threshold_)).all()
    assert small_detector.decision_function(toy.features) == pytest.approx(
        scores - small_detector.threshold_
    )
    p_values = small_detector.p_values(toy.features)
    assert ((p_values <= small_detector.target_fpr) == flagged.astype(bool)).all()
    assert roc_auc_score(toy.labels.is_attack, scores) > 0.95


def test_frames_score_as_matrices_do(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    some = toy.features.take(slice(0, 20))
    columns = {name: some.column(name).tolist() for name in reversed(KDD41.names)}
    expected = small_detector.score_samples(some)
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns)):
        assert (small_detector.score_samples(frame) == expected).all()
    assert small_detector.n_features_in_ == 41
    assert small_detector.feature_names_in_.tolist() == list(KDD41.names)


def test_it_stands_in_a_pipeline() -> None:
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(600, 3)) @ rng.normal(size=(3, 8)) * 100
    pipeline = make_pipeline(StandardScaler(), LSTMAutoencoderDetector(**TINY))
    pipeline.fit(normal)
    odd = rng.normal(size=(50, 8)) * 1000
    assert pipeline.predict(odd).mean() > 0.9
    assert pipeline.predict(normal).mean() < 0.15
    assert pipeline.score_samples(odd).shape == (50,)


def test_parameters_are_scikit_learns() -> None:
    detector = LSTMAutoencoderDetector(steps="record", seed=7, **TINY)
    copy = clone(detector)
    assert copy.get_params() == detector.get_params()
    assert copy.set_params(seed=8).seed == 8
    assert not hasattr(copy, "model_")


def test_one_step_and_four_are_two_networks(toy: LabelledMatrix) -> None:
    normals = toy.normals()
    record = LSTMAutoencoderDetector(steps="record", **TINY).fit(normals)
    assert record.network_.input_shape[1] == 1
    groups = LSTMAutoencoderDetector(steps="groups", **TINY).fit(normals)
    assert groups.network_.input_shape[1] == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": "hosts"}, "steps must be one of record, groups, received 'hosts'"),
        (
            {"score_kind": "best"},
            "score_kind must be one of error, residual, latent, whitened, combined",
        ),
        ({"epochs": 0}, "epochs"),
        ({"target_fpr": 1.5}, "above 0 and below 1"),
        ({"validation_fraction": 0.7, "calibration_fraction": 0.4}, "cannot be split"),
        ({"encoder_widths": ()}, "at least 1 unit"),
    ],
)
def test_wrong_parameters_are_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LSTMAutoencoderDetector(**{**TINY, **wrong}).fit(toy_normals(300, seed=0))


def test_a_rate_too_small_for_the_records_is_refused() -> None:
    with pytest.raises(ResolutionError, match="60 calibration records: it takes 999"):
        LSTMAutoencoderDetector(target_fpr=0.001, **TINY).fit(toy_normals(300, seed=0))


def test_before_fit_there_is_nothing() -> None:
    with pytest.raises(NotFittedError, match="call fit"):
        LSTMAutoencoderDetector().predict(toy_normals(1, seed=0))


def test_calibration_records_are_seen_by_nothing_else() -> None:
    """Changing them moves the threshold and not one score."""
    normals = toy_normals(600, seed=3)
    first = LSTMAutoencoderDetector(**TINY).fit(normals)
    spoilt = normals.numeric.copy()
    rows = first._prepare(normals).split.calibration
    spoilt[rows, 1] = 1e7
    changed = type(normals)(normals.schema, spoilt, normals.categorical)
    second = LSTMAutoencoderDetector(**TINY).fit(changed)
    fresh = toy_normals(100, seed=4)
    assert (first.score_samples(fresh) == second.score_samples(fresh)).all()
    assert second.threshold_ > first.threshold_

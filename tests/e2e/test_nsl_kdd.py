"""The main job on real data: train, save, load, score, verify, judge."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.artifact import compare_with_keras, save_detector
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import Bundle, load_model

pytestmark = [pytest.mark.slow, pytest.mark.data]


@pytest.fixture(scope="module")
def test_set(corpora: Path) -> LabelledMatrix:
    return load_nsl_kdd("KDDTest+", data_dir=corpora)


@pytest.fixture(scope="module")
def bundle(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    train = load_nsl_kdd("KDDTrain+_20Percent", data_dir=corpora)
    detector = LSTMAutoencoderDetector(epochs=15, seed=0).fit(train.normals())
    path = tmp_path_factory.mktemp("nsl_kdd") / "model"
    save_detector(detector, path, source=train.name)
    return load_model(path)


def test_attacks_score_higher_than_normals(bundle: Bundle, test_set: LabelledMatrix) -> None:
    scores = bundle.model.score_samples(test_set.features)
    assert roc_auc_score(test_set.labels.is_attack, scores) > 0.96


def test_every_record_scores_the_same_bits_in_any_batch_and_order(
    bundle: Bundle, test_set: LabelledMatrix
) -> None:
    encoded = bundle.model.encoder.transform(test_set.features)
    scorer = bundle.model.scorer
    whole = scorer.scores(encoded)
    assert len(whole) == 22_544
    assert (scorer.scores(encoded) == whole).all()
    order = np.random.default_rng(0).permutation(len(whole))
    assert (scorer.scores(encoded[order]) == whole[order]).all()
    for size in (7, 77, 1000):
        parts = [scorer.scores(encoded[i : i + size]) for i in range(0, len(encoded), size)]
        assert (np.concatenate(parts) == whole).all()
    assert all(scorer.scores(encoded[i : i + 1])[0] == whole[i] for i in range(0, 22_544, 50))


def test_onnx_scores_as_keras_does(bundle: Bundle, test_set: LabelledMatrix) -> None:
    agreement = compare_with_keras(bundle, test_set.features)
    assert agreement.n_records == 22_544
    assert agreement.relative <= 1e-5


def test_the_promise_holds_on_normals_like_those_of_training(bundle: Bundle, corpora: Path) -> None:
    """Normals of KDDTrain+ outside of its first fifth are exchangeable with those inside."""
    fresh = load_nsl_kdd("KDDTrain+", data_dir=corpora).take(slice(25_192, None)).normals()
    p_values = bundle.model.p_values(fresh)
    n_calibration = len(bundle.model.calibration)
    for rate in (0.1, 0.05, 0.01):
        spread = 4 * np.sqrt(rate * (1 - rate) * (1 / n_calibration + 1 / len(fresh)))
        assert abs((p_values <= rate).mean() - rate) < spread

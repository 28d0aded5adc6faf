"""The main job where no corpus is at hand: train, save, load, detect, explain, on the lab."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from oddflow.cli.recordings import Tally, alerts, gathered, recorded
from oddflow.core.matrix import LabelledMatrix
from oddflow.core.verdicts import Threshold
from oddflow.datasets.lab import load_lab
from oddflow.detect.artifact import save_detector
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import Bundle, load_model

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "lab.pcap"
TARGET_FPR = 0.01
MIN_AUROC = 0.9
MAX_FPR = 0.02
MIN_RECALL = 0.35
N_STREAMED = 12_000
"""Connections that are also scored in blocks."""
SCANS = ("nmap_syn", "nmap_xmas", "masscan", "neptune")
"""Kinds of which the flag of a connection alone says much."""

Scores = NDArray[np.float64]


@pytest.fixture(scope="module")
def detector() -> LSTMAutoencoderDetector:
    normals = load_lab("first").normals()
    return LSTMAutoencoderDetector(epochs=3, target_fpr=TARGET_FPR, seed=0).fit(normals)


@pytest.fixture(scope="module")
def bundle(detector: LSTMAutoencoderDetector, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path = tmp_path_factory.mktemp("lab") / "model"
    save_detector(detector, path, source="lab, first recording")
    return load_model(path)


@pytest.fixture(scope="module")
def threshold(bundle: Bundle) -> Threshold:
    return bundle.model.calibration.threshold(bundle.manifest.target_fpr)


@pytest.fixture(scope="module")
def test_set() -> LabelledMatrix:
    return load_lab("second")


@pytest.fixture(scope="module")
def scores(bundle: Bundle, test_set: LabelledMatrix) -> Scores:
    return bundle.model.score_samples(test_set.features)


def check_detection(scores: Scores, threshold: float, is_attack: NDArray[np.bool_]) -> None:
    """Assert that attacks score higher, are flagged, and few normal connections are."""
    flagged = scores > threshold
    assert roc_auc_score(is_attack, scores) > MIN_AUROC
    assert flagged[~is_attack].mean() < MAX_FPR
    assert flagged[is_attack].mean() > MIN_RECALL


def test_another_recording_is_judged_well(
    scores: Scores, threshold: Threshold, test_set: LabelledMatrix
) -> None:
    is_attack = test_set.labels.is_attack
    check_detection(scores, threshold.value, is_attack)
    shuffled = np.random.default_rng(0).permutation(scores)
    wrong = [(-scores, -threshold.value), (shuffled, threshold.value)]
    wrong += [(scores, float(np.quantile(scores, q))) for q in (0.1, 0.9)]
    for other_scores, other_threshold in wrong:
        with pytest.raises(AssertionError):
            check_detection(other_scores, other_threshold, is_attack)


def test_a_saved_model_scores_the_same_bits(
    detector: LSTMAutoencoderDetector, bundle: Bundle, scores: Scores, test_set: LabelledMatrix
) -> None:
    assert (detector.score_samples(test_set.features) == scores).all()
    assert bundle.manifest.target_fpr == TARGET_FPR
    assert bundle.manifest.training.source == "lab, first recording"


def test_blocks_give_what_all_records_at_once_give(
    bundle: Bundle, threshold: Threshold, scores: Scores, test_set: LabelledMatrix
) -> None:
    first = scores[:N_STREAMED]
    flagged = np.flatnonzero(first > threshold.value)
    found = []
    for start in range(0, N_STREAMED, 5000):
        block = test_set.features.take(slice(start, min(start + 5000, N_STREAMED)))
        found += [(start + v.row, v.score) for v in bundle.model.detect(block, threshold)]
    assert len(flagged) > 100
    assert found == list(zip(flagged.tolist(), first[flagged].tolist(), strict=True))


def test_alerts_of_a_capture_are_those_of_its_features(
    bundle: Bundle, threshold: Threshold
) -> None:
    tally = Tally()
    found = list(alerts(recorded(EXAMPLE), bundle, threshold, tally, n_causes=3))
    whole = bundle.model.score_samples(gathered(EXAMPLE, "kdd41"))
    flagged = np.flatnonzero(whole > threshold.value)
    assert tally.n_connections == len(whole) == 2002
    assert 200 < len(flagged) < 1700
    assert [alert.verdict.row for alert in found] == flagged.tolist()
    assert [alert.verdict.score for alert in found] == whole[flagged].tolist()


@pytest.mark.parametrize("kind", SCANS)
def test_what_made_a_scan_odd_is_said(
    bundle: Bundle, threshold: Threshold, scores: Scores, test_set: LabelledMatrix, kind: str
) -> None:
    of_kind = np.flatnonzero(test_set.labels.attack == kind)
    rows = of_kind[np.argsort(-scores[of_kind], kind="stable")[:5]]
    for verdict in bundle.model.explain(test_set.features, rows, threshold, n_causes=8):
        assert verdict.score > threshold.value
        named = {cause.feature for cause in verdict.explanation.causes}
        assert "flag" in named or any("error_rate" in name for name in named), named

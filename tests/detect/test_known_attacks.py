"""The most similar known attack: named, and never part of a score."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from oddflow.core.errors import ArtifactError, InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.artifact import save_detector
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import load_model
from oddflow.detect.known_attacks import PROTOTYPES, KnownAttacks
from oddflow.detect.model import Model
from tests.detect.test_bundle import reseal


@pytest.fixture(scope="module")
def knowing(small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix) -> Model:
    return small_detector.model_.knowing(toy, seed=0)


def test_attacks_are_named_and_scores_stay_as_they_are(
    small_detector: LSTMAutoencoderDetector, knowing: Model, toy: LabelledMatrix
) -> None:
    rows = np.flatnonzero(toy.labels.is_attack)[:90]
    verdicts = knowing.explain(toy.features, rows, small_detector.operating_point_)
    similar = [verdict.explanation.similar for verdict in verdicts]
    names = [attack.name for attack in similar if attack is not None]
    assert (np.array(names) == toy.labels.attack[rows]).mean() >= 0.95
    assert (knowing.score_samples(toy.features) == small_detector.score_samples(toy.features)).all()


def test_similarity_is_one_for_the_same_and_small_for_normals(
    knowing: Model, toy: LabelledMatrix
) -> None:
    known = knowing.explainer.known
    assert known is not None
    assert max(np.bincount(known.attack_of)) <= PROTOTYPES
    same = known.most_similar(known.prototypes, knowing.explainer.mean)
    assert [attack.name for attack in same] == [known.names[i] for i in known.attack_of]
    assert min(attack.similarity for attack in same) == pytest.approx(1, abs=1e-5)
    normals = knowing.encoder.transform(toy.normals().take(slice(0, 200)))
    others = known.most_similar(normals, knowing.explainer.mean)
    assert np.mean([attack.similarity for attack in others]) < 0.5


def test_without_labelled_attacks_nothing_is_known(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    normals = toy.take(~toy.labels.is_attack)
    assert KnownAttacks.fit(small_detector.model_.encoder, normals, seed=0) is None
    assert small_detector.explain(toy.features.take(slice(0, 1)))[0].explanation.similar is None


def test_they_are_saved_with_the_model(
    small_detector: LSTMAutoencoderDetector, knowing: Model, toy: LabelledMatrix, tmp_path: Path
) -> None:
    plain = small_detector.model_
    small_detector.model_ = knowing
    try:
        save_detector(small_detector, tmp_path / "model", source="toy")
    finally:
        small_detector.model_ = plain
    rows = np.flatnonzero(toy.labels.is_attack)[:5]
    threshold = small_detector.operating_point_
    told = load_model(tmp_path / "model").model.explain(toy.features, rows, threshold)
    assert told == knowing.explain(toy.features, rows, threshold)


def test_what_does_not_fit_is_refused(knowing: Model) -> None:
    known = knowing.explainer.known
    assert known is not None
    spoilt: list[dict[str, Any]] = [
        {"attack_of": known.attack_of + len(known.names)},
        {"prototypes": known.prototypes[:-1]},
        {"prototypes": known.prototypes * np.float32(np.nan)},
        {"names": ()},
    ]
    for change in spoilt:
        with pytest.raises(InputError, match="known attacks"):
            replace(known, **change)


@pytest.mark.parametrize("drop", ["known_attack_names", "known_attack_of"])
def test_a_model_with_half_of_them_is_refused(
    small_model_dir: Path, knowing: Model, tmp_path: Path, drop: str
) -> None:
    folder = Path(shutil.copytree(small_model_dir, tmp_path / "model"))
    arrays = safetensors.numpy.load((folder / "arrays.safetensors").read_bytes())
    assert knowing.explainer.known is not None
    arrays |= knowing.explainer.known.arrays()
    del arrays[drop]
    reseal(folder, arrays__safetensors=safetensors.numpy.save(arrays))
    with pytest.raises(ArtifactError, match=drop):
        load_model(folder)

"""A saved classifier says the same when it is read, in ONNX and in Keras, and names its classes."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from oddflow.core.errors import ArtifactError, InputError, NotFittedError, SchemaMismatch
from oddflow.core.kdd41 import TRAFFIC28
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.artifact import compare_with_keras
from oddflow.detect.bundle import Bundle, load_model
from oddflow.detect.class_artifact import save_classifier
from oddflow.detect.classifier import NetworkClassifier
from oddflow.detect.manifest import FORMAT, Manifest
from oddflow.models.backend import import_keras
from tests.toy import toy_corpus

CLASSES = ("normal", "guess_passwd", "neptune", "portsweep")
SETTINGS: dict[str, dict[str, Any]] = {
    "cnn": {},
    "dbn": {"epochs": 8, "learning_rate": 1e-2},  # or it says the same of all records
    "dnn": {},
    "lstm_mi": {},
    "lstm_pca": {},
    "proposed": {},
    "rnn": {},
    "sdae_elm": {},
}
"""Networks that are compared with Keras -> their settings."""
TOLERANCE = {"sdae_elm": 1e-4}
"""Part of the spread. A thousand random units and few records make large output weights of either
sign, in whose sum digits cancel; elsewhere it is 1e-5."""


def fit(network: str, labelled: LabelledMatrix, **settings: Any) -> NetworkClassifier:  # noqa: ANN401
    chosen = {"epochs": 1, "batch_size": 32, **settings}
    classifier = NetworkClassifier(network, **chosen)
    return classifier.fit(labelled.features, labelled.labels.attack)


@pytest.fixture(scope="module")
def labelled() -> LabelledMatrix:
    return toy_corpus(400, 150, seed=3)


@pytest.fixture(scope="module")
def classifier(labelled: LabelledMatrix) -> NetworkClassifier:
    """Leave it as it is."""
    return fit("dnn", labelled, epochs=3, target_fpr=0.1)


@pytest.fixture(scope="module")
def folder(classifier: NetworkClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its model directory. Copy it before changing it."""
    path = tmp_path_factory.mktemp("classifier") / "model"
    save_classifier(classifier, path, source="toy traffic", metrics={"accuracy": 0.75})
    return path


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Bundle:
    return load_model(folder)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A model directory to spoil."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_a_classifier_comes_back_to_the_last_bit(
    classifier: NetworkClassifier, bundle: Bundle, labelled: LabelledMatrix
) -> None:
    records = labelled.features
    scores = classifier.score_samples(records)
    assert bundle.model.score_samples(records).tobytes() == scores.tobytes()
    assert (bundle.model.p_values(records) == classifier.p_values(records)).all()
    assert (bundle.predict(records) == classifier.predict(records)).all()
    assert len(set(bundle.predict(records))) > 1
    assert bundle.predict(records.take(slice(0, 0))).shape == (0,)
    assert bundle.model.calibration.threshold(0.1) == classifier.operating_point_


def test_the_manifest_says_what_the_model_is(
    classifier: NetworkClassifier, bundle: Bundle, labelled: LabelledMatrix
) -> None:
    manifest = bundle.manifest
    assert (manifest.format, manifest.detector, manifest.steps) == (3, "classifier/dnn", "flat")
    assert manifest.classes == CLASSES == tuple(classifier.classes_)
    assert manifest.target_fpr == 0.1
    assert manifest.metrics["accuracy"] == 0.75
    assert manifest.metrics["threshold"] == classifier.threshold_
    assert manifest.training.n_records == len(labelled)
    assert manifest.training.n_epochs == 3
    assert manifest.training.settings["network"] == "dnn"


def test_the_rate_of_a_threshold_at_0_is_what_was_counted(
    labelled: LabelledMatrix, tmp_path: Path
) -> None:
    """Or the least that so few calibration records resolve."""
    found = fit("dnn", labelled, epochs=3, calibration_fraction=0.2)
    manifest = save_classifier(found, tmp_path / "model", source="toy")
    rate = (found.model_.calibration.scores > 0).mean()
    assert found.threshold_ == 0
    assert manifest.target_fpr == max(rate, 1 / 81)
    load_model(tmp_path / "model").model.calibration.threshold(manifest.target_fpr)


@pytest.mark.parametrize("network", SETTINGS)
def test_onnx_and_keras_agree(network: str, labelled: LabelledMatrix, tmp_path: Path) -> None:
    found = fit(network, labelled, **SETTINGS[network])
    save_classifier(found, tmp_path / "model", source="toy")
    agreement = compare_with_keras(load_model(tmp_path / "model"), labelled.features)
    assert agreement.n_records == len(labelled)
    assert agreement.spread == pytest.approx(found.score_samples(labelled.features).std())
    assert agreement.relative <= TOLERANCE.get(network, 1e-5)


def test_a_changed_network_shows(
    bundle: Bundle, labelled: LabelledMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    keras = import_keras()
    load = keras.saving.load_model

    def changed(path: Path, **options: Any) -> Any:  # noqa: ANN401 - a keras.Model
        assert options["safe_mode"] is True
        model = load(path, **options)
        kernel, bias = model.get_layer("logits").get_weights()
        bias[0] += 1e-2
        model.get_layer("logits").set_weights([kernel, bias])
        return model

    assert compare_with_keras(bundle, labelled.features).relative <= 1e-5
    monkeypatch.setattr(keras.saving, "load_model", changed)
    assert compare_with_keras(bundle, labelled.features).relative > 1e-4


def change(folder: Path, **facts: object) -> None:
    """Other facts under a right hash; None leaves one out."""
    read = json.loads((folder / "manifest.json").read_bytes())
    read.update({name: fact for name, fact in facts.items() if fact is not None})
    for name in (name for name, fact in facts.items() if fact is None):
        del read[name]
    bare = json.dumps({**read, "sha256": ""}, sort_keys=True, separators=(",", ":"))
    read["sha256"] = hashlib.sha256(bare.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(read))


@pytest.mark.parametrize("n", [2, 3, 5])
def test_another_number_of_classes_is_refused(copy: Path, n: int) -> None:
    change(copy, classes=[*CLASSES, "smurf"][:n])
    message = f"names {n} classes, scorer.onnx tells 4 apart"
    with pytest.raises(ArtifactError, match=message):
        load_model(copy)


def test_a_classifier_without_classes_is_no_detector(copy: Path) -> None:
    change(copy, classes=[])
    with pytest.raises(ArtifactError, match="score, residual, code"):
        load_model(copy)


def test_a_detector_with_classes_is_no_classifier(small_model_dir: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(small_model_dir, tmp_path / "copy"))
    change(copy, classes=["normal", "attack"])
    with pytest.raises(ArtifactError, match="score, logits"):
        load_model(copy)


def test_a_detector_of_format_1_still_loads(
    small_model_dir: Path, small_bundle: Bundle, toy: LabelledMatrix, tmp_path: Path
) -> None:
    """Its manifest has no classes, and a hash over what it has."""
    copy = Path(shutil.copytree(small_model_dir, tmp_path / "copy"))
    change(copy, format=1, classes=None)
    assert b"classes" not in (copy / "manifest.json").read_bytes()
    older = load_model(copy)
    assert (older.manifest.format, older.manifest.classes) == (1, ())
    scores = older.model.score_samples(toy.features)
    assert scores.tobytes() == small_bundle.model.score_samples(toy.features).tobytes()
    assert FORMAT == 3


def test_a_detector_knows_no_classes(small_bundle: Bundle, toy: LabelledMatrix) -> None:
    with pytest.raises(InputError, match="lstm_autoencoder says how odd a record is"):
        small_bundle.predict(toy.features)


def test_other_features_are_refused(bundle: Bundle, labelled: LabelledMatrix) -> None:
    with pytest.raises(SchemaMismatch, match="missing"):
        bundle.predict(labelled.features.select(TRAFFIC28))


def test_the_card_names_the_classes(folder: Path, classifier: NetworkClassifier) -> None:
    card = (folder / "MODEL_CARD.md").read_text()
    for fact in (
        "# Model card: classifier/dnn, profile kdd41",
        "DNN: Dense ReLU layers of 128, 64 and 32",
        f"Classes: {', '.join(CLASSES)}.",
        "toy traffic, 550 labelled connections",
        "Seed 0; 3 epochs",
        "- 41 features",
        "| accuracy | 0.75 |",
        f"| threshold | {classifier.threshold_:.6g} |",
        "20 held-out normal connections",
        "10 % or fewer",
    ):
        assert fact in card, fact
    assert "{{" not in card
    assert "{%" not in card


def test_nothing_is_replaced_unless_asked_and_nothing_foreign_ever(
    classifier: NetworkClassifier, tmp_path: Path
) -> None:
    path = tmp_path / "model"
    save_classifier(classifier, path, source="first")
    with pytest.raises(InputError, match="exists"):
        save_classifier(classifier, path, source="second")
    assert load_model(path).manifest.training.source == "first"
    save_classifier(classifier, path, source="third", overwrite=True)
    assert load_model(path).manifest.training.source == "third"
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(InputError, match="not an oddflow model"):
        save_classifier(classifier, foreign, source="fourth", overwrite=True)
    assert [entry.name for entry in foreign.iterdir()] == ["cat.jpg"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["model", "photos"]


def test_an_unfitted_classifier_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="call fit"):
        save_classifier(NetworkClassifier(), tmp_path / "model", source="toy")
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_is_read_as_it_was_written(folder: Path) -> None:
    written = (folder / "manifest.json").read_bytes()
    read = Manifest.from_bytes(written)
    assert msgspec.structs.replace(read, sha256="").sealed() == read
    assert read.to_bytes() == written
    assert np.isfinite(list(read.metrics.values())).all()

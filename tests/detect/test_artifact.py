"""A saved detector says the same in ONNX as in Keras, and its card says what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.artifact import Agreement, compare_with_keras, save_detector
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.build import ScoreKind
from oddflow.detect.bundle import Bundle, load_model
from oddflow.models.backend import import_keras
from tests.toy import SMALL


@pytest.mark.parametrize(
    ("score", "steps"),
    [
        (ScoreKind.ERROR, "record"),
        (ScoreKind.LATENT, "groups"),
        (ScoreKind.RESIDUAL, "record"),
        (ScoreKind.COMBINED, "record"),
        (ScoreKind.WHITENED, "groups"),
    ],
)
def test_onnx_and_keras_agree(score: str, steps: str, toy: LabelledMatrix, tmp_path: Path) -> None:
    settings = {**SMALL, "epochs": 2}
    detector = LSTMAutoencoderDetector(score_kind=score, steps=steps, **settings).fit(toy.normals())
    save_detector(detector, tmp_path / "model", source="toy")
    agreement = compare_with_keras(load_model(tmp_path / "model"), toy.features)
    assert agreement.n_records == len(toy)
    assert agreement.spread == pytest.approx(detector.score_samples(toy.features).std())
    assert agreement.relative <= 1e-5


def test_a_changed_network_shows(
    small_bundle: Bundle, toy: LabelledMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compare_with_keras(small_bundle, toy.features).relative <= 1e-5
    keras = import_keras()
    load = keras.saving.load_model

    def changed(path: Path, **options: Any) -> Any:  # noqa: ANN401 - a keras.Model
        assert options["safe_mode"] is True
        model = load(path, **options)
        kernel, bias = model.get_layer("reconstruction").get_weights()
        model.get_layer("reconstruction").set_weights([kernel, bias + 1e-3])
        return model

    monkeypatch.setattr(keras.saving, "load_model", changed)
    assert compare_with_keras(small_bundle, toy.features).relative > 1e-5


def test_comparing_takes_a_record(small_bundle: Bundle, toy: LabelledMatrix) -> None:
    with pytest.raises(InputError, match="at least one record"):
        compare_with_keras(small_bundle, toy.features.take(slice(0, 0)))


def test_agreement_without_spread_is_all_or_nothing() -> None:
    assert Agreement(0.0, 0.0, 1).relative == 0
    assert Agreement(0.1, 0.0, 1).relative == 1
    assert Agreement(0.1, 2.0, 1).relative == 0.05


def test_the_card_says_what_the_model_is(
    small_model_dir: Path, small_bundle: Bundle, small_detector: LSTMAutoencoderDetector
) -> None:
    card = (small_model_dir / "MODEL_CARD.md").read_text()
    manifest = small_bundle.manifest
    for fact in (
        "toy traffic, 3,000 normal connections",
        manifest.training.fingerprint,
        f"Seed 0; {manifest.training.n_epochs} epochs",
        f"41 features as {small_detector.model_.encoder.n_columns} encoded columns",
        "| auroc | 0.5 |",
        f"| threshold | {small_detector.threshold_:.6g} |",
        "at most 5 % of traffic like the training traffic",
        "600 connections that neither",
        f"score: `{small_detector.score_kind}`",
        f"- keras {manifest.libraries['keras']}",
    ):
        assert fact in card, fact
    constant = card.split("any other value is odd: ")[1].splitlines()[0].split(", ")
    assert "num_outbound_cmds" in constant
    assert "src_bytes" not in constant
    assert "{{" not in card
    assert "{%" not in card


def test_an_unfitted_detector_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="call fit"):
        save_detector(LSTMAutoencoderDetector(), tmp_path / "model", source="toy")
    assert list(tmp_path.iterdir()) == []

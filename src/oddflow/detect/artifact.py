"""A fitted detector to a model directory, and the check that both say the same."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import Bundle, save_model
from oddflow.detect.class_artifact import keras_class_scores
from oddflow.detect.ensemble_artifact import member_scores_by_both
from oddflow.detect.facts import (
    card_template,
    keras_bytes,
    keras_network,
    manifest_of,
    training_facts,
)
from oddflow.detect.manifest import Manifest
from oddflow.features.encode import NumberCode
from oddflow.features.windows import Steps, step_layout
from oddflow.models.backend import import_keras


def save_detector(
    detector: LSTMAutoencoderDetector,
    path: str | Path,
    *,
    source: str,
    metrics: dict[str, float] | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Write a fitted detector as a model directory, see `oddflow.detect.bundle`.

    Args:
        detector: fitted in this process, so that its network is at hand.
        path: the directory.
        source: name of the data it was trained on.
        metrics: figures for manifest and model card.
        overwrite: replace a model that is there.

    Raises:
        NotFittedError: `fit` was not called.
        InputError: something is in the way.
    """
    if not hasattr(detector, "network_"):
        raise NotFittedError("this detector has learnt nothing to save; call fit() first")
    manifest = _manifest(detector, source, metrics or {})
    return save_model(
        path,
        manifest,
        detector.model_,
        scorer=detector.scorer_graph_,
        keras=keras_bytes(detector.network_),
        card=model_card(manifest, detector),
        overwrite=overwrite,
    )


class Agreement(NamedTuple):
    """How far two scorers of the same records are apart.

    max_difference: of any score; spread: standard deviation of the scores; n_records: compared.
    """

    max_difference: float
    spread: float
    n_records: int

    @property
    def relative(self) -> float:
        """Largest difference as a part of the spread."""
        return self.max_difference / self.spread if self.spread else float(self.max_difference > 0)


def compare_with_keras(bundle: Bundle, records: FeatureMatrix) -> Agreement:
    """Score records by `scorer.onnx` and by `model.keras`, and compare.

    The network of the second is Keras'; a detector's score head is the same graph for both. Of an
    ensemble the scores of the members are compared, each scaled to a spread of 1: in p-values,
    which rise in steps, the last bit of a score would decide.

    Raises:
        InputError: there is no record.
        MissingExtra: Keras is not installed.
    """
    if len(records) == 0:
        raise InputError("comparing scores takes at least one record, received 0")
    encoded = bundle.model.encoder.transform(records)
    if bundle.manifest.members:
        ours, theirs = member_scores_by_both(bundle, encoded)
    else:
        ours = bundle.model.scorer.scores(encoded)
        score = keras_class_scores if bundle.manifest.classes else _keras_scores
        theirs = score(bundle, encoded)
    return Agreement(float(np.abs(ours - theirs).max()), float(ours.std()), len(records))


def _keras_scores(bundle: Bundle, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
    import onnx
    import onnxruntime as ort

    keras = import_keras()
    layout = step_layout(bundle.model.encoder, Steps(bundle.manifest.steps))
    network = keras_network(bundle)
    codes = [layer for layer in network.layers if layer.name.startswith("encoder_")]
    both = keras.Model(network.inputs, [network.outputs[0], codes[-1].output])
    windows = layout.windows(encoded)
    rebuilt, code = both.predict(windows, batch_size=1024, verbose=0)
    scorer = onnx.load_from_string(bundle.scorer_bytes())
    head = onnx.utils.Extractor(scorer).extract_model(["encoded", "residual", "code"], ["score"])
    session = ort.InferenceSession(head.SerializeToString(), providers=["CPUExecutionProvider"])
    names = {i.name for i in session.get_inputs()}
    feeds = {"encoded": encoded, "residual": encoded - layout.rows(rebuilt), "code": code}
    scores = session.run(None, {name: feeds[name] for name in names})[0]
    return np.asarray(scores, dtype=np.float64)


def _manifest(
    detector: LSTMAutoencoderDetector, source: str, metrics: dict[str, float]
) -> Manifest:
    history = detector.history_
    return manifest_of(
        detector.model_,
        kind="lstm_autoencoder",
        steps=detector.steps,
        target_fpr=detector.target_fpr,
        training=training_facts(detector, history, source),
        metrics={
            "validation_loss": history.validation_loss[history.best_epoch],
            "threshold": detector.threshold_,
            **metrics,
        },
    )


def model_card(manifest: Manifest, detector: LSTMAutoencoderDetector) -> str:
    """The model card, Markdown."""
    schema = detector.model_.encoder.schema
    constant = [
        code.feature.name
        for code in detector.model_.encoder.codes
        if isinstance(code, NumberCode) and (code.mean, code.scale) == (0.0, 1.0)
    ]
    return card_template("model_card.md.j2").render(
        m=manifest,
        features=schema.features,
        constant=constant,
        n_columns=detector.model_.encoder.n_columns,
    )

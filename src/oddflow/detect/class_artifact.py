"""A fitted classifier to a model directory, and its scores by Keras for comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import NotFittedError
from oddflow.detect.bundle import Bundle, save_model
from oddflow.detect.class_graph import NETWORK_INPUT
from oddflow.detect.classifier import NetworkClassifier
from oddflow.detect.facts import (
    card_template,
    keras_bytes,
    keras_network,
    manifest_of,
    training_facts,
)
from oddflow.detect.manifest import Manifest
from oddflow.detect.recipes import RECIPES
from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS


def save_classifier(
    classifier: NetworkClassifier,
    path: str | Path,
    *,
    source: str,
    metrics: dict[str, float] | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Write a fitted classifier as a model directory, see `oddflow.detect.bundle`.

    The manifest's `target_fpr` is the rate of its threshold on held-out normals, or the smallest
    that they resolve.

    Args:
        classifier: fitted in this process, so that its network is at hand.
        path: the directory.
        source: name of the data it was trained on.
        metrics: figures for manifest and model card.
        overwrite: replace a model that is there.

    Raises:
        NotFittedError: `fit` was not called.
        InputError: something is in the way.
    """
    if not hasattr(classifier, "network_"):
        raise NotFittedError("this classifier has learnt nothing to save; call fit() first")
    history = list(classifier.network_.histories.values())[-1]
    calibration = classifier.model_.calibration
    manifest = manifest_of(
        classifier.model_,
        kind=f"classifier/{classifier.network}",
        steps=str(RECIPES[classifier.network].input),
        target_fpr=max(classifier.operating_point_.target_fpr, 1 / (len(calibration) + 1)),
        training=training_facts(classifier, history, source),
        metrics={
            "validation_loss": history.validation_loss[history.best_epoch],
            "threshold": classifier.threshold_,
            **(metrics or {}),
        },
        classes=tuple(classifier.classes_),
    )
    recipe = RECIPES[classifier.network]
    schema = classifier.model_.encoder.schema
    card = card_template("class_card.md.j2").render(
        m=manifest, recipe=recipe, features=schema.features
    )
    return save_model(
        path,
        manifest,
        classifier.model_,
        scorer=classifier.scorer_graph_,
        keras=keras_bytes(classifier.network_.model),
        card=card,
        overwrite=overwrite,
    )


def keras_class_scores(bundle: Bundle, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores of encoded records by the bundle's Keras network, shape (n,).

    Raises:
        MissingExtra: Keras is not installed.
    """
    import onnx
    import onnxruntime as ort

    keras = import_keras()
    network = keras_network(bundle)
    graph = onnx.shape_inference.infer_shapes(onnx.load_from_string(bundle.scorer_bytes()))
    before = onnx.utils.Extractor(graph).extract_model(["encoded"], [NETWORK_INPUT])
    session = ort.InferenceSession(before.SerializeToString(), providers=["CPUExecutionProvider"])
    inputs = session.run(None, {"encoded": encoded})[0]
    head = keras.Model(network.inputs, network.get_layer(LOGITS).output)
    logits = head.predict(inputs, batch_size=1024, verbose=0)
    return np.asarray(logits[:, 1:].max(axis=1) - logits[:, 0], dtype=np.float64)

"""A fitted ensemble to a model directory, and its scores by Keras for comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import NotFittedError
from oddflow.detect.bundle import Bundle, save_model
from oddflow.detect.class_graph import LOGITS_VALUE, NETWORK_INPUT
from oddflow.detect.classifier import NORMAL
from oddflow.detect.ensemble import EnsembleDetector
from oddflow.detect.ensemble_scorer import EnsembleScorer
from oddflow.detect.facts import (
    card_template,
    keras_bytes,
    keras_network,
    manifest_of,
    training_facts,
)
from oddflow.detect.manifest import Manifest, MemberFacts
from oddflow.detect.rule import KNOWN_ATTACKS
from oddflow.features.windows import Steps, step_layout
from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS

Array = NDArray[np.float32]
Floats = NDArray[np.float64]


def save_ensemble(
    detector: EnsembleDetector,
    path: str | Path,
    *,
    source: str,
    metrics: dict[str, float] | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Write a fitted ensemble as a model directory, see `oddflow.detect.bundle`.

    Args:
        detector: fitted in this process, so that its networks are at hand.
        path: the directory.
        source: name of the data it was trained on.
        metrics: figures for manifest and model card.
        overwrite: replace a model that is there.

    Raises:
        NotFittedError: `fit` was not called.
        InputError: something is in the way.
    """
    if not hasattr(detector, "networks_"):
        raise NotFittedError("this ensemble has learnt nothing to save; call fit() first")
    scorer = ensemble_scorer(detector)
    histories = list(detector.histories_.values())
    if detector.known_ is not None:
        histories += detector.known_.network_.histories.values()
    facts = training_facts(detector, histories[-1], source)
    seconds = round(sum(history.seconds for history in histories), 3)
    losses = [h.validation_loss[h.best_epoch] for h in detector.histories_.values()]
    manifest = manifest_of(
        detector.model_,
        kind="ensemble",
        steps=str(Steps.GROUPS),
        target_fpr=detector.target_fpr,
        training=msgspec.structs.replace(facts, seconds=seconds),
        metrics={
            "validation_loss": sum(losses) / len(losses),
            "threshold": detector.threshold_,
            **(metrics or {}),
        },
        classes=(NORMAL, *scorer.families) if scorer.families else (),
        members=tuple(map(MemberFacts, scorer.rule.names, scorer.rule.weights)),
    )
    return save_model(
        path,
        manifest,
        detector.model_,
        scorer=detector.scorer_graph_,
        keras=keras_bytes(_all_networks(detector)),
        card=card_template("ensemble_card.md.j2").render(
            m=manifest,
            features=detector.model_.encoder.schema.features,
            families=detector.weak_families_,
        ),
        overwrite=overwrite,
    )


def ensemble_scorer(detector: EnsembleDetector) -> EnsembleScorer:
    """The scorer of a fitted ensemble, as what it is."""
    scorer = detector.model_.scorer
    assert isinstance(scorer, EnsembleScorer)  # noqa: S101 - its `fit` makes no other
    return scorer


def _all_networks(detector: EnsembleDetector) -> Any:  # noqa: ANN401 - a keras.Model
    """One network that holds all, each by its name: what a single file can keep."""
    keras = import_keras()
    named = {f"network_{i}": network for i, network in enumerate(detector.networks_)}
    if detector.known_ is not None:
        network = detector.known_.network_.model
        logits = network.get_layer(LOGITS).output
        named[KNOWN_ATTACKS] = keras.Model(network.inputs, logits)
    inputs, outputs = [], []
    for name, network in named.items():
        own = keras.Input(network.inputs[0].shape[1:], name=f"to_{name}")
        inner = keras.Model(network.inputs, network.outputs, name=name)
        inputs.append(own)
        outputs.append(inner(own))
    return keras.Model(inputs, outputs, name="ensemble")


def member_scores_by_both(bundle: Bundle, encoded: Array) -> tuple[Floats, Floats]:
    """Members' scores of encoded records by the graph and by Keras' networks, (n * members,) each.

    Each member is scaled to a spread of 1. What members make of residuals, codes and logits is the
    same graph for both.

    Raises:
        MissingExtra: Keras is not installed.
    """
    import onnx
    import onnxruntime as ort

    scorer = bundle.model.scorer
    assert isinstance(scorer, EnsembleScorer)  # noqa: S101 - the manifest names members
    whole = onnx.shape_inference.infer_shapes(onnx.load_from_string(bundle.scorer_bytes()))
    feeds = _by_keras(bundle, whole, encoded)
    head = onnx.utils.Extractor(whole).extract_model(list(feeds), ["members"])
    session = ort.InferenceSession(head.SerializeToString(), providers=["CPUExecutionProvider"])
    used = {i.name for i in session.get_inputs()}
    theirs = session.run(None, {name: v for name, v in feeds.items() if name in used})[0]
    ours = scorer.member_scores(encoded)
    spread = np.maximum(ours.std(axis=0), np.finfo(np.float32).tiny)
    return (ours / spread).ravel(), (theirs.astype(np.float64) / spread).ravel()


def _by_keras(bundle: Bundle, whole: Any, encoded: Array) -> dict[str, Array]:  # noqa: ANN401
    """Values of the graph as Keras has them: residual and code of each network, and logits."""
    import onnx
    import onnxruntime as ort

    keras = import_keras()
    layout = step_layout(bundle.model.encoder, Steps(bundle.manifest.steps))
    windows = layout.windows(encoded)
    feeds = {"encoded": encoded}
    for network in (each for each in keras_network(bundle).layers if isinstance(each, keras.Model)):
        if network.name == KNOWN_ATTACKS:
            before = onnx.utils.Extractor(whole).extract_model(["encoded"], [NETWORK_INPUT])
            session = ort.InferenceSession(
                before.SerializeToString(), providers=["CPUExecutionProvider"]
            )
            inputs = session.run(None, {"encoded": encoded})[0]
            feeds[LOGITS_VALUE] = network.predict(inputs, batch_size=1024, verbose=0)
            continue
        codes = [layer for layer in network.layers if layer.name.startswith("encoder_")]
        both = keras.Model(network.inputs, [network.outputs[0], codes[-1].output])
        rebuilt, code = both.predict(windows, batch_size=1024, verbose=0)
        number = network.name.removeprefix("network_")
        feeds[f"residual_{number}"] = encoded - layout.rows(rebuilt)
        feeds[f"code_{number}"] = code
    return feeds

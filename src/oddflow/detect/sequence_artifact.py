"""Detectors of sequences saved as model directories, which `sequence_bundle` reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np
import safetensors.numpy

from oddflow.core.errors import NotFittedError
from oddflow.detect.facts import card_template, keras_bytes, manifest_of, training_facts
from oddflow.detect.folder import refuse_to_replace, write_folder
from oddflow.detect.manifest import Manifest
from oddflow.detect.sequence import SequenceDetector
from oddflow.features.hosts import MAX_HOSTS

if TYPE_CHECKING:
    from oddflow.detect.model import Model


def save_sequence_detector(
    detector: SequenceDetector, path: str | Path, *, source: str, overwrite: bool = False
) -> Manifest:
    """Write a fitted detector as a model directory; it appears complete or not at all.

    Args:
        detector: with a network, fitted in this process.
        path: the directory.
        source: name of the data it was trained on.
        overwrite: replace a model that is there.

    Raises:
        NotFittedError: `fit` was not called, or there is no network to save.
        InputError: something is in the way.
    """
    if getattr(detector, "network_", None) is None or detector.history_ is None:
        raise NotFittedError("this detector has no trained network to save; call fit() first")
    folder, model = Path(path), detector.model_
    refuse_to_replace(folder, overwrite=overwrite)
    manifest = manifest_of(
        cast("Model", model),  # of which the facts are encoder and calibration, as here
        kind=type(detector).__name__,
        steps=detector.steps,
        target_fpr=detector.target_fpr,
        training=training_facts(detector, detector.history_, source),
        metrics={},
    )
    arrays = {
        "calibration": model.calibration.scores,
        "interval": np.array(model.interval),
        **model.reasons.arrays(),
    }
    return write_folder(
        folder,
        manifest,
        {
            "encoder.json": msgspec.json.encode(model.encoder.to_json()),
            "scorer.onnx": detector.scorer_graph_,
            "arrays.safetensors": safetensors.numpy.save(
                {name: np.ascontiguousarray(array) for name, array in arrays.items()}
            ),
            "model.keras": keras_bytes(detector.network_),
            "MODEL_CARD.md": card_template("sequence_card.md.j2")
            .render(m=manifest, n_hosts=f"{MAX_HOSTS:,}")
            .encode(),
        },
    )

"""What detectors and classifiers have in common when they are written to a model directory."""

from __future__ import annotations

import importlib.metadata
import platform
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import jinja2

from oddflow.core.evaluation import TrainingHistory
from oddflow.detect.bundle import Bundle
from oddflow.detect.manifest import FORMAT, Manifest, MemberFacts, Training
from oddflow.detect.model import Model
from oddflow.models.backend import import_keras

LIBRARIES = ("keras", "jax", "numpy", "onnx", "onnxruntime", "scikit-learn")


class Fitted(Protocol):
    """A fitted detector or classifier, with the habits of scikit-learn."""

    seed: int
    training_records_: int
    training_fingerprint_: str

    def get_params(self) -> dict[str, Any]:
        """Its parameters."""
        ...


def manifest_of(
    model: Model,
    *,
    kind: str,
    steps: str,
    target_fpr: float,
    training: Training,
    metrics: Mapping[str, float],
    classes: tuple[str, ...] = (),
    members: tuple[MemberFacts, ...] = (),
) -> Manifest:
    """The manifest of a model, its parts not yet filled in."""
    import oddflow

    return Manifest(
        format=FORMAT,
        oddflow=oddflow.__version__,
        detector=kind,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=model.encoder.schema.profile,
        schema_sha256=model.encoder.schema.sha256,
        steps=steps,
        target_fpr=target_fpr,
        training=training,
        libraries={
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in LIBRARIES},
        },
        metrics={"calibration_records": float(len(model.calibration)), **metrics},
        parts={},
        classes=classes,
        members=members,
    )


def training_facts(fitted: Fitted, history: TrainingHistory, source: str) -> Training:
    """How it was trained; `history` is that of its last stage."""
    settings = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in fitted.get_params().items()
    }
    return Training(
        source=source,
        n_records=fitted.training_records_,
        fingerprint=fitted.training_fingerprint_,
        seed=fitted.seed,
        settings=settings,
        n_epochs=len(history.loss),
        best_epoch=history.best_epoch + 1,
        seconds=round(history.seconds, 3),
    )


def card_template(name: str) -> jinja2.Template:
    """A template of this package for Markdown."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("oddflow.detect", "."),
        autoescape=False,  # noqa: S701 - Markdown for people; nothing renders it here
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(name)


def keras_bytes(network: Any) -> bytes:  # noqa: ANN401 - a keras.Model
    """The content of `model.keras`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        network.save(path)
        return path.read_bytes()


def keras_network(bundle: Bundle) -> Any:  # noqa: ANN401 - a keras.Model
    """The network of a model directory, loaded in Keras' safe mode.

    Raises:
        MissingExtra: Keras is not installed.
    """
    keras = import_keras()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(bundle.keras_bytes())
        return keras.saving.load_model(path, compile=False, safe_mode=True)

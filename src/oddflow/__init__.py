"""oddflow: network intrusion detection with an LSTM autoencoder.

Importing the package is cheap: the public names below are loaded when they are first used, and
nothing here needs a training framework until `fit` is called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
    from oddflow.datasets.nsl_kdd import load_nsl_kdd
    from oddflow.detect.artifact import save_detector
    from oddflow.detect.autoencoder import LSTMAutoencoderDetector
    from oddflow.detect.bundle import load_model
    from oddflow.detect.class_artifact import save_classifier
    from oddflow.detect.classifier import NetworkClassifier
    from oddflow.detect.ensemble import EnsembleDetector
    from oddflow.detect.ensemble_artifact import save_ensemble
    from oddflow.detect.model import Model

__version__ = "0.1.0"

_HOME = {
    "EnsembleDetector": "oddflow.detect.ensemble",
    "FeatureMatrix": "oddflow.core.matrix",
    "LSTMAutoencoderDetector": "oddflow.detect.autoencoder",
    "LabelledMatrix": "oddflow.core.matrix",
    "Model": "oddflow.detect.model",
    "NetworkClassifier": "oddflow.detect.classifier",
    "load_model": "oddflow.detect.bundle",
    "load_nsl_kdd": "oddflow.datasets.nsl_kdd",
    "save_classifier": "oddflow.detect.class_artifact",
    "save_detector": "oddflow.detect.artifact",
    "save_ensemble": "oddflow.detect.ensemble_artifact",
}

__all__ = [
    "EnsembleDetector",
    "FeatureMatrix",
    "LSTMAutoencoderDetector",
    "LabelledMatrix",
    "Model",
    "NetworkClassifier",
    "__version__",
    "load_model",
    "load_nsl_kdd",
    "save_classifier",
    "save_detector",
    "save_ensemble",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module 'oddflow' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

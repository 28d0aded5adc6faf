"""The detectors that benchmarks of quality can be run on, by name."""

from __future__ import annotations

from collections.abc import Mapping

from oddflow.core.detector import DetectorFactory
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.baselines import baselines
from oddflow.detect.ensemble import EnsembleDetector

TARGET_FPR = 0.05

SYSTEMS: Mapping[str, DetectorFactory] = {
    "lstm_autoencoder": lambda seed: LSTMAutoencoderDetector(target_fpr=TARGET_FPR, seed=seed),
    "ensemble": lambda seed: EnsembleDetector(target_fpr=TARGET_FPR, seed=seed),
    **baselines(TARGET_FPR),
}
"""Name -> unfitted detector of a seed, with default settings."""

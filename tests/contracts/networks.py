"""Every classifying network as a subject of the contract suite."""

from __future__ import annotations

from functools import partial
from typing import Any

from oddflow.detect.classifier import NetworkClassifier
from oddflow.detect.recipes import RECIPES
from tests.contracts.checks import CALIBRATION_FRACTION, TARGET_FPR
from tests.contracts.class_checks import Supervised, SupervisedFactory

FAST: dict[str, Any] = {"epochs": 3, "batch_size": 64}
SLOW_LEARNERS: dict[str, dict[str, Any]] = {
    "ann": {"epochs": 20, "batch_size": 16},
    "ann_unscaled": {"epochs": 20, "batch_size": 16},
    "dbn": {"epochs": 10, "learning_rate": 1e-2},
    "dbn_softmax": {"epochs": 10, "learning_rate": 1e-2},
}
"""Sigmoid units under plain gradient descent, or one above the other, take longer than three
epochs to do better than naming the commonest class."""


def _network(seed: int, *, network: str) -> Supervised:
    settings = FAST | SLOW_LEARNERS.get(network, {})
    return Supervised(
        NetworkClassifier(
            network,
            seed=seed,
            target_fpr=TARGET_FPR,
            calibration_fraction=CALIBRATION_FRACTION,
            **settings,
        )
    )


SUBJECTS: dict[str, SupervisedFactory] = {name: partial(_network, network=name) for name in RECIPES}

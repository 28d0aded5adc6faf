"""The detectors of sequences that stand in a table of records with hosts, each with its control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oddflow.core.detector import DetectorFactory
from oddflow.detect.sequence import MemoryKind, SequenceDetector
from oddflow.detect.sequence_control import Shuffled

STATEFUL: Mapping[str, Any] = {"epochs": 20, "batch_size": 16}
"""Training parameters of the detector that keeps a state: its rows are stretches, and few."""
SYSTEMS: Mapping[str, Mapping[str, Any]] = {
    "sequence": {"memory": MemoryKind.WINDOW},
    "sequence_stateful": {"memory": MemoryKind.STATE, **STATEFUL},
    "mahalanobis_history": {"memory": MemoryKind.MEANS},
}
"""Name in tables -> parameters."""
SHUFFLED = "_shuffled"
"""End of the name of a control."""
NAMES = tuple(name + end for name in SYSTEMS for end in ("", SHUFFLED))


def sequence_systems(target_fpr: float) -> dict[str, DetectorFactory]:
    """Factories of all of them, calibrated for `target_fpr`."""

    def plain(parameters: Mapping[str, Any]) -> DetectorFactory:
        return lambda seed: SequenceDetector(target_fpr=target_fpr, seed=seed, **parameters)

    def control(factory: DetectorFactory) -> DetectorFactory:
        return lambda seed: Shuffled(factory(seed), seed=seed)

    factories = {name: plain(parameters) for name, parameters in SYSTEMS.items()}
    controls = {name + SHUFFLED: control(factory) for name, factory in factories.items()}
    return {name: (factories | controls)[name] for name in NAMES}

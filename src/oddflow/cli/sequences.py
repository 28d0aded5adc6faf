"""Detectors of sequences among the systems of `evaluate`, where records say who talked to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.core.detector import DetectorFactory
    from oddflow.evaluate.protocols import Protocol


def sequence_factories(
    protocol: Protocol, target_fpr: float, systems: Sequence[str] | None
) -> dict[str, DetectorFactory]:
    """Detectors of sequences and their controls; none for a protocol without hosts.

    Args:
        protocol: what to train and test on.
        target_fpr: of the thresholds.
        systems: names that were asked for; None for all.

    Raises:
        InputError: one of them was asked for and the records have no hosts.
    """
    from oddflow.detect.sequence_systems import NAMES, sequence_systems

    corpora = (protocol.train, *protocol.test_sets.values())
    if all(corpus.features.context is not None for corpus in corpora):
        return sequence_systems(target_fpr)
    asked = sorted(set(systems or ()) & set(NAMES))
    if asked:
        raise InputError(
            f"{', '.join(asked)} need to know who talked to whom, which the records of protocol "
            f"{protocol.name} do not say; choose --protocol lab or iot-23-malware"
        )
    return {}

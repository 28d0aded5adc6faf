"""Detectors of sequences on the command line: in tables, in training, and in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from typing import Protocol as Interface

from oddflow.cli.console import Output
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.core.detector import DetectorFactory
    from oddflow.core.matrix import FeatureMatrix
    from oddflow.core.verdicts import Threshold, Verdict
    from oddflow.detect.bundle import Bundle
    from oddflow.detect.sequence import SequenceDetector
    from oddflow.detect.sequence_bundle import SequenceBundle
    from oddflow.evaluate.protocols import Protocol
    from oddflow.models.train import Epoch


class Detecting(Interface):
    """Gives verdicts on the connections of a recording, block by block."""

    def detect(
        self, records: FeatureMatrix, threshold: Threshold, *, n_causes: int
    ) -> Iterator[Verdict]:
        """Explained verdicts on the records above the threshold, in their order."""
        ...


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


def asks_for_sequences(steps: str, memory: str | None, *, score: str, contamination: float) -> bool:
    """True if `train` is to learn sequences.

    Raises:
        InputError: an option that detectors of sequences do not have, or that they alone have.
    """
    from oddflow.features.hosts import By

    if steps not in tuple(By):
        if memory is not None:
            raise InputError(f"--memory is for --steps {' or '.join(By)}, received steps {steps!r}")
        return False
    if contamination or score != "whitened":
        raise InputError(
            f"--steps {steps} has one score and leaves no record out; give neither --score nor "
            "--contamination"
        )
    return True


def train_sequences(
    normals: FeatureMatrix,
    out: Output,
    steps: str,
    memory: str | None,
    parameters: Mapping[str, Any],
) -> SequenceDetector:
    """A detector of sequences fitted to normal connections, with a bar.

    Args:
        normals: with a context, in order of time.
        out: for the bar.
        steps: "hosts" or "pairs".
        memory: "window" or "state"; None for the default.
        parameters: of the detector, besides these.

    Raises:
        InputError: what the detector refuses.
    """
    from oddflow.detect.sequence import MemoryKind, SequenceDetector
    from oddflow.detect.sequence_systems import STATEFUL

    kinds = (MemoryKind.WINDOW, MemoryKind.STATE)
    kind = memory or MemoryKind.WINDOW
    if kind not in kinds:
        raise InputError(f"--memory must be one of {', '.join(kinds)}, received {memory!r}")
    defaults = STATEFUL if kind == MemoryKind.STATE else {}
    detector = SequenceDetector(steps=steps, memory=kind, **{**defaults, **parameters})
    with out.progress("compiling", detector.epochs, "epochs") as advance:

        def show(epoch: Epoch) -> None:
            text = f"loss {epoch.loss:.5f}, held out {epoch.validation_loss:.5f}"
            advance(epoch.number, f"epoch {epoch.number}: {text}")

        return detector.fit(normals, on_epoch=show)


def load_any_model(path: Path, *, threads: int) -> Bundle | SequenceBundle:
    """A model directory of single records or of sequences.

    Raises:
        ArtifactError: it is damaged, altered or too new.
        InputError: less than one thread.
    """
    from oddflow.detect.bundle import load_model
    from oddflow.detect.folder import read_manifest
    from oddflow.detect.sequence_bundle import load_sequence_model

    if read_manifest(path).is_of_sequences:
        return load_sequence_model(path, threads=threads)
    return load_model(path, threads=threads)


def require_single_records(bundle: Bundle | SequenceBundle, purpose: str) -> Bundle:
    """The model, if it judges single records.

    Raises:
        InputError: it is one of sequences.
    """
    from oddflow.detect.sequence_bundle import SequenceBundle

    if isinstance(bundle, SequenceBundle):
        raise InputError(
            f"{bundle.path}: a {bundle.manifest.detector} needs connections with their hosts in "
            f"order of time, once; {purpose} cannot be had from it. Use a model of single records"
        )
    return bundle


def begun(bundle: Bundle | SequenceBundle) -> Detecting:
    """What gives verdicts on blocks of one recording or network, one after the other."""
    from oddflow.detect.sequence_bundle import SequenceBundle

    return bundle.model.start() if isinstance(bundle, SequenceBundle) else bundle.model

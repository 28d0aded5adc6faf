"""Features and alerts of recordings: what the commands that read captures and logs share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from oddflow.alerts.alert import Alert
    from oddflow.core.connection import Connections
    from oddflow.core.matrix import FeatureMatrix
    from oddflow.core.schema import FeatureSchema
    from oddflow.core.verdicts import Threshold
    from oddflow.detect.bundle import Bundle
    from oddflow.detect.sequence_bundle import SequenceBundle
    from oddflow.ingest.recording import Portion

OTHER_PROTOCOL = "connection that is not TCP, UDP or ICMP"


@dataclass(slots=True)
class Tally:
    """What was read so far.

    Attributes:
        n_units: packets of a capture, or records of a log.
        n_connections: of which features were made.
        skipped: reason -> units or connections that were not used.
        n_evicted: connections that ended early, since the table of open ones was full.
    """

    n_units: int = 0
    n_connections: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    n_evicted: int = 0

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {
            "n_units": self.n_units,
            "n_connections": self.n_connections,
            "skipped": {why: n for why, n in self.skipped.items() if n},
            "n_evicted": self.n_evicted,
        }

    def __str__(self) -> str:
        text = f"{self.n_connections:,} connections"
        if self.n_evicted:
            text += f", {self.n_evicted:,} of them ended early, since the table was full"
        left_out = [f"{why} ({n:,})" for why, n in self.skipped.most_common() if n]
        return f"{text}; skipped: {', '.join(left_out)}" if left_out else text


def is_recording(path: str | Path) -> bool:
    """True for a capture or a log, False for rows of KDD or no file at all."""
    from oddflow.ingest.recording import Kind, kind_of

    return Path(path).exists() and kind_of(path) is not Kind.OTHER


def default_profile(path: str | Path) -> str:
    """kdd41 where there is payload to read, else traffic28."""
    from oddflow.ingest.recording import Kind, kind_of

    return "kdd41" if kind_of(path) is Kind.CAPTURE else "traffic28"


def recorded(path: str | Path) -> Iterator[Portion]:
    """The connections of a recording.

    Raises:
        InputError: it cannot be read.
    """
    from oddflow.ingest.recording import read_recording

    return read_recording(path)


def featured(
    portions: Iterable[Portion], schema: FeatureSchema, tally: Tally
) -> Iterator[tuple[Connections, FeatureMatrix]]:
    """Connections with their features, block by block; `tally` is kept up to date.

    Raises:
        InputError: there is no payload and the schema needs it.
    """
    from oddflow.features.kdd import kdd_features, kdd_rows
    from oddflow.features.kdd_windows import new_windows

    windows = new_windows()
    for portion in portions:
        tally.n_units += portion.n_units
        tally.skipped.update(portion.skipped)
        tally.n_evicted += portion.n_evicted
        is_kdd = kdd_rows(portion.connections)
        tally.skipped[OTHER_PROTOCOL] += int((~is_kdd).sum())
        connections = portion.connections.take(is_kdd)
        if len(connections):
            yield connections, kdd_features(connections, windows, schema=schema)
            tally.n_connections += len(connections)


def gathered(path: str | Path, profile: str) -> FeatureMatrix:
    """The features of all connections of a recording.

    Raises:
        InputError: as `featured`, or there is no connection.
    """
    from oddflow.core.matrix import consecutive
    from oddflow.features.kdd import PROFILES

    tally = Tally()
    blocks = [features for _, features in featured(recorded(path), PROFILES[profile], tally)]
    if not blocks:
        raise InputError(f"{path}: expected at least one connection, received none ({tally})")
    return consecutive(blocks)


def schema_of(bundle: Bundle | SequenceBundle) -> FeatureSchema:
    """The features that the model reads of connections.

    Raises:
        InputError: it was trained on other features than KDD's.
    """
    from oddflow.features.kdd import PROFILES

    profile = bundle.manifest.profile
    if profile not in PROFILES:
        raise InputError(
            f"the model reads features of profile {profile}; of captures and logs there "
            f"are {' and '.join(PROFILES)}. Train one with `oddflow train --records RECORDING`"
        )
    return PROFILES[profile]


def alerts(
    portions: Iterable[Portion],
    bundle: Bundle | SequenceBundle,
    threshold: Threshold,
    tally: Tally,
    *,
    n_causes: int,
) -> Iterator[Alert]:
    """An alert for each flagged connection, in their order.

    A model of sequences begins with the first portion and keeps its histories from one to the next.

    Raises:
        InputError: as `featured`, or the model was trained on other features than KDD's.
    """
    from oddflow.alerts.alert import Alert, ModelRef
    from oddflow.alerts.attack import features_of, techniques
    from oddflow.cli.sequences import begun

    manifest, schema = bundle.manifest, schema_of(bundle)
    model = ModelRef(sha256=manifest.sha256, name=manifest.detector, profile=manifest.profile)
    detector = begun(bundle)
    for connections, features in featured(portions, schema, tally):
        for verdict in detector.detect(features, threshold, n_causes=n_causes):
            yield Alert(
                connection=connections.record(verdict.row),
                verdict=replace(verdict, row=tally.n_connections + verdict.row),
                model=model,
                techniques=techniques(features_of(features, verdict.row)),
            )

"""The facts of a model directory: where the model came from and what its parts must hash to."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from oddflow.core.errors import ArtifactError
from oddflow.features.hosts import By

FORMAT = 3
"""Version of the directory's layout; 2 added classifiers, 3 ensembles. A reader refuses any newer
one."""

PARTS = ("encoder.json", "scorer.onnx", "arrays.safetensors", "model.keras", "MODEL_CARD.md")
"""Files of a model directory besides the manifest."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: its sha256 and size in bytes."""

    sha256: str
    bytes: int


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the model was trained.

    source: name of the corpus or file; n_records: records given (a detector is given normal ones
    alone); fingerprint: sha256 over
    them; seed: of split, weights and order; settings: the detector's parameters; n_epochs: run;
    best_epoch: kept, from 1; seconds: of training.
    """

    source: str
    n_records: int
    fingerprint: str
    seed: int
    settings: dict[str, Any]
    n_epochs: int
    best_epoch: int
    seconds: float


class MemberFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One member of an ensemble: its name, and its weight or share, see `oddflow.detect.rule`."""

    name: str
    weight: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All facts. `sha256` covers the others, so that an altered manifest shows as well.

    `classes` are what a classifier tells apart, `normal` first; a detector has none, but for those
    of an ensemble's classifier of known attacks. `members` are those of an ensemble.
    """

    format: int
    oddflow: str
    detector: str
    created: str
    profile: str
    schema_sha256: str
    steps: str
    target_fpr: float
    training: Training
    libraries: dict[str, str]
    metrics: dict[str, float]
    parts: dict[str, Part]
    classes: tuple[str, ...] = ()
    members: tuple[MemberFacts, ...] = ()
    sha256: str = ""

    @property
    def is_of_sequences(self) -> bool:
        """True for a model that judges a connection by those of the same host before it."""
        return self.steps in tuple(By)

    def sealed(self) -> Manifest:
        """The same with its own hash filled in."""
        return msgspec.structs.replace(self, sha256=self.digest())

    def digest(self) -> str:
        """Hash of all facts but itself."""
        return _digest(msgspec.to_builtins(self))

    def to_bytes(self) -> bytes:
        """Readable JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read and check a manifest.

        Raises:
            ArtifactError: not a manifest, of a newer format, incomplete or altered.
        """
        try:
            version = msgspec.json.decode(data, type=_Version).format
            if version > FORMAT:
                raise ArtifactError(
                    f"manifest.json: the model has format {version}, this oddflow reads up to "
                    f"{FORMAT}; update oddflow"
                )
            manifest = msgspec.json.decode(data, type=cls)
            facts = msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ArtifactError(f"manifest.json: not an oddflow manifest: {error}") from error
        if manifest.sha256 != _digest(facts):  # over what is there: format 1 had fewer facts
            raise ArtifactError(
                "manifest.json: altered since it was written (its sha256 does not match); "
                "restore the model from a copy or train it again"
            )
        missing = sorted(set(PARTS) - set(manifest.parts))
        if missing:
            raise ArtifactError(f"manifest.json: names no {', '.join(missing)}")
        return manifest


def _digest(facts: dict[str, Any]) -> str:
    bare = {**facts, "sha256": ""}
    return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()


class _Version(msgspec.Struct):
    format: int


def part_of(data: bytes) -> Part:
    """The facts of a part with this content."""
    return Part(hashlib.sha256(data).hexdigest(), len(data))

"""Model directories: written whole or not at all, checked part by part when read, no pickle.

manifest.json         facts and hashes, see `oddflow.detect.manifest`
encoder.json          feature schema, means, scales, vocabularies
scorer.onnx           encoded records in; score, residual and code out (a classifier: score, logits;
                      an ensemble: members' scores, residual)
arrays.safetensors    calibration scores, and what explanations compare with
model.keras           the network, to train further; never read to score
MODEL_CARD.md         what the model is for and how well it does, for people
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from oddflow.core.errors import ArtifactError, InputError
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.calibrate import Calibration
from oddflow.detect.ensemble_scorer import EnsembleScorer
from oddflow.detect.explain import Explainer
from oddflow.detect.folder import (
    DAMAGES,
    damaged,
    read_manifest,
    read_part,
    read_parts,
    refuse_to_replace,
    write_folder,
)
from oddflow.detect.known_attacks import KnownAttacks
from oddflow.detect.manifest import Manifest
from oddflow.detect.model import Model
from oddflow.detect.runtime import ClassScorer
from oddflow.detect.stored_scorer import scorer_arrays, stored_scorer
from oddflow.features.encode import Encoder


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model directory that was read and checked.

    Attributes:
        path: the directory.
        manifest: its facts.
        model: ready to score.
    """

    path: Path
    manifest: Manifest
    model: Model

    def predict(self, records: FeatureMatrix) -> NDArray[np.object_]:
        """The likeliest class of each record, strings, shape (n,).

        Raises:
            InputError: the model is a detector and knows no classes.
            SchemaMismatch: other features than the model was trained on.
        """
        scorer = self.model.scorer
        if not isinstance(scorer, ClassScorer):
            raise InputError(
                f"{self.path}: a {self.manifest.detector} says how odd a record is, not which "
                "class it has; train a classifier for that"
            )
        logits = scorer.logits(self.model.encoder.transform(records))
        classes = np.array(self.manifest.classes, dtype=object)
        return np.asarray(classes[logits.argmax(axis=1)])

    def keras_bytes(self) -> bytes:
        """The checked content of `model.keras`."""
        return read_part(self.path, "model.keras", self.manifest)

    def scorer_bytes(self) -> bytes:
        """The checked content of `scorer.onnx`."""
        return read_part(self.path, "scorer.onnx", self.manifest)

    def export(self, folder: Path) -> list[Path]:
        """Write scorer graph and encoding for other programs; the files written.

        Of an ensemble `rule.json` too, which makes one score of those of the members.
        """
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / name for name in ("scorer.onnx", "encoder.json")]
        for file in files:
            file.write_bytes(read_part(self.path, file.name, self.manifest))
        if isinstance(self.model.scorer, EnsembleScorer):
            files.append(folder / "rule.json")
            rule = self.model.scorer.rule.to_json()
            files[-1].write_bytes(msgspec.json.encode(rule) + b"\n")
        return files


def load_model(path: str | Path, *, threads: int = 1) -> Bundle:
    """Read a model directory; every part is checked against the manifest.

    Args:
        path: the directory.
        threads: that score side by side; scores are the same bits with any number.

    Raises:
        ArtifactError: a part is missing, altered, cut, or of a newer format; it is named.
        InputError: less than one thread, or a model of sequences.
    """
    if threads < 1:
        raise InputError(f"threads must be at least 1, received {threads}")
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest.is_of_sequences:
        raise InputError(
            f"{folder}: expected a model of single records, and a {manifest.detector} judges "
            "connections by those before them; `oddflow detect` and `oddflow watch` run it and "
            "explain what they flag"
        )
    parts = read_parts(folder, manifest)
    try:
        encoder = Encoder.from_json(msgspec.json.decode(parts["encoder.json"]))
        arrays = safetensors.numpy.load(parts["arrays.safetensors"])
        model = Model(
            encoder=encoder,
            scorer=stored_scorer(parts["scorer.onnx"], manifest, arrays, threads),
            calibration=Calibration(arrays["calibration"]),
            explainer=Explainer(
                encoder,
                arrays["explain_mean"],
                arrays["explain_precision"],
                arrays["explain_reference"],
                known=KnownAttacks.from_arrays(arrays, encoder.n_columns),
            ),
        )
        _check_shapes(model)
    except ArtifactError as error:
        raise ArtifactError(f"{folder}: {error}") from error
    except DAMAGES as error:
        raise damaged(folder, error) from error
    if encoder.schema.sha256 != manifest.schema_sha256:
        raise ArtifactError(f"{folder}: encoder.json and manifest.json name different features")
    return Bundle(folder, manifest, model)


def save_model(
    path: str | Path,
    manifest: Manifest,
    model: Model,
    *,
    scorer: bytes,
    keras: bytes,
    card: str,
    overwrite: bool = False,
) -> Manifest:
    """Write a model directory; it appears complete or not at all.

    Args:
        path: the directory; its parent is made if need be.
        manifest: facts; `parts` and `sha256` are filled in here.
        model: encoder, calibration and explainer to write.
        scorer: the graph.
        keras: content of `model.keras`.
        card: Markdown.
        overwrite: replace a model that is there. Anything else that is there is never replaced.

    Raises:
        InputError: something is there already.
    """
    folder = Path(path)
    refuse_to_replace(folder, overwrite=overwrite)
    explainer = model.explainer
    arrays = {
        "calibration": model.calibration.scores,
        "explain_mean": explainer.mean,
        "explain_precision": explainer.precision,
        "explain_reference": explainer.reference,
        **({} if explainer.known is None else explainer.known.arrays()),
        **scorer_arrays(model.scorer),
    }
    contents = {
        "encoder.json": msgspec.json.encode(model.encoder.to_json()),
        "scorer.onnx": scorer,
        "arrays.safetensors": safetensors.numpy.save(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        ),
        "model.keras": keras,
        "MODEL_CARD.md": card.encode(),
    }
    return write_folder(folder, manifest, contents)


def _check_shapes(model: Model) -> None:
    """Raise ArtifactError unless the parts fit each other."""
    n = model.encoder.n_columns
    explainer = model.explainer
    shapes: dict[str, tuple[Any, Any]] = {
        "scorer.onnx input": (model.scorer.n_columns, n),
        "explain_mean": (explainer.mean.shape, (n,)),
        "explain_precision": (explainer.precision.shape, (n, n)),
        "explain_reference": (explainer.reference.shape[1:], (n,)),
        "calibration": (model.calibration.scores.ndim, 1),
    }
    for name, (found, expected) in shapes.items():
        if found != expected:
            raise ArtifactError(f"{name}: expected {expected}, found {found}")
    if len(explainer.reference) == 0:
        raise ArtifactError("explain_reference: expected at least one record, found none")
    for array in (explainer.mean, explainer.precision, explainer.reference):
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise ArtifactError("what explanations compare with is not of finite 32-bit numbers")

"""Detectors of sequences as model directories: the same parts, checks and refusals as all others.

arrays.safetensors holds the calibration scores, mean and scale of the interval between connections,
and what explanations need; `oddflow.detect.bundle` says what the other parts are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import safetensors.numpy

from oddflow.core.errors import ArtifactError
from oddflow.detect.calibrate import Calibration
from oddflow.detect.folder import DAMAGES, damaged, read_manifest, read_parts
from oddflow.detect.manifest import Manifest
from oddflow.detect.runtime import GraphRunner
from oddflow.detect.sequence_graph import HISTORY, NOW, SCORE, STATE
from oddflow.detect.sequence_model import SequenceModel, scorer_of
from oddflow.detect.sequence_reasons import Reasons
from oddflow.features.encode import Encoder
from oddflow.features.hosts import MAX_HOSTS, By, IntervalCode

MAX_LENGTH = 1000
"""Steps of a history in a model that is read: what is kept of a host grows with them."""
MAX_KEPT = 1 << 28
"""Numbers that a model that is read may keep of all hosts together, 1 GiB of them."""


class Settings(msgspec.Struct, frozen=True):
    """Those parameters of a detector of sequences that scoring needs."""

    length: int
    memory: str


@dataclass(frozen=True, eq=False)
class SequenceBundle:
    """A model directory that was read and checked.

    Attributes:
        path: the directory.
        manifest: its facts.
        model: ready to score.
    """

    path: Path
    manifest: Manifest
    model: SequenceModel


def load_sequence_model(path: str | Path, *, threads: int = 1) -> SequenceBundle:
    """Read a model directory; every part is checked against the manifest.

    Raises:
        ArtifactError: a part is missing, altered, cut, of a newer format, or they do not fit.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    parts = read_parts(folder, manifest)
    try:
        model = _model(manifest, parts, threads)
    except ArtifactError as error:
        raise ArtifactError(f"{folder}: {error}") from error
    except DAMAGES as error:
        raise damaged(folder, error) from error
    return SequenceBundle(folder, manifest, model)


def _model(manifest: Manifest, parts: dict[str, bytes], threads: int) -> SequenceModel:
    settings = msgspec.convert(manifest.training.settings, Settings)
    encoder = Encoder.from_json(msgspec.json.decode(parts["encoder.json"]))
    if encoder.schema.sha256 != manifest.schema_sha256:
        raise ArtifactError("encoder.json and manifest.json name different features")
    arrays = safetensors.numpy.load(parts["arrays.safetensors"])
    n_columns, n_state = encoder.n_columns + 1, 0
    if settings.memory == "state":
        n_state = _n_state(parts["scorer.onnx"], n_columns)
    runner = scorer_of(parts["scorer.onnx"], n_state, threads=threads)
    _check_sizes(settings, runner, n_columns, n_state)
    mean, scale = (float(value) for value in arrays["interval"])
    if not (np.isfinite(mean) and np.isfinite(scale) and scale > 0):
        raise ArtifactError(f"interval: expected a mean and a scale, found {mean} and {scale}")
    reasons = Reasons(**{name: arrays[name] for name in Reasons.__dataclass_fields__})
    if len(reasons.now_mean) != runner.widths[NOW]:
        raise ArtifactError("what explanations need does not fit the graph")
    return SequenceModel(
        encoder,
        IntervalCode(mean, scale),
        By(manifest.steps),
        settings.length,
        runner,
        n_state,
        Calibration(arrays["calibration"]),
        reasons,
    )


def _n_state(graph: bytes, n_columns: int) -> int:
    """Numbers that the graph keeps of a host, as it says itself."""
    runner = GraphRunner(graph, {SCORE: 1, NOW: 2, HISTORY: 2, STATE: 2})
    return runner.n_columns - n_columns


def _check_sizes(settings: Settings, runner: GraphRunner, n_columns: int, n_state: int) -> None:
    """Raise ArtifactError unless graph, encoder and settings fit each other, in bounded memory."""
    per_host = n_state or settings.length * (n_columns + 1)
    expected: dict[str, tuple[Any, Any]] = {
        "memory": (settings.memory in ("window", "state"), True),
        "length between 1 and 1,000": (1 <= settings.length <= MAX_LENGTH, True),
        "numbers kept within bounds": (0 < per_host * MAX_HOSTS <= MAX_KEPT, True),
        "scorer.onnx input": (runner.n_columns, n_columns + n_state if n_state else per_host),
        "scorer.onnx now": (runner.widths[NOW], 2 * n_columns),
        "scorer.onnx history": (runner.widths[HISTORY], 2 * n_columns),
    }
    if n_state:
        expected["scorer.onnx state"] = (runner.widths[STATE], n_state)
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise ArtifactError(f"{name}: expected {wanted}, found {found}")

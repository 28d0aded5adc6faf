"""Which scorer a model directory holds, and what it needs besides its graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import ArtifactError
from oddflow.detect.calibrate import Calibration
from oddflow.detect.ensemble_scorer import EnsembleScorer
from oddflow.detect.manifest import Manifest
from oddflow.detect.rule import Rule
from oddflow.detect.runtime import ClassScorer, RecordScorer, Scorer


def stored_scorer(
    graph: bytes, manifest: Manifest, arrays: Mapping[str, NDArray[Any]], threads: int
) -> RecordScorer:
    """The scorer of a detector, of an ensemble, or of a classifier.

    Args:
        graph: content of `scorer.onnx`.
        manifest: of the directory.
        arrays: content of `arrays.safetensors`.
        threads: that score side by side.

    Raises:
        ArtifactError: the graph is none of ours, or not the one that the manifest tells of.
        InputError: arrays or weights that make no rule.
        KeyError: an array is missing.
    """
    if manifest.members:
        families = manifest.classes[1:]
        return EnsembleScorer(graph, _rule(manifest, arrays), families, threads=threads)
    if not manifest.classes:
        return Scorer(graph, threads=threads)
    scorer = ClassScorer(graph, threads=threads)
    if scorer.n_classes != len(manifest.classes):
        raise ArtifactError(
            f"manifest.json names {len(manifest.classes)} classes, scorer.onnx tells "
            f"{scorer.n_classes} apart"
        )
    return scorer


def _rule(manifest: Manifest, arrays: Mapping[str, NDArray[Any]]) -> Rule:
    """The rule of an ensemble; see `scorer_arrays`."""
    together = arrays.get("members_together")
    return Rule(
        tuple(member.name for member in manifest.members),
        tuple(member.weight for member in manifest.members),
        tuple(Calibration(scores) for scores in arrays["member_references"]),
        None if together is None else Calibration(together),
    )


def scorer_arrays(scorer: RecordScorer) -> dict[str, NDArray[np.float64]]:
    """What has to be kept besides the graph: nothing but for ensembles."""
    if not isinstance(scorer, EnsembleScorer):
        return {}
    rule = scorer.rule
    arrays = {"member_references": np.stack([each.scores for each in rule.references])}
    if rule.together is not None:
        arrays["members_together"] = rule.together.scores
    return arrays

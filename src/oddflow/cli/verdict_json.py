"""The JSON form of a verdict: one object a flagged record, stable from 0.1 on."""

from __future__ import annotations

from typing import Any

from oddflow.core.matrix import FeatureMatrix
from oddflow.core.verdicts import Explanation, Verdict


def verdict_json(
    verdict: Verdict, records: FeatureMatrix, *, first_row: int, model_sha256: str
) -> dict[str, Any]:
    """Plain data for one verdict.

    Args:
        verdict: its row counts from the start of `records`.
        records: the block that the verdict is about.
        first_row: of that block in the input.
        model_sha256: which model said so.
    """
    return {
        "row": first_row + verdict.row,
        "score": verdict.score,
        "p_value": verdict.p_value,
        "threshold": verdict.threshold,
        "record": {
            feature.name: records.value(verdict.row, feature.name)
            for feature in records.schema.categorical
        },
        "explanation": str(verdict.explanation),
        "causes": [
            {
                "feature": cause.feature,
                "share": round(cause.share, 4),
                "observed": cause.observed,
                "expected": cause.expected,
                "usual": list(cause.usual),
            }
            for cause in verdict.explanation.causes
        ],
        **_context(verdict.explanation),
        "members": [opinion.to_json() for opinion in verdict.members],
        "model": model_sha256,
    }


def _context(explanation: Explanation) -> dict[str, Any]:
    """What would have made the record pass, what it is most like, and where the error lies."""
    change, similar = explanation.counterfactual, explanation.similar
    return {
        "counterfactual": None if change is None else change.to_json(),
        "nearest_normal": None
        if change is None
        else {"distance": change.distance, "values": dict(change.normal)},
        "similar_attack": None
        if similar is None
        else {"name": similar.name, "similarity": round(similar.similarity, 4)},
        "steps": {step.name: round(step.share, 4) for step in explanation.steps},
    }

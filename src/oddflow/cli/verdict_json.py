"""The JSON form of a verdict: one object a flagged record, stable from 0.1 on."""

from __future__ import annotations

from typing import Any

from oddflow.core.matrix import FeatureMatrix
from oddflow.core.verdicts import Verdict


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
            }
            for cause in verdict.explanation.causes
        ],
        "model": model_sha256,
    }

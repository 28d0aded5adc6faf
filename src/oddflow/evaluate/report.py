"""One page of HTML that says how an evaluation went; it needs no network and no script."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Evaluation, ResidualMap, TrainingHistory
from oddflow.core.verdicts import Verdict
from oddflow.evaluate.explained import explained_record
from oddflow.evaluate.metrics import METRICS, Group
from oddflow.evaluate.page import render_page
from oddflow.evaluate.sections import group_widths, model_pictures, test_set_sections


def render_report(
    evaluation: Evaluation,
    *,
    ours: str,
    title: str,
    history: TrainingHistory | None = None,
    residual_map: ResidualMap | None = None,
    explained: Sequence[tuple[str, Verdict]] = (),
    details: Mapping[str, str] | None = None,
) -> str:
    """The evaluation as a self-contained HTML page.

    All text is escaped, wherever it came from; a content security policy in the page forbids
    scripts and requests besides.

    Args:
        evaluation: what to report.
        ours: the system that the report is about.
        title: of the page.
        history: how its network was trained.
        residual_map: where its error lies.
        explained: records to show with their causes: a title such as "KDDTest+ row 1234:
            snmpguess", and the verdict.
        details: what a reader needs to repeat it: data, model, versions.

    Raises:
        InputError: there is no test set, or `ours` was not run on one of them.
    """
    if not evaluation.test_sets:
        raise InputError("the evaluation holds no test set to report on")
    for name, result in evaluation.test_sets.items():
        if not (result.runs.get(ours) and ours in result.metrics):
            raise InputError(f"{name}: no system {ours!r}; there are {sorted(result.metrics)}")
    parts = {
        "title": title,
        "evaluation": evaluation,
        "ours": ours,
        "sections": test_set_sections(evaluation, ours=ours),
        "metrics": METRICS,
        "groups": group_widths(),
        "oracle": Group.ORACLE,
        "model_pictures": model_pictures(history, residual_map),
        "explained": [explained_record(heading, verdict) for heading, verdict in explained],
        "details": details or {},
    }
    return render_page("report.html.j2", parts)


def write_report(path: Path, html: str) -> None:
    """Write a page so that a reader sees the old one or the new one, never half of one.

    Args:
        path: where to; its directory must exist.
        html: the page.

    Raises:
        OSError: the directory is missing, full or not writable; an older page is then untouched.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(html.encode("utf-8", "backslashreplace"))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)

"""`oddflow explain`: why chosen records are odd, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

if TYPE_CHECKING:
    from rich.console import Group

    from oddflow.core.matrix import FeatureMatrix
    from oddflow.core.verdicts import Threshold, Verdict
    from oddflow.detect.model import Model
    from oddflow.evaluate.deletion import Faithfulness

NAME = "explain"
NEEDS_ARGUMENTS = True
EXAMPLE = (
    "Examples: `oddflow explain oddflow-demo/model KDDTest+ --row 0 --row 17`, "
    "`oddflow explain oddflow-demo/model KDDTest+ --faithfulness --fpr 0.01`"
)


def run(
    model: options.ModelDir,
    records: options.Records,
    row: Annotated[
        list[int] | None,
        typer.Option("--row", min=0, help="Zero-based row to explain; may be repeated."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=1, help="Without --row: the oddest records, this many.")
    ] = 5,
    causes: options.Causes = 5,
    faithfulness: Annotated[
        bool,
        typer.Option(
            "--faithfulness",
            help="Instead: of all flagged records, the share that passes once what was named is "
            "replaced by normal values.",
        ),
    ] = False,
    fpr: options.Fpr = None,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Say which features made records odd, and what would have been normal."""
    import numpy as np

    from oddflow.cli.records import load_records
    from oddflow.cli.verdict_json import verdict_json
    from oddflow.core.errors import InputError
    from oddflow.detect.bundle import load_model
    from oddflow.evaluate.deletion import faithfulness_table

    out = Output(quiet=quiet, as_json=json)
    bundle = load_model(model)
    features = load_records(records, data, out)
    if row and max(row) >= len(features):
        raise InputError(f"{records} has rows 0 to {len(features) - 1}, there is no {max(row)}")
    rate = bundle.manifest.target_fpr if fpr is None else fpr
    threshold = bundle.model.calibration.threshold(rate)
    if faithfulness:
        result = measured(bundle.model, features, threshold, out)
        out.result(
            result.to_json,
            lambda: faithfulness_table(
                result, title=f"{result.n_alerts:,} alerts of {records} at {rate:.3g}"
            ),
        )
        return
    if row:
        rows = np.array(row, dtype=np.intp)
    else:
        rows = np.argsort(-bundle.model.score_samples(features), kind="stable")[:top]
    verdicts = bundle.model.explain(features, rows, threshold, n_causes=causes)
    out.result(
        lambda: [
            verdict_json(v, features, first_row=0, model_sha256=bundle.manifest.sha256)
            for v in verdicts
        ],
        lambda: explained([(f"row {v.row}", v) for v in verdicts]),
    )


def measured(
    model: Model, features: FeatureMatrix, threshold: Threshold, out: Output
) -> Faithfulness:
    """How faithful the model's explanations are, with a bar."""
    from oddflow.detect.deletion import MOST_ALERTS, SIZES, deletions
    from oddflow.evaluate.deletion import faithfulness

    n_flagged = int(threshold.flags(model.score_samples(features)).sum())
    with out.progress("deleting", min(n_flagged, MOST_ALERTS), "alerts") as advance:
        vanished = deletions(
            model, features, threshold, on_progress=lambda done, _total: advance(done)
        )
    return faithfulness(vanished, SIZES, target_fpr=threshold.target_fpr)


def explained(verdicts: list[tuple[str, Verdict]]) -> Group:
    """Verdicts with their causes as bars."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from oddflow.evaluate.explained import member_rows, remarks, usual_text

    parts: list[Table | Text] = []
    for title, verdict in verdicts:
        state = "flagged" if verdict.score > verdict.threshold else "not flagged"
        parts.append(
            Text(
                f"{title}: {state}, score {verdict.score:.1f} (threshold {verdict.threshold:.1f}), "
                f"p-value {verdict.p_value:.2g}",
                style="bold",
            )
        )
        if verdict.explanation.sentence:
            parts.append(Text(f"  {verdict.explanation.sentence}"))
        table = Table(box=None, padding=(0, 2, 0, 2), show_header=False)
        for cause in verdict.explanation.causes:
            bar = "█" * max(1, round(cause.share * 20))
            usual = usual_text(cause)
            known = f" (usual: {usual})" if usual else ""
            table.add_row(Text(f"{cause}{known}"), Text(f"{cause.share:4.0%} {bar}", style="red"))
        parts.append(table)
        if verdict.members:
            members = Table("member", "p-value", "alone", box=None, padding=(0, 2, 0, 2))
            for member in member_rows(verdict):
                members.add_row(*map(Text, member))
            parts.append(members)
        parts.extend(Text(f"  {line}", style="dim") for line in remarks(verdict))
    return Group(*parts)

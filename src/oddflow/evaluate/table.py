"""The results of a test set as a table for the terminal."""

from __future__ import annotations

import math

from rich import box
from rich.table import Table
from rich.text import Text

from oddflow.core.evaluation import TestSetResult
from oddflow.evaluate.metrics import leaders

COLUMNS = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "accuracy": "accuracy",
    "f1": "F1",
    "fpr": "FPR",
    "recall_at_fpr_1": "recall\n@1% FPR",
    "recall_novel": "recall\nnovel",
}
"""What fits beside the name of a system in 80 columns."""
DECIMALS = 3


def results_table(result: TestSetResult, *, ours: str | None = None) -> Table:
    """Means over the seeds, one row a system; the best of each column is bold.

    Names are shown as they are: square brackets in them are not taken for rich's markup.

    Args:
        result: of one test set.
        ours: the system to highlight, or None.
    """
    n_seeds = max((len(runs) for runs in result.runs.values()), default=0)
    n_attacks = int(result.labels.is_attack.sum())
    caption = f"{len(result.labels):,} records, {n_attacks:,} of them attacks; mean of {n_seeds} "
    table = Table(
        title=Text(result.name, style="bold"),
        caption=Text(caption + ("seed" if n_seeds == 1 else "seeds"), style="dim"),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("system", overflow="fold", min_width=12)
    for label in COLUMNS.values():
        width = max(DECIMALS + 2, *map(len, label.split("\n")))
        table.add_column(label, justify="right", no_wrap=True, min_width=width)
    means = {metric: _means(result, metric) for metric in COLUMNS}
    best = {metric: leaders(metric, means[metric], decimals=DECIMALS) for metric in COLUMNS}
    for system in result.metrics:
        mark = "> " if system == ours else "  "
        cells = [
            Text(_number(means[metric][system]), "bold" if system in best[metric] else "")
            for metric in COLUMNS
        ]
        table.add_row(Text(mark + system), *cells, style="cyan" if system == ours else "")
    return table


def _means(result: TestSetResult, metric: str) -> dict[str, float]:
    return {
        system: estimates[metric].mean if metric in estimates else math.nan
        for system, estimates in result.metrics.items()
    }


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.{DECIMALS}f}"

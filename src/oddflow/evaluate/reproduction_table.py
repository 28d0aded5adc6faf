"""A reproduced table for the terminal, beside what was published."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from oddflow.core.evaluation import Evaluation, TestSetResult
from oddflow.core.reproduction import Reproduction, System
from oddflow.evaluate.comparison import published_beside
from oddflow.evaluate.metrics import best_of

DECIMALS = 3
STYLE_MARK = "*"
UNITS = {"k": 1e3, "M": 1e6, "G": 1e9}
QUICK = "Training was cut short: no figure may be quoted."


class Column(NamedTuple):
    """A column of our own figures.

    Attributes:
        header: of at most two short lines.
        higher_is_better: which end of the column is bold.
        is_share: True for a share of 1, shown with decimals; False for a count or seconds.
    """

    header: str
    higher_is_better: bool = True
    is_share: bool = True


MERITS = {
    "accuracy": Column("accu-\nracy"),
    "precision_weighted": Column("prec."),
    "recall_weighted": Column("recall"),
    "f1_weighted": Column("F1"),
    "f1_macro": Column("macro\nF1"),
}
"""Those of `oddflow.evaluate.classes.CLASS_METRICS` that fit in 80 columns."""
PUBLISHED = ("publ.\naccur.", "points\noff")
COSTS = {
    "fit_s": Column("train\ns", higher_is_better=False, is_share=False),
    "n_parameters": Column("para-\nmeters", higher_is_better=False, is_share=False),
    "records_per_s": Column("rec./s", is_share=False),
}


def reproduction_tables(reproduction: Reproduction) -> list[Table]:
    """A table for each evaluation and test set, a row for each system, in the order of the paper.

    Figures are means over the seeds; the best of each column is bold. The published accuracy stands
    only where `published_beside` allows it. Names are shown as they are: square brackets in them
    are not taken for rich's markup.

    Args:
        reproduction: whose systems describe all that its evaluations hold.
    """
    return [
        _table(reproduction, evaluation, result)
        for evaluation in reproduction.evaluations
        for result in evaluation.test_sets.values()
    ]


def _table(reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult) -> Table:
    systems = {name: s for name, s in reproduction.systems.items() if name in result.metrics}
    table = Table(
        title=_title(reproduction, evaluation, result),
        caption=Text(_caption(result, systems), style="dim"),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,
    )
    table.add_column("system", overflow="fold", min_width=12)
    headers = [column.header for column in (*MERITS.values(), *COSTS.values())]
    headers[len(MERITS) : len(MERITS)] = PUBLISHED
    for header in headers:
        width = max(DECIMALS + 2, *map(len, header.split("\n")))
        table.add_column(header, justify="right", no_wrap=True, min_width=width)
    merits = [_cells(result, systems, name, column) for name, column in MERITS.items()]
    costs = [_cells(result, systems, name, column) for name, column in COSTS.items()]
    for name, system in systems.items():
        mark = STYLE_MARK if system.in_the_style_of else ""
        table.add_row(
            Text(system.title + mark),
            *(cells[name] for cells in merits),
            *_published_cells(system, evaluation, result, name),
            *(cells[name] for cells in costs),
        )
    return table


def _title(reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult) -> Text:
    title = Text(reproduction.title, style="bold")
    title.append(f"\n{result.name}, protocol {evaluation.protocol}")
    if reproduction.is_quick:
        title.append(f"\n{QUICK}", style="red")
    return title


def _caption(result: TestSetResult, systems: Mapping[str, System]) -> str:
    n_attacks = int(result.labels.is_attack.sum())
    counts = sorted({len(result.runs.get(name, ())) for name in systems} or {0})
    n_seeds = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    seeds = "seed" if counts[-1] == 1 else "seeds"
    sentences = [
        f"{len(result.labels):,} records, {n_attacks:,} of them attacks; mean of {n_seeds} {seeds}",
        "Precision, recall, F1: means over classes, weighted by records; macro F1: unweighted",
        "Points off: our accuracy less the published one, in percentage points",
    ]
    if any(system.in_the_style_of for system in systems.values()):
        sentences.append(
            f"{STYLE_MARK} In the style of the original: sizes or settings that it does not give "
            "are ours"
        )
    return ". ".join(sentences) + "."


def _cells(
    result: TestSetResult, systems: Mapping[str, System], name: str, column: Column
) -> dict[str, Text]:
    """The cells of a column of our figures: system -> text, the best of them bold."""
    values = {system: _value(result, system, systems[system], name) for system in systems}
    shown = {system: _shown(value, column) for system, value in values.items()}
    best = best_of(values, higher_is_better=column.higher_is_better, decimals=DECIMALS)
    winners = {shown[system] for system in best}
    return {s: Text(text, "bold" if text in winners else "") for s, text in shown.items()}


def _value(result: TestSetResult, name: str, system: System, metric: str) -> float:
    if metric == "n_parameters":
        return system.n_parameters
    estimate = result.metrics[name].get(metric)
    return math.nan if estimate is None else estimate.mean


def _published_cells(
    system: System, evaluation: Evaluation, result: TestSetResult, name: str
) -> tuple[Text, Text]:
    """Published accuracy, and ours less it in points."""
    published = published_beside(system, evaluation, result.name)
    theirs = math.nan if published is None else published.metrics.get("accuracy", math.nan)
    points = 100 * (_value(result, name, system, "accuracy") - theirs)
    difference = "-" if math.isnan(points) else f"{points:+.1f}"
    return Text(_shown(theirs, MERITS["accuracy"])), Text(difference)


def _shown(value: float, column: Column) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.{DECIMALS}f}" if column.is_share else compact(value)


def compact(value: float) -> str:
    """A number from 0 to 1e12 in at most five characters.

    >>> [compact(v) for v in (0, 0.25, 12.34, 999.7, 15_349, 1_234_567)]
    ['0', '0.2', '12.3', '1000', '15k', '1.2M']
    """
    if value < 100:
        return f"{value:.1f}" if value % 1 else f"{value:.0f}"
    if value < 9999.5:
        return f"{value:.0f}"
    suffix, unit = next((pair for pair in UNITS.items() if value < 999.5 * pair[1]), ("G", 1e9))
    return f"{value / unit:.{1 if value < 9.95 * unit else 0}f}{suffix}"

"""The table of a reproduced test set, made ready for its page: columns, rows and cells as text."""

from __future__ import annotations

import math
from typing import NamedTuple

from oddflow.core.evaluation import Evaluation, TestSetResult
from oddflow.core.reproduction import Published, Reproduction
from oddflow.evaluate.classes import CLASS_METRICS
from oddflow.evaluate.comparison import DECIMALS, mean_of, published_beside
from oddflow.evaluate.metrics import METRICS, best_of
from oddflow.evaluate.wording import UNDEFINED

RIGHT, WEIGHTED, MACRO, BINARY = (
    "All records",
    "Classes, weighted by records",
    "Classes, all alike (macro)",
    "Attack or normal",
)
_BINARY_OF_TWO = ("precision", "recall", "f1", "mcc", "fpr", "recall_novel", "auroc")
_BINARY_OF_MORE = ("fpr", "recall_novel", "auroc")


class Column(NamedTuple):
    """A column of figures.

    key: of the metric; label, meaning: for the reader; group: the header that it stands under;
    higher_is_better: False for a rate of errors.
    """

    key: str
    label: str
    meaning: str
    group: str
    higher_is_better: bool = True


class Cell(NamedTuple):
    """One figure as text, in percent; what is empty is left out.

    points: ours less the published one, in percentage points.
    """

    mean: str
    spread: str
    interval: str
    published: str
    points: str
    best: bool


class Row(NamedTuple):
    """One system; the cells are in the order of the columns, and costs are means."""

    title: str
    in_the_style_of: bool
    cells: tuple[Cell, ...]
    costs: tuple[str, str, str]


def columns_of(n_classes: int) -> tuple[Column, ...]:
    """The columns that make sense of a number of classes."""
    names = {
        "accuracy": ("Accuracy", RIGHT),
        "precision_weighted": ("Precision", WEIGHTED),
        "recall_weighted": ("Recall", WEIGHTED),
        "f1_weighted": ("F1", WEIGHTED),
        "precision_macro": ("Precision", MACRO),
        "recall_macro": ("Recall", MACRO),
        "f1_macro": ("F1", MACRO),
    }
    of_classes = [
        Column(key, label, CLASS_METRICS[key].meaning, group)
        for key, (label, group) in names.items()
    ]
    of_attacks = [
        Column(key, metric.label, metric.meaning, BINARY, metric.higher_is_better)
        for key in (_BINARY_OF_TWO if n_classes == 2 else _BINARY_OF_MORE)
        for metric in (METRICS[key],)
    ]
    return (*of_classes, *of_attacks)


def name_of(metric: str) -> str:
    """What a metric is called in the middle of a sentence.

    >>> name_of("accuracy"), name_of("f1_weighted"), name_of("recall_novel")
    ('accuracy', 'weighted F1', 'recall novel')
    """
    base, _, mean = metric.rpartition("_")
    words = [mean, base] if mean in {"weighted", "macro"} else metric.split("_")
    return " ".join("F1" if word == "f1" else word for word in words)


def rows_of(
    reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult
) -> tuple[Row, ...]:
    """A row for each system of a test set, in the order of the table."""
    systems = {name: s for name, s in reproduction.systems.items() if name in result.metrics}
    columns = columns_of(reproduction.n_classes)
    best = {
        column.key: best_of(
            {name: mean_of(result, name, column.key) for name in systems},
            higher_is_better=column.higher_is_better,
            decimals=DECIMALS,
        )
        for column in columns
    }
    rows = []
    for name, system in systems.items():
        published = published_beside(system, evaluation, result.name)
        cells = tuple(
            _cell(result, name, column.key, published, best=name in best[column.key])
            for column in columns
        )
        costs = (
            number(mean_of(result, name, "fit_s"), decimals=1),
            number(mean_of(result, name, "records_per_s")),
            number(system.n_parameters),
        )
        rows.append(Row(system.title, system.in_the_style_of, cells, costs))
    return tuple(rows)


def hundredths(share: float) -> str:
    """A share in percent, to the hundredth, without the sign.

    >>> hundredths(0.98934), hundredths(1.0), hundredths(float("nan"))
    ('98.93', '100.00', 'n/a')
    """
    return UNDEFINED if math.isnan(share) else f"{100 * share:.2f}"


def signed(points: float) -> str:
    """Percentage points with their sign, to the hundredth.

    >>> signed(1.234), signed(-12.0), signed(-0.001)
    ('+1.23', '-12.00', '+0.00')
    """
    return f"{round(points, 2) + 0.0:+.2f}"


def number(value: float, *, decimals: int = 0) -> str:
    """A count or a time, thousands apart.

    >>> number(1234.56), number(0.25, decimals=1), number(float("nan"))
    ('1,235', '0.2', 'n/a')
    """
    return UNDEFINED if math.isnan(value) else f"{value:,.{decimals}f}"


def _cell(
    result: TestSetResult, system: str, metric: str, published: Published | None, *, best: bool
) -> Cell:
    theirs = math.nan if published is None else published.metrics.get(metric, math.nan)
    beside = "" if math.isnan(theirs) else hundredths(theirs)
    estimate = result.metrics[system].get(metric)
    if estimate is None or math.isnan(estimate.mean):
        return Cell(UNDEFINED, "", "", beside, "", best=False)
    has_spread = len(result.runs.get(system, ())) > 1
    spread = f"± {hundredths(estimate.std)}" if has_spread else ""
    interval = f"{hundredths(estimate.low)} to {hundredths(estimate.high)}"
    points = "" if math.isnan(theirs) else signed(100 * (estimate.mean - theirs))
    return Cell(hundredths(estimate.mean), spread, interval, beside, points, best)

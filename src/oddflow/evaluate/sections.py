"""What the report shows, made ready for its template: columns, rows, pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from oddflow.core.evaluation import Evaluation, ResidualMap, Run, TestSetResult, TrainingHistory
from oddflow.evaluate import diagnostics, figures
from oddflow.evaluate.attack_rows import (
    N_SHIFTED,
    AttackRow,
    ShiftRow,
    attack_rows,
    kind_columns,
    shift_row,
)
from oddflow.evaluate.breakdown import (
    GroupRecall,
    recall_by_attack,
    recall_by_family,
    recall_by_novelty,
)
from oddflow.evaluate.canvas import LineStyle, svg, system_styles
from oddflow.evaluate.counts import Confusion, ScoredRecords
from oddflow.evaluate.kinds import summary
from oddflow.evaluate.metrics import METRICS, Group, leaders
from oddflow.evaluate.wording import decimal, findings

DECIMALS = 4


class Cell(NamedTuple):
    """One number of the table of results, as text."""

    mean: str
    spread: str
    interval: str
    best: bool


class Row(NamedTuple):
    """One system in the table of results."""

    system: str
    ours: bool
    cells: tuple[Cell, ...]
    fit_s: str
    score_us: str


class Picture(NamedTuple):
    """A figure as SVG, whose text matplotlib has escaped, with the sentence below it."""

    caption: str
    svg: str
    wide: bool = False


class TestSetSection(NamedTuple):
    """All that the report says about one test set."""

    name: str
    n_records: int
    n_attacks: int
    n_novel: int
    findings: tuple[str, ...]
    rows: tuple[Row, ...]
    pictures: tuple[Picture, ...]
    novelty: dict[str, GroupRecall]
    families: dict[str, GroupRecall]
    attacks: tuple[AttackRow, ...]
    kind_columns: tuple[str, ...]
    is_timed: bool
    shift: tuple[ShiftRow, ...]


def group_widths() -> dict[Group, int]:
    """How many columns stand under the header of each group."""
    groups = [metric.group for metric in METRICS.values()]
    return {group: groups.count(group) for group in Group}


def test_set_sections(evaluation: Evaluation, *, ours: str) -> tuple[TestSetSection, ...]:
    """A section for each test set; a system looks the same in all of them."""
    systems = dict.fromkeys(s for result in evaluation.test_sets.values() for s in result.runs)
    styles = system_styles(list(systems), ours=ours)
    return tuple(
        _section(result, evaluation.target_fpr, ours=ours, styles=styles)
        for result in evaluation.test_sets.values()
    )


def model_pictures(
    history: TrainingHistory | None, residual_map: ResidualMap | None
) -> tuple[Picture, ...]:
    """How the network learnt, and where its error lies."""
    pictures = []
    if history is not None:
        caption = f"Loss of each epoch; training took {history.seconds:,.0f} s."
        figure = diagnostics.loss_curve(history, title="Training and validation loss")
        pictures.append(Picture(caption, svg(figure)))
    if residual_map is not None:
        caption = (
            "Where the error of each kind of record lies: mean share of the score that a feature "
            "carries. Rows that look like the row of normal traffic are hard to tell from it."
        )
        figure = diagnostics.residual_heat_map(residual_map, title="Residual by kind and feature")
        pictures.append(Picture(caption, svg(figure), wide=True))
    return tuple(pictures)


def _section(
    result: TestSetResult, target_fpr: float, *, ours: str, styles: Mapping[str, LineStyle]
) -> TestSetSection:
    kinds = result.kinds.get(ours)
    said = () if kinds is None else (f"{summary(kinds)}.",)
    return TestSetSection(
        name=result.name,
        n_records=len(result.labels),
        n_attacks=int(result.labels.is_attack.sum()),
        n_novel=int(result.novel.sum()),
        findings=(*findings(result, ours=ours, target_fpr=target_fpr), *said),
        rows=_rows(result, ours=ours),
        pictures=_pictures(result, target_fpr, ours=ours, styles=styles),
        novelty=recall_by_novelty(result, ours),
        families=recall_by_family(result, ours),
        attacks=attack_rows(result, kinds, ours=ours),
        kind_columns=kind_columns(kinds),
        is_timed=kinds is not None and kinds.is_timed,
        shift=tuple(shift_row(shift) for shift in result.shift[:N_SHIFTED]),
    )


def _rows(result: TestSetResult, *, ours: str) -> tuple[Row, ...]:
    best = {
        name: leaders(
            name,
            {system: e[name].mean for system, e in result.metrics.items() if name in e},
            decimals=DECIMALS,
        )
        for name, metric in METRICS.items()
        if metric.group is not Group.ORACLE
    }
    return tuple(
        Row(
            system,
            system == ours,
            tuple(_cell(result, system, name, system in best.get(name, ())) for name in METRICS),
            *_cost(result.runs.get(system, ()), len(result.labels)),
        )
        for system in result.metrics
    )


def _cell(result: TestSetResult, system: str, metric: str, best: bool) -> Cell:
    estimate = result.metrics[system].get(metric)
    if estimate is None or math.isnan(estimate.mean):
        return Cell(decimal(math.nan), "", "", best=False)
    spread = f"± {decimal(estimate.std, DECIMALS)}"
    interval = f"{decimal(estimate.low, DECIMALS)} to {decimal(estimate.high, DECIMALS)}"
    return Cell(decimal(estimate.mean, DECIMALS), spread, interval, best)


def _cost(runs: Sequence[Run], n_records: int) -> tuple[str, str]:
    """Seconds of training and microseconds of scoring a record, means over the runs."""
    if not runs:
        return decimal(math.nan), decimal(math.nan)
    fit_s = float(np.mean([run.fit_s for run in runs]))
    score_s = float(np.mean([run.score_s for run in runs]))
    return f"{fit_s:,.1f}", f"{1e6 * score_s / n_records:,.1f}"


def _pictures(
    result: TestSetResult, target_fpr: float, *, ours: str, styles: Mapping[str, LineStyle]
) -> tuple[Picture, ...]:
    truth, name = result.labels.is_attack, result.name
    first = {system: runs[0] for system, runs in result.runs.items() if runs}
    seed = f"seed {first[ours].seed}"
    confusion = _mean_confusion(result, ours)
    roc = figures.roc_curves(
        first, truth, styles=styles, target_fpr=target_fpr, title=f"ROC curves, {name}"
    )
    precision = figures.precision_recall_curves(
        first, truth, styles=styles, title=f"Precision and recall, {name}"
    )
    scores = figures.score_histogram(
        first[ours], truth, result.novel, title=f"Scores of {ours}, {name}"
    )
    matrix = figures.confusion_matrix(confusion, title=f"Confusion matrix of {ours}, {name}")
    bars = diagnostics.recall_by_attack(
        recall_by_attack(result, ours), title=f"Recall by attack of {ours}, {name}"
    )
    dots = f"A dot is where a system's own threshold puts it ({seed})."
    return (
        Picture(f"Attacks flagged against normal records flagged. {dots}", svg(roc), wide=True),
        Picture(f"Precision against recall. {dots}", svg(precision)),
        Picture(f"Scores of {ours} ({seed}).", svg(scores)),
        Picture(f"Verdicts of {ours}, mean over the seeds.", svg(matrix)),
        Picture(f"Attacks that {ours} flags, mean over the seeds.", svg(bars)),
    )


def _mean_confusion(result: TestSetResult, system: str) -> Confusion:
    truth = result.labels.is_attack
    runs = result.runs[system]
    counts = [ScoredRecords(r.scores, truth, threshold=r.threshold).read().confusion for r in runs]
    return Confusion(*np.mean(counts, axis=0).tolist())

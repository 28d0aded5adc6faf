"""One page of HTML on a reproduced table: ours beside theirs, and why they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Estimate, Evaluation, TestSetResult
from oddflow.core.reproduction import Reproduction
from oddflow.evaluate.canvas import svg
from oddflow.evaluate.classes import CLASS_METRICS
from oddflow.evaluate.metrics import METRICS, best_of
from oddflow.evaluate.report import environment
from oddflow.evaluate.reproduction_figures import accuracy_bars, class_confusion, stage_curves
from oddflow.evaluate.reproduction_table import published_beside
from oddflow.evaluate.sections import Picture
from oddflow.evaluate.wording import decimal

DECIMALS = 4
BINARY = ("auroc", "fpr", "recall_novel")
"""Metrics of attack against normal that stand beside those of classes."""
DISAGREES = 0.01
"""A difference of accuracy that the summary speaks of."""
WIDE_GAP = 0.1
"""A difference between two test sets that it speaks of."""


class ReproducedCell(NamedTuple):
    """A figure with its spread and interval, and whether it leads its column."""

    mean: str
    spread: str
    interval: str
    best: bool


class ReproducedRow(NamedTuple):
    """A system on a test set; `published` and `points` are empty where nothing may stand."""

    title: str
    in_the_style_of: bool
    cells: tuple[ReproducedCell, ...]
    published: str
    points: str
    fit_s: str
    n_parameters: str
    records_per_s: str


class ReproducedSection(NamedTuple):
    """A protocol and test set: its table, and pictures of it."""

    name: str
    protocol: str
    n_records: int
    n_attacks: int
    heads: Mapping[str, str]
    rows: tuple[ReproducedRow, ...]
    pictures: tuple[Picture, ...]
    notes: tuple[str, ...]


def render_reproduction(
    reproduction: Reproduction, *, details: Mapping[str, str] | None = None
) -> str:
    """The table as a self-contained HTML page; all text is escaped, nothing is loaded or run.

    Args:
        reproduction: whose systems describe all that its evaluations hold.
        details: what a reader needs to repeat it: command, versions.

    Raises:
        InputError: there is no evaluation to report on.
    """
    if not any(evaluation.test_sets for evaluation in reproduction.evaluations):
        raise InputError("the reproduction holds no evaluation to report on")
    sections = [
        _section(reproduction, evaluation, result)
        for evaluation in reproduction.evaluations
        for result in evaluation.test_sets.values()
    ]
    return (
        environment()
        .get_template("reproduction.html.j2")
        .render(
            title=reproduction.title,
            reproduction=reproduction,
            findings=findings(reproduction),
            sections=sections,
            curves=_curves(reproduction),
            meanings={m.label: m.meaning for m in CLASS_METRICS.values()},
            details=details or {},
        )
    )


def findings(reproduction: Reproduction) -> tuple[str, ...]:
    """What came out, a sentence each: the best of each test set, then the disagreements."""
    best, differences = [], []
    for evaluation in reproduction.evaluations:
        for result in evaluation.test_sets.values():
            accuracies = _accuracies(result)
            if accuracies:
                name = max(accuracies, key=lambda system: accuracies[system])
                best.append(
                    f"{result.name} ({evaluation.protocol}): {_title(reproduction, name)} is the "
                    f"most accurate, {100 * accuracies[name]:.2f} %."
                )
            differences += _differences(reproduction, evaluation, result)
    return (*best, *_gaps(reproduction), *differences)


def _gaps(reproduction: Reproduction) -> list[str]:
    """How much accuracy each system loses from its easiest test set to its hardest."""
    of_system: dict[str, dict[str, float]] = {}
    for evaluation in reproduction.evaluations:
        for result in evaluation.test_sets.values():
            for system, accuracy in _accuracies(result).items():
                of_system.setdefault(system, {})[result.name] = accuracy
    sentences = []
    for system, accuracies in of_system.items():
        easy = max(accuracies, key=lambda name: accuracies[name])
        hard = min(accuracies, key=lambda name: accuracies[name])
        if accuracies[easy] - accuracies[hard] > WIDE_GAP:
            sentences.append(
                f"{_title(reproduction, system)}: {100 * accuracies[easy]:.1f} % on {easy}, "
                f"{100 * accuracies[hard]:.1f} % on {hard}."
            )
    return sentences


def _differences(
    reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult
) -> list[str]:
    sentences = []
    for name, accuracy in _accuracies(result).items():
        system = reproduction.systems[name]
        published = published_beside(system, evaluation, result.name)
        theirs = None if published is None else published.metrics.get("accuracy")
        if theirs is None or abs(accuracy - theirs) < DISAGREES:
            continue
        side = "above" if accuracy > theirs else "below"
        sentences.append(
            f"{system.title}, {result.name}: {100 * accuracy:.2f} % is "
            f"{100 * abs(accuracy - theirs):.1f} points {side} the published "
            f"{100 * theirs:.2f} %. {' '.join(system.remarks)}"
        )
    return sentences


def _section(
    reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult
) -> ReproducedSection:
    heads = {name: metric.label for name, metric in CLASS_METRICS.items()}
    heads |= {name: METRICS[name].label for name in BINARY}
    return ReproducedSection(
        result.name,
        evaluation.protocol,
        len(result.labels),
        int(result.labels.is_attack.sum()),
        heads,
        tuple(_row(reproduction, evaluation, result, system, heads) for system in result.metrics),
        _pictures(reproduction, evaluation, result),
        evaluation.notes,
    )


def _row(
    reproduction: Reproduction,
    evaluation: Evaluation,
    result: TestSetResult,
    name: str,
    heads: Mapping[str, str],
) -> ReproducedRow:
    system, metrics = reproduction.systems[name], result.metrics[name]
    published = published_beside(system, evaluation, result.name)
    theirs = None if published is None else published.metrics.get("accuracy")
    ours = metrics["accuracy"].mean if "accuracy" in metrics else math.nan
    cells = tuple(_cell(result, name, metric) for metric in heads)
    return ReproducedRow(
        system.title,
        system.in_the_style_of,
        cells,
        "" if theirs is None else decimal(theirs, DECIMALS),
        "" if theirs is None else f"{100 * (ours - theirs):+.1f}",
        _whole(metrics.get("fit_s")),
        f"{system.n_parameters:,}",
        _whole(metrics.get("records_per_s")),
    )


def _cell(result: TestSetResult, system: str, metric: str) -> ReproducedCell:
    estimate = result.metrics[system].get(metric)
    if estimate is None or math.isnan(estimate.mean):
        return ReproducedCell(decimal(math.nan), "", "", best=False)
    values = {name: found[metric].mean for name, found in result.metrics.items() if metric in found}
    higher = METRICS[metric].higher_is_better if metric in METRICS else True
    return ReproducedCell(
        decimal(estimate.mean, DECIMALS),
        f"± {decimal(estimate.std, DECIMALS)}",
        f"{decimal(estimate.low, DECIMALS)} to {decimal(estimate.high, DECIMALS)}",
        best=system in best_of(values, higher_is_better=higher, decimals=DECIMALS),
    )


def _whole(estimate: Estimate | None) -> str:
    return decimal(math.nan) if estimate is None else f"{estimate.mean:,.0f}"


def _pictures(
    reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult
) -> tuple[Picture, ...]:
    accuracies = _accuracies(result)
    published = {}
    for name in accuracies:
        found = published_beside(reproduction.systems[name], evaluation, result.name)
        if found is not None and "accuracy" in found.metrics:
            published[_title(reproduction, name)] = found.metrics["accuracy"]
    ours = {_title(reproduction, name): accuracy for name, accuracy in accuracies.items()}
    bars = accuracy_bars(ours, published, title=f"Accuracy, {result.name}, {evaluation.protocol}")
    caption = "Accuracy of each system; a diamond is the published one."
    pictures = [Picture(caption, svg(bars), wide=True)]
    named = {name: accuracies[name] for name in accuracies if result.predicted.get(name)}
    if named and result.truth is not None:
        best = max(named, key=lambda name: named[name])
        title = f"Classes named by {_title(reproduction, best)}, {result.name}"
        matrix = class_confusion(result.truth, result.predicted[best][0], title=title)
        pictures.append(Picture(f"{title} (first seed): shares of each true class.", svg(matrix)))
    return tuple(pictures)


def _curves(reproduction: Reproduction) -> tuple[Picture, ...]:
    """How each system was trained, under the first protocol that it was trained for."""
    pictures = []
    for system in reproduction.systems.values():
        for protocol, stages in list(system.histories.items())[:1]:
            title = f"{system.title}: {protocol}"
            picture = svg(stage_curves(stages, title=f"Training of {title}"))
            pictures.append(Picture(f"{title}.", picture, wide=len(stages) > 1))
    return tuple(pictures)


def _accuracies(result: TestSetResult) -> dict[str, float]:
    """System -> accuracy, where it is defined."""
    found = {name: metrics.get("accuracy") for name, metrics in result.metrics.items()}
    return {
        name: estimate.mean
        for name, estimate in found.items()
        if estimate is not None and not math.isnan(estimate.mean)
    }


def _title(reproduction: Reproduction, name: str) -> str:
    return reproduction.systems[name].title

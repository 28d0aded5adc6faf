"""What the page of a reproduced table shows, made ready for its template."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from oddflow.core.evaluation import Estimate, Evaluation, TestSetResult
from oddflow.core.reproduction import Reproduction, System
from oddflow.evaluate import class_figures
from oddflow.evaluate.canvas import svg
from oddflow.evaluate.class_confusion import mean_confusion, verdicts
from oddflow.evaluate.comparison import (
    Fall,
    best_systems,
    most_frequent_share,
    published_beside,
)
from oddflow.evaluate.reproduction_rows import (
    Row,
    hundredths,
    name_of,
    number,
    rows_of,
    signed,
)
from oddflow.evaluate.reproduction_table import STYLE_MARK
from oddflow.evaluate.reproduction_wording import published_text, standing
from oddflow.evaluate.sections import Picture

UNKNOWN = Estimate(*[math.nan] * 4)
MERITS = ("accuracy", "f1_weighted", "f1_macro")
"""Metrics whose best system has its confusion matrix shown."""


class PlaceSection(NamedTuple):
    """All that the page says about one test set of one evaluation.

    anchor: name of the place in the page; origin: of the published figures beside ours, or why
    there are none.
    """

    anchor: str
    title: str
    n_records: int
    n_attacks: int
    n_novel: int
    n_classes: int
    seeds: str
    finding: str
    origin: str
    rows: tuple[Row, ...]
    pictures: tuple[Picture, ...]


class FallRow(NamedTuple):
    """A system under two protocols: accuracies in percent, and the difference in points."""

    title: str
    easy: str
    hard: str
    points: str


class FallTable(NamedTuple):
    """What is lost between two protocols, a row for each system."""

    corpus: str
    easy: str
    hard: str
    rows: tuple[FallRow, ...]


class SystemSection(NamedTuple):
    """What a system is, what was published of it, and how it learnt."""

    title: str
    description: str
    in_the_style_of: bool
    n_parameters: str
    published: str
    remarks: tuple[str, ...]
    pictures: tuple[Picture, ...]


def place_sections(reproduction: Reproduction) -> tuple[PlaceSection, ...]:
    """A section for each test set of each evaluation."""
    corpora = reproduction.corpora or ("",) * len(reproduction.evaluations)
    places = [
        (corpus, evaluation, result)
        for corpus, evaluation in zip(corpora, reproduction.evaluations, strict=True)
        for result in evaluation.test_sets.values()
    ]
    return tuple(
        _place_section(reproduction, *place, anchor=f"test-{number}")
        for number, place in enumerate(places, start=1)
    )


def fall_table(fall: Fall, reproduction: Reproduction) -> FallTable:
    """A fall as text."""
    rows = tuple(
        FallRow(
            reproduction.systems[name].title,
            hundredths(easy),
            hundredths(hard),
            signed(100 * (hard - easy)),
        )
        for name, (easy, hard) in fall.accuracy.items()
    )
    return FallTable(fall.corpus, fall.easy, fall.hard, rows)


def system_sections(reproduction: Reproduction) -> tuple[SystemSection, ...]:
    """A section for each system, in the order of the table."""
    return tuple(
        SystemSection(
            title=system.title,
            description=system.description,
            in_the_style_of=system.in_the_style_of,
            n_parameters=number(system.n_parameters),
            published="" if system.published is None else published_text(system.published),
            remarks=system.remarks,
            pictures=tuple(_curves(system)),
        )
        for system in reproduction.systems.values()
    )


def _place_section(
    reproduction: Reproduction,
    corpus: str,
    evaluation: Evaluation,
    result: TestSetResult,
    *,
    anchor: str,
) -> PlaceSection:
    place = f"{corpus}, {evaluation.protocol}" if corpus else evaluation.protocol
    truth = () if result.truth is None else result.truth.tolist()
    return PlaceSection(
        anchor=anchor,
        title=f"{place}: {result.name}",
        n_records=len(result.labels),
        n_attacks=int(result.labels.is_attack.sum()),
        n_novel=int(result.novel.sum()),
        n_classes=len(set(truth)),
        seeds=", ".join(map(str, evaluation.seeds)),
        finding=standing(reproduction, evaluation, result),
        origin=_origin(reproduction, evaluation, result),
        rows=rows_of(reproduction, evaluation, result),
        pictures=(
            _bars(reproduction, evaluation, result),
            *_confusions(reproduction, result, evaluation.protocol),
        ),
    )


def _origin(reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult) -> str:
    """Whether published figures may stand beside ours, and whose they are."""
    systems = [s for name, s in reproduction.systems.items() if name in result.metrics]
    beside = [published_beside(system, evaluation, result.name) for system in systems]
    sources = dict.fromkeys(f"{p.source} ({p.protocol})" for p in beside if p is not None)
    if sources:
        return (
            f"Published figures stand beside ours where they may be compared: {'; '.join(sources)}."
        )
    others = dict.fromkeys(s.published.protocol for s in systems if s.published is not None)
    if others:
        return (
            "No published figure stands here: those that are known belong to another protocol or "
            f"test set ({'; '.join(others)})."
        )
    return "No published figures are known of these systems."


def _bars(reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult) -> Picture:
    bars = []
    for name, estimates in result.metrics.items():
        system = reproduction.systems[name]
        published = published_beside(system, evaluation, result.name)
        theirs = math.nan if published is None else published.metrics.get("accuracy", math.nan)
        label = system.title + (STYLE_MARK if system.in_the_style_of else "")
        bars.append(class_figures.Bar(label, estimates.get("accuracy", UNKNOWN), theirs))
    title = f"Accuracy of each system, {result.name}, {evaluation.protocol}"
    figure = class_figures.accuracy_bars(bars, floor=most_frequent_share(result), title=title)
    caption = "Accuracy of each system, with its interval; hollow bars are published figures."
    return Picture(caption, svg(figure), wide=True)


def _confusions(
    reproduction: Reproduction, result: TestSetResult, protocol: str
) -> Iterator[Picture]:
    """Confusion matrices of the systems that are best by each of `MERITS`."""
    if result.truth is None or not len(result.truth):
        return
    shown: dict[str, list[str]] = {}
    for metric in MERITS:
        for system in best_systems(result, metric)[:1]:
            shown.setdefault(system, []).append(name_of(metric))
    for system, merits in shown.items():
        named = verdicts(result, system)
        if not named:
            continue
        title = reproduction.systems[system].title
        confusion = mean_confusion(named, result.truth)
        figure = class_figures.class_heat_map(
            confusion, title=f"Confusion matrix of {title}, {result.name}, {protocol}"
        )
        caption = f"Verdicts of {title}, best by {', '.join(merits)}; mean over its seeds."
        is_wide = len(confusion.classes) > class_figures.MOST_WITH_COUNTS
        yield Picture(caption, svg(figure), wide=is_wide)


def _curves(system: System) -> Iterator[Picture]:
    for place, stages in system.histories.items():
        if not stages:
            continue
        figure = class_figures.training_curves(stages, title=f"Training of {system.title}, {place}")
        seconds = sum(history.seconds for history in stages.values())
        caption = f"Training on {place}, first seed, {seconds:,.1f} s in all."
        if any(map(class_figures.is_machine, stages)):
            caption += " Of a layer of the machine, the reconstruction error of held-out records."
        yield Picture(caption, svg(figure), wide=len(stages) > 1)

"""What a reproduced table says, in plain words: the good news and the bad."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from oddflow.core.evaluation import Evaluation, TestSetResult
from oddflow.core.reproduction import Published, Reproduction, System
from oddflow.evaluate.comparison import (
    EASY,
    Difference,
    Fall,
    best_systems,
    differences,
    falls,
    mean_of,
    most_frequent_share,
)
from oddflow.evaluate.reproduction_rows import hundredths, name_of, signed

AGREEMENT = 1.0
"""Percentage points up to which ours and a published accuracy are said to agree."""
CAUTION = (
    f"Near-copies of test records are in training of a {EASY}. What a system is worth on new "
    "traffic is nearer to the other figure."
)


class Disagreement(NamedTuple):
    """A published figure that ours is not: the system, the two figures, and what is known of it."""

    title: str
    sentence: str
    remarks: tuple[str, ...]


def findings(reproduction: Reproduction) -> tuple[str, ...]:
    """The best systems of each test set, and what is lost between protocols."""
    best = [
        standing(reproduction, evaluation, result)
        for evaluation in reproduction.evaluations
        for result in evaluation.test_sets.values()
    ]
    lost = [fall_sentence(fall, reproduction.systems) for fall in falls(reproduction)]
    return (*best, *lost, *([CAUTION] if lost else []))


def standing(reproduction: Reproduction, evaluation: Evaluation, result: TestSetResult) -> str:
    """Who is best on a test set, and who is no better than one class named throughout."""
    place = f"On {result.name} (protocol {evaluation.protocol})"
    best = best_systems(result, "accuracy")
    if not best:
        return f"{place} no accuracy is known."
    first, floor = best[0], most_frequent_share(result)
    text = (
        f"{place} {_named(reproduction, best)} {'is' if len(best) == 1 else 'are'} best: "
        f"{share(mean_of(result, first, 'accuracy'))} of the records are judged rightly"
        f"{_f1(result, first)}."
    )
    if math.isnan(floor):
        return text
    text += f" Naming the most frequent class throughout would reach {share(floor)}."
    below = [name for name in result.metrics if mean_of(result, name, "accuracy") < floor - 5e-5]
    if below:
        text += f" Below that: {_named(reproduction, below)}."
    return text


def fall_sentence(fall: Fall, systems: Mapping[str, System]) -> str:
    """How the accuracy of systems changes from an easy protocol to a hard one."""
    points = {name: 100 * (hard - easy) for name, (easy, hard) in fall.accuracy.items()}
    mean = sum(points.values()) / len(points)
    corpus = f"{fall.corpus}: from" if fall.corpus else "From"
    way = "rises" if mean > 0 else "falls"
    text = f"{corpus} {fall.easy} to {fall.hard}, accuracy {way} by {abs(mean):.2f} points"
    if len(points) == 1:
        return f"{text} ({systems[next(iter(points))].title})."
    worst, best = min(points, key=points.__getitem__), max(points, key=points.__getitem__)
    return (
        f"{text}, mean of {len(points)} systems: from {signed(points[worst])} "
        f"({systems[worst].title}) to {signed(points[best])} ({systems[best].title})."
    )


def disagreements(reproduction: Reproduction) -> tuple[Disagreement, ...]:
    """Where ours and a published accuracy are more than `AGREEMENT` apart, the worst first."""
    return tuple(
        Disagreement(
            reproduction.systems[one.system].title,
            _difference(one),
            reproduction.systems[one.system].remarks,
        )
        for one in differences(reproduction)
        if abs(one.points) > AGREEMENT
    )


def agreements(reproduction: Reproduction) -> tuple[str, ...]:
    """What agrees with a published accuracy, and what could not be compared; a sentence each."""
    compared = differences(reproduction)
    close = [
        f"{reproduction.systems[one.system].title} ({signed(one.points)} on {one.test_set})"
        for one in compared
        if abs(one.points) <= AGREEMENT
    ]
    missing = set(reproduction.systems) - {one.system for one in compared}
    apart = [
        f"{system.title} ({published_text(system.published)})"
        for name, system in reproduction.systems.items()
        if name in missing and system.published is not None
    ]
    sentences = []
    if close:
        sentences.append(f"Within {AGREEMENT:g} point of what was published: {'; '.join(close)}.")
    if apart:
        sentences.append(
            "Published, but not compared, since its protocol was not run here or it gives no "
            f"accuracy: {'; '.join(apart)}."
        )
    if not any(system.published for system in reproduction.systems.values()):
        sentences.append("No published figures are known to compare with.")
    return tuple(sentences)


def published_text(published: Published) -> str:
    """What a source reports, where, and on which records."""
    figures = [f"{name_of(key)} {share(value)}" for key, value in published.metrics.items()]
    return f"{published.source}: {', '.join(figures) or 'no figure'}; {published.protocol}"


def share(value: float) -> str:
    """A share in percent, to the hundredth.

    >>> share(0.98934)
    '98.93 %'
    """
    return f"{hundredths(value)} %"


def _f1(result: TestSetResult, system: str) -> str:
    """The F1 of a system as the end of a sentence, as far as it is known."""
    means = {"f1_weighted": "weighted by records", "f1_macro": "over the classes alike"}
    known = [
        f"{share(value)} {how}"
        for metric, how in means.items()
        if not math.isnan(value := mean_of(result, system, metric))
    ]
    return f"; F1 is {' and '.join(known)}" if known else ""


def _difference(one: Difference) -> str:
    more = "more" if one.points > 0 else "less"
    return (
        f"published {share(one.theirs)} ({one.published.source}; {one.published.protocol}), ours "
        f"{share(one.ours)} on {one.test_set}: {abs(one.points):.2f} points {more}."
    )


def _named(reproduction: Reproduction, names: Sequence[str]) -> str:
    """Titles of systems as part of a sentence."""
    titles = [reproduction.systems[name].title for name in names]
    return titles[0] if len(titles) == 1 else f"{'; '.join(titles[:-1])} and {titles[-1]}"

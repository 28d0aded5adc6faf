"""Explained records for people: sentences, and a small picture of each feature's usual values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from oddflow.core.opinions import agreement
from oddflow.core.verdicts import Cause, Span, Verdict, shown
from oddflow.evaluate.wording import percent

FEW_FEATURES = 3
"""Features of a counterfactual that are listed one by one; of more, only what they are about."""
LOGARITHMIC_FROM = 100.0
"""Largest value drawn from which an axis is logarithmic (log1p)."""


class Band(NamedTuple):
    """Where the usual values and the observed one stand on an axis, as parts of its width."""

    left: str
    width: str
    mark: str


class CauseBar(NamedTuple):
    """One feature of an explained record; `band` is None where there is nothing to draw."""

    feature: str
    share: str
    width: str
    observed: str
    expected: str
    usual: str
    band: Band | None


class MemberRow(NamedTuple):
    """What one member of an ensemble says."""

    name: str
    p_value: str
    verdict: str


class ExplainedRecord(NamedTuple):
    """A record with its verdict and causes, and what each member says where there are several."""

    title: str
    flagged: bool
    sentence: str
    verdict: str
    causes: tuple[CauseBar, ...]
    remarks: tuple[str, ...]
    members: tuple[MemberRow, ...]


def explained_record(title: str, verdict: Verdict) -> ExplainedRecord:
    """A verdict as text and bars."""
    flagged = verdict.score > verdict.threshold
    sign = "above" if flagged else "not above"
    text = (
        f"score {verdict.score:.4g}, {sign} the threshold {verdict.threshold:.4g}; "
        f"{percent(verdict.p_value)} of normal traffic is at least as odd"
    )
    bars = tuple(
        CauseBar(
            feature=cause.feature,
            share=f"{100 * cause.share:.0f} %",
            width=_part(cause.share),
            observed=shown(cause.observed),
            expected=shown(cause.expected),
            usual=usual_text(cause),
            band=band(cause),
        )
        for cause in verdict.explanation.causes
    )
    sentence, said = verdict.explanation.sentence, tuple(remarks(verdict))
    return ExplainedRecord(title, flagged, sentence, text, bars, said, member_rows(verdict))


def member_rows(verdict: Verdict) -> tuple[MemberRow, ...]:
    """The opinions of the members of an ensemble as text; none for a single detector."""
    return tuple(MemberRow(o.name, f"{o.p_value:.2g}", o.verdict) for o in verdict.members)


def usual_text(cause: Cause) -> str:
    """What similar normal records hold: a span, or names; empty where unknown.

    >>> usual_text(Cause(feature="count", share=1, observed=9.0, expected=1.0, usual=Span(1, 4)))
    '1 to 4'
    """
    return str(cause.usual) if isinstance(cause.usual, Span) else " or ".join(cause.usual)


def remarks(verdict: Verdict) -> Iterator[str]:
    """Sentences on who agrees, what would have passed, what is similar, where the error lies."""
    explanation = verdict.explanation
    change, similar = explanation.counterfactual, explanation.similar
    if verdict.members:
        yield f"odd to {agreement(verdict.members)}"
    if change is not None and verdict.score > verdict.threshold:
        would = "would pass" if change.passes else "would still be flagged"
        few = len(change.features) <= FEW_FEATURES
        named = ", ".join(change.features if few else change.aspects)
        yield f"{would} (score {change.score:.1f}) with normal values of: {named}"
        normal = ", ".join(f"{name} {shown(value)}" for name, value in change.normal)
        yield f"nearest normal record in all else ({change.distance:.1f} sd away): {normal}"
    if similar is not None:
        yield f"most similar known attack: {similar.name} (similarity {similar.similarity:.2f})"
    if explanation.steps:
        steps = ", ".join(f"{step.name} {percent(step.share)}" for step in explanation.steps)
        yield f"where the error lies: {steps}"


def band(cause: Cause) -> Band | None:
    """The usual values and the observed one on an axis from the least to the greatest of them.

    >>> band(Cause(feature="rate", share=1, observed=1.0, expected=0.0, usual=Span(0.0, 0.5)))
    Band(left='0.0%', width='50.0%', mark='100.0%')
    """
    if not isinstance(cause.usual, Span) or isinstance(cause.observed, str):
        return None
    values = (cause.usual.low, cause.usual.high, cause.observed)
    if not all(map(math.isfinite, values)):
        return None
    if min(values) >= 0 and max(values) >= LOGARITHMIC_FROM:
        low, high, observed = (math.log1p(value) for value in values)
    else:
        low, high, observed = values
    start, end = min(0.0, low, observed), max(high, observed)
    if not math.isfinite(end - start) or end <= start:
        return None
    places = [(place - start) / (end - start) for place in (low, high, observed)]
    return Band(_part(places[0]), _part(places[1] - places[0]), _part(places[2]))


def _part(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%"

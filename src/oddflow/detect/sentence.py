"""An explanation as one sentence: what was observed, then what is normal.

    212 connections to the same host in 2 s, all rejected; normal is 1 to 4, none rejected

A clause for each aspect that a counterfactual names, told by the feature that carries most of the
error; three at most, and those that say how many connections there were first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from oddflow.core.verdicts import Cause, Counterfactual, Span, shown
from oddflow.detect.aspects import KDD_ASPECTS, aspect_of
from oddflow.detect.phrases import ENDINGS, PHRASES

MOST_CLAUSES = 3
_TOLD_FIRST = ("how many connections", "service", "how connections ended")
_ORDER = (*_TOLD_FIRST, *(aspect for aspect in KDD_ASPECTS if aspect not in _TOLD_FIRST))


def sentence(causes: Sequence[Cause], counterfactual: Counterfactual | None) -> str:
    """What was odd about a record; empty if nothing was.

    Args:
        causes: the largest share first.
        counterfactual: whose features are told; None for the first causes.
    """
    told = clauses(causes, counterfactual)
    if not told:
        return ""
    observed = ", ".join(_observed(cause) for cause in told)
    return f"{observed}; normal is {', '.join(_usual(cause) for cause in told)}"


def clauses(causes: Sequence[Cause], counterfactual: Counterfactual | None) -> list[Cause]:
    """The causes that the sentence tells, one an aspect, in the order told."""
    named = causes
    if counterfactual is not None:
        named = [cause for cause in causes if cause.feature in counterfactual.features]
    chosen: dict[str, Cause] = {}
    for cause in named:
        chosen.setdefault(aspect_of(cause.feature), cause)
    first = dict(list(chosen.items())[:MOST_CLAUSES])
    place = {aspect: i for i, aspect in enumerate(_ORDER)}
    return [first[aspect] for aspect in sorted(first, key=lambda a: place.get(a, len(place)))]


def said(feature: str, value: float | str) -> str:
    """A value as the sentence says it, without its words around.

    >>> said("rerror_rate", 1.0), said("rerror_rate", 0.43), said("count", 212.0)
    ('all', '43 %', '212')
    >>> said("flag", "REJ"), said("logged_in", 0.0)
    ('REJ (rejected)', 'not logged in')
    """
    if isinstance(value, str):
        meaning = ENDINGS.get(value) if feature == "flag" else None
        return f"{value} ({meaning})" if meaning else value
    phrase = PHRASES.get(feature)
    if phrase is None or not math.isfinite(value):
        return shown(value)
    if phrase.yes and value in (0.0, 1.0):
        return phrase.yes if value else phrase.no
    if phrase.is_rate:
        return {0.0: "none", 1.0: "all"}.get(value, f"{100 * value:.3g} %")
    return shown(value)


def _observed(cause: Cause) -> str:
    phrase = PHRASES.get(cause.feature)
    value = said(cause.feature, cause.observed)
    return f"{cause.feature} {value}" if phrase is None else phrase.observed.format(value)


def _usual(cause: Cause) -> str:
    phrase = PHRASES.get(cause.feature)
    value = usual_text(cause)
    return value if phrase is None else phrase.usual.format(value)


def usual_text(cause: Cause) -> str:
    """What is usual as the sentence says it: a span or names; what is expected if unknown.

    >>> usual_text(Cause(feature="count", share=1, observed=9.0, expected=2.0, usual=Span(1, 4)))
    '1 to 4'
    """
    if isinstance(cause.usual, Span):
        low, high = (said(cause.feature, end) for end in cause.usual)
        between = "or" if cause.feature in PHRASES and PHRASES[cause.feature].yes else "to"
        return low if low == high else f"{low} {between} {high}"
    if cause.usual:
        return " or ".join(said(cause.feature, name) for name in cause.usual)
    return said(cause.feature, cause.expected)

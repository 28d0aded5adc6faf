"""Explained records for people, and the picture of usual values."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.evaluation import Evaluation
from oddflow.core.opinions import Opinion
from oddflow.core.verdicts import (
    Cause,
    Counterfactual,
    Explanation,
    SimilarAttack,
    Span,
    StepShare,
    Verdict,
)
from oddflow.evaluate.explained import band, explained_record, remarks
from oddflow.evaluate.report import render_report
from tests.evaluate.pages import HOSTILE, Page

VERDICT = Verdict(
    row=7,
    score=9.0,
    p_value=0.0004,
    threshold=5.0,
    explanation=Explanation(
        (
            Cause(feature="count", share=0.6, observed=212.0, expected=2.0, usual=Span(1, 4)),
            Cause(feature="flag", share=0.2, observed="REJ", expected="SF", usual=("SF", "S1")),
        ),
        sentence="212 connections to the same host in 2 s; normal is 1 to 4",
        counterfactual=Counterfactual(
            features=("count", "flag"),
            aspects=("how many connections", "how connections ended"),
            score=2.25,
            passes=True,
            distance=1.5,
            normal=(("count", 2.0), ("flag", "SF")),
        ),
        similar=SimilarAttack("neptune", 0.93),
        steps=(StepShare("time window", 0.75), StepShare("basic", 0.25)),
    ),
)


def cause(observed: float | str, low: float, high: float) -> Cause:
    return Cause(feature="x", share=0.5, observed=observed, expected=0.0, usual=Span(low, high))


def percent(text: str) -> float:
    return float(text.removesuffix("%"))


def test_remarks_say_what_would_have_passed_and_what_is_similar() -> None:
    assert list(remarks(VERDICT)) == [
        "would pass (score 2.2) with normal values of: count, flag",
        "nearest normal record in all else (1.5 sd away): count 2, flag SF",
        "most similar known attack: neptune (similarity 0.93)",
        "where the error lies: time window 75 %, basic 25 %",
    ]


def test_what_is_outside_is_drawn_outside() -> None:
    for observed in (212.0, 0.9, 5_133_876.0):
        found = band(cause(observed, 0.1, 0.5))
        assert found is not None
        assert percent(found.mark) > percent(found.left) + percent(found.width)
    inside = band(cause(3.0, 1, 4))
    assert inside is not None
    assert percent(inside.left) < percent(inside.mark)
    assert percent(inside.mark) < percent(inside.left) + percent(inside.width)


@given(st.floats(), st.floats(), st.floats())
def test_the_picture_stays_in_its_frame(observed: float, low: float, high: float) -> None:
    found = band(cause(observed, min(low, high), max(low, high)))
    if found is not None:
        assert all(0 <= percent(part) <= 100 for part in found)


@pytest.mark.parametrize("value", ["SF", float("nan"), float("inf")])
def test_what_cannot_be_drawn_is_not(value: float | str) -> None:
    assert band(cause(value, 0, 1)) is None


def test_the_report_shows_sentence_picture_and_remarks(evaluation: Evaluation) -> None:
    html = render_report(evaluation, ours="ours", title="A", explained=[("Row 7", VERDICT)])
    text = Page(html).text
    for part in (VERDICT.explanation.sentence, *remarks(VERDICT), "SF or S1"):
        assert part in text
    assert html.count('class="band"') == 1
    assert 'aria-label="observed 212, usual 1 to 4"' in html
    assert re.search(r'class="mark" style="left: 100.0%"', html)


ENSEMBLE = replace(
    VERDICT,
    members=(
        Opinion("residual", 0.00012, fired=True),
        Opinion("record", 0.25, fired=False),
        Opinion("known_attacks", 0.001, fired=True, knows_attacks=True, family="probe"),
    ),
)


def test_members_are_a_remark_and_a_table(evaluation: Evaluation) -> None:
    assert next(remarks(ENSEMBLE)) == (
        "odd to 1 of 2 members: residual; record sees nothing odd; known_attacks recognises probe"
    )
    assert explained_record("A", ENSEMBLE).members == (
        ("residual", "0.00012", "odd"),
        ("record", "0.25", "nothing odd"),
        ("known_attacks", "0.001", "recognises probe"),
    )
    assert explained_record("A", VERDICT).members == ()
    html = render_report(evaluation, ours="ours", title="A", explained=[("Row 7", ENSEMBLE)])
    for part in ("Member", "0.00012", "recognises probe"):
        assert part in Page(html).text
    single = render_report(evaluation, ours="ours", title="A", explained=[("Row 7", VERDICT)])
    assert ">Member<" not in single


def test_names_are_text(evaluation: Evaluation) -> None:
    bad = HOSTILE
    told = Verdict(
        row=1,
        score=2.0,
        p_value=0.1,
        threshold=1.0,
        explanation=Explanation(
            (Cause(feature=bad, share=1.0, observed=bad, expected=bad, usual=(bad,)),),
            sentence=bad,
            similar=SimilarAttack(bad, 1.0),
        ),
        members=(Opinion(bad, 0.1, fired=True, knows_attacks=True, family=bad),),
    )
    html = render_report(evaluation, ours="ours", title="A", explained=[(bad, told)])
    assert "script" not in Page(html).tags
    assert explained_record(bad, told).sentence == bad

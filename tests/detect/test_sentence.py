"""Explanations as sentences."""

from __future__ import annotations

import pytest

from oddflow.core.kdd41 import FLAGS, KDD41
from oddflow.core.verdicts import Cause, Counterfactual, Span, Usual
from oddflow.detect.phrases import ENDINGS, PHRASES
from oddflow.detect.sentence import clauses, sentence


def cause(feature: str, observed: float | str, expected: float | str, usual: Usual = ()) -> Cause:
    return Cause(feature=feature, share=0.2, observed=observed, expected=expected, usual=usual)


GUESSING = (
    cause("rerror_rate", 1.0, 0.0, Span(0, 0)),
    cause("count", 212.0, 2.0, Span(1, 4)),
    cause("srv_count", 212.0, 2.0, Span(1, 6)),
    cause("service", "ssh", "http", ("http", "domain_u")),
)


def counterfactual(*features: str) -> Counterfactual:
    return Counterfactual(
        features=features, aspects=(), score=1.0, passes=True, distance=0.5, normal=()
    )


def test_the_sentence_says_what_was_observed_and_what_is_normal() -> None:
    told = sentence(GUESSING, counterfactual("count", "srv_count", "rerror_rate"))
    assert told == (
        "212 connections to the same host in 2 s, all rejected; normal is 1 to 4, none rejected"
    )


def test_without_a_counterfactual_the_first_causes_are_told() -> None:
    assert sentence(GUESSING, None) == (
        "212 connections to the same host in 2 s, service ssh, all rejected; "
        "normal is 1 to 4, http or domain_u, none rejected"
    )
    assert sentence((), None) == ""


def test_one_clause_an_aspect_and_three_at_most() -> None:
    causes = (*GUESSING, cause("src_bytes", 5e6, 200.0), cause("logged_in", 1.0, 0.0))
    told = [c.feature for c in clauses(causes, None)]
    assert told == ["count", "service", "rerror_rate"]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (cause("flag", "REJ", "SF"), "ended as REJ (rejected); normal is SF (completed)"),
        (
            cause("logged_in", 0.0, 1.0, Span(0, 1)),
            "not logged in; normal is not logged in or logged in",
        ),
        (
            cause("src_bytes", 5_133_876.0, 300.0, Span(30, 6062)),
            "5,133,876 bytes sent; normal is 30 to 6,062 sent",
        ),
        (cause("duration", 280.0, 0.0, Span(0, 2)), "lasted 280 s; normal is 0 to 2 s"),
        (cause("x7", 3.5, 1.0), "x7 3.5; normal is 1"),
        (cause("same_srv_rate", 0.07, 1.0, Span(0.2, 1)), "7 % to the same service; normal is"),
        (cause("count", float("inf"), 1.0), "inf connections to the same host in 2 s; normal is 1"),
    ],
)
def test_values_have_their_units(one: Cause, text: str) -> None:
    assert sentence((one,), None).startswith(text)


def test_hostile_names_are_text_and_not_templates() -> None:
    assert "{0.__class__}" in sentence((cause("service", "{0.__class__}", "{}"),), None)


def test_all_features_and_flags_of_kdd_can_be_said() -> None:
    assert set(PHRASES) == set(KDD41.names)
    assert set(ENDINGS) == set(FLAGS)

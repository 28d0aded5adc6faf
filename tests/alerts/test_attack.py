"""A technique is named where the features are evidence of it, and nowhere else."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.alerts.attack import RULES, Beacon, Rule, Technique, features_of, techniques
from oddflow.alerts.evidence import Features
from oddflow.core.kdd41 import KDD41, TRAFFIC28
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from tests.alerts.page import table

SCAN = {"count": 10.0, "diff_srv_rate": 0.5}
SLOW_SCAN = {"dst_host_count": 30.0, "dst_host_diff_srv_rate": 0.5, "dst_host_rerror_rate": 0.5}
SWEEP = {"srv_count": 10.0, "srv_diff_host_rate": 0.5, "srv_serror_rate": 0.5}
SYN_FLOOD = {"count": 100.0, "serror_rate": 0.8}
FLOOD = {"count": 200.0, "same_srv_rate": 0.8}
KNOCKS: dict[str, float | str] = {
    "service": "ssh",
    "flag": "SF",
    "duration": 10.0,
    "srv_count": 10.0,
    "dst_host_srv_count": 30.0,
}

# features, technique, confidence
HOLDS: list[tuple[Features, str, float]] = [
    (SCAN, "T1046", 0.5),
    ({**SCAN, "rerror_rate": 0.25, "serror_rate": 0.25}, "T1046", 0.9),
    (SLOW_SCAN, "T1046", 0.7),
    (SWEEP, "T1046", 0.7),
    (SYN_FLOOD, "T1499", 0.5),
    ({**SYN_FLOOD, "service": "private"}, "T1499", 0.5),
    ({**SYN_FLOOD, "service": "http"}, "T1499", 0.8),
    ({**FLOOD, "protocol_type": "tcp"}, "T1499", 0.5),
    ({**FLOOD, "protocol_type": "icmp"}, "T1498", 0.7),
    ({**FLOOD, "protocol_type": "udp", "service": "private"}, "T1498", 0.5),
    ({"num_failed_logins": 1.0}, "T1110", 0.4),
    ({"num_failed_logins": 3.0}, "T1110", 0.8),
    (KNOCKS, "T1110", 0.5),
]

NOTHING: list[Features] = [
    {},
    {**SCAN, "count": 9.0},
    {**SCAN, "diff_srv_rate": 0.49},
    {**SLOW_SCAN, "dst_host_rerror_rate": 0.49},
    {**SLOW_SCAN, "dst_host_count": 29.0},
    {**SLOW_SCAN, "dst_host_diff_srv_rate": 0.49},
    {**SWEEP, "srv_serror_rate": 0.49},
    {**SWEEP, "srv_count": 9.0},
    {**SWEEP, "srv_diff_host_rate": 0.49},
    {**SYN_FLOOD, "count": 99.0},
    {**SYN_FLOOD, "serror_rate": 0.79},
    {**SYN_FLOOD, "rerror_rate": 1.0, "serror_rate": 0.0},
    {**FLOOD, "protocol_type": "tcp", "same_srv_rate": 0.79},
    {**FLOOD, "protocol_type": "icmp", "count": 199.0},
    {**FLOOD, "protocol_type": "udp", "service": "domain_u"},
    FLOOD,
    {"num_failed_logins": 0.0},
    {**KNOCKS, "service": "http"},
    {**KNOCKS, "flag": "S0"},
    {**KNOCKS, "duration": 10.1},
    {**KNOCKS, "srv_count": 9.0},
    {**KNOCKS, "dst_host_srv_count": 29.0},
    {**KNOCKS, "srv_serror_rate": 0.5},
    {"count": "214", "diff_srv_rate": "0.98"},
]

numbers = st.floats(0, 1) | st.floats(0, 511)
values = {
    feature.name: st.sampled_from(["tcp", "udp", "icmp", "ssh", "S0", "SF", "private"])
    if feature in KDD41.categorical
    else numbers
    for feature in KDD41.features
}
some_features = st.fixed_dictionaries({}, optional=values)


@pytest.mark.parametrize(("features", "technique_id", "confidence"), HOLDS)
def test_evidence_names_a_technique(
    features: Features, technique_id: str, confidence: float
) -> None:
    (found,) = techniques(features)
    assert (found.name.id, found.confidence) == (technique_id, confidence)


@pytest.mark.parametrize("features", NOTHING)
def test_less_evidence_names_none(features: Features) -> None:
    assert techniques(features) == ()


def test_every_rule_has_a_case_of_its_own() -> None:
    covered = {rule.holds for rule in RULES for features, *_ in HOLDS if rule.holds(features)}
    assert covered == {rule.holds for rule in RULES}


def check_any(find: Callable[[Features], tuple[Technique, ...]], features: Features) -> None:
    """Assert that techniques come once each, the surest first, with a reason and a confidence."""
    found = find(features)
    ids = [technique.name.id for technique in found]
    assert len(ids) == len(set(ids)), f"a technique twice: {ids}"
    confidences = [technique.confidence for technique in found]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 < confidence < 1 for confidence in confidences)
    assert all(technique.reason for technique in found)


@given(some_features)
def test_any_features_are_judged(features: dict[str, float | str]) -> None:
    check_any(techniques, features)


def test_a_technique_twice_is_rejected() -> None:
    def twice(features: Features) -> tuple[Technique, ...]:
        return techniques(features) * 2

    with pytest.raises(AssertionError, match="twice"):
        check_any(twice, SCAN)


def missing_from(rule: Rule, features: Features) -> set[str]:
    """Features that the reason of a rule shows, without which it would hold all the same."""
    shown = {name for _, name, _, _ in string.Formatter().parse(rule.reason) if name}
    return {
        name
        for name in shown
        if rule.holds({key: value for key, value in features.items() if key != name})
    }


@pytest.mark.parametrize(("features", "technique_id", "confidence"), HOLDS)
def test_a_reason_shows_only_what_the_rule_has_seen(
    features: Features, technique_id: str, confidence: float
) -> None:
    (rule,) = [
        rule
        for rule in RULES
        if (rule.technique.id, rule.confidence) == (technique_id, confidence)
        and rule.holds(features)
    ]
    assert missing_from(rule, features) == set()


def test_a_reason_that_shows_more_is_noticed() -> None:
    rule = Rule(
        technique=RULES[0].technique,
        holds=lambda _: True,
        confidence=0.5,
        reason="{count} connections",
    )
    assert missing_from(rule, SCAN) == {"count"}


def test_the_surest_rule_for_a_technique_speaks() -> None:
    (found,) = techniques({**SCAN, **SLOW_SCAN, "rerror_rate": 1.0})
    assert found.confidence == 0.9
    assert found.reason == (
        "10 connections to this host in 2 s, 50% of them to different services, most refused or "
        "not answered"
    )


def test_several_techniques_come_the_surest_first() -> None:
    found = techniques({**SYN_FLOOD, "num_failed_logins": 1.0})
    assert [technique.name.id for technique in found] == ["T1499", "T1110"]


@pytest.mark.parametrize(
    ("beacon", "confidence"),
    [
        (Beacon(period_s=60, jitter=0.05, n_intervals=10), 0.7),
        (Beacon(period_s=60, jitter=0.2, n_intervals=10), 0.5),
        (Beacon(period_s=60, jitter=0.21, n_intervals=10), None),
        (Beacon(period_s=60, jitter=0.05, n_intervals=9), None),
        (Beacon(period_s=60, jitter=float("nan"), n_intervals=99), None),
        (Beacon(period_s=60, jitter=-0.1, n_intervals=99), None),
        (None, None),
    ],
)
def test_beaconing_takes_regularity(beacon: Beacon | None, confidence: float | None) -> None:
    found = techniques({}, beacon)
    assert [(t.name.id, t.confidence) for t in found] == (
        [] if confidence is None else [("T1071", confidence)]
    )


def test_a_row_of_a_matrix_is_a_mapping(toy: LabelledMatrix) -> None:
    features = features_of(toy.features, 3)
    assert tuple(features) == KDD41.names
    assert features["count"] == toy.features.value(3, "count")
    check_any(techniques, features_of(toy.features.select(TRAFFIC28), 3))


def share(records: LabelledMatrix, attack: str, technique_id: str) -> float:
    """Share of the records of one kind that get a technique."""
    columns = {name: records.features.column(name) for name in KDD41.names}
    rows = [row for row in range(len(records)) if records.labels.attack[row] == attack]
    found = [
        any(
            technique.name.id == technique_id
            for technique in techniques({name: column[row] for name, column in columns.items()})
        )
        for row in rows
    ]
    return sum(found) / len(found)


@pytest.mark.data
def test_the_figures_of_the_documentation(corpora: Path) -> None:
    records = load_nsl_kdd("KDDTest+", data_dir=corpora)
    rows = table("| kind of record | technique | records that get it |")
    assert len(rows) >= 8
    for attack, technique_id, percent in rows:
        measured = 100 * share(records, attack.strip("`"), technique_id)
        assert float(percent.rstrip(" %")) == pytest.approx(measured, abs=0.051), attack

"""Identifiers, severity and texts of an alert follow from what it was made from."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given

from oddflow.alerts.alert import ODD, Alert, ModelRef, Severity
from oddflow.alerts.attack import T1046, T1110, Technique
from tests.alerts.hostile import alerts
from tests.alerts.samples import ANSWER, PING, SCAN


def technique(confidence: float) -> Technique:
    return Technique(name=T1046, confidence=confidence, reason="many ports")


def test_the_same_input_has_the_same_names() -> None:
    copy = replace(SCAN, connection=replace(SCAN.connection))
    assert copy.alert_id == SCAN.alert_id
    assert copy.flow_id == SCAN.flow_id


@pytest.mark.parametrize(
    "other",
    [
        replace(SCAN, model=ModelRef(sha256="00" * 32, name="x", profile="kdd41")),
        replace(SCAN, verdict=replace(SCAN.verdict, row=1042)),
        replace(SCAN, connection=replace(SCAN.connection, orig_p=40313)),
        replace(SCAN, connection=replace(SCAN.connection, resp_h="192.0.2.81")),
        replace(SCAN, connection=replace(SCAN.connection, proto="udp")),
        replace(SCAN, connection=replace(SCAN.connection, uid="C")),
        replace(SCAN, connection=replace(SCAN.connection, start_s=1767323045.6789)),
    ],
)
def test_another_model_connection_or_row_has_another_name(other: Alert) -> None:
    assert other.alert_id != SCAN.alert_id


def test_facts_do_not_run_into_each_other() -> None:
    one = replace(SCAN.connection, uid="a', 'b", proto="c")
    two = replace(SCAN.connection, uid="a", proto="b', 'c")
    assert replace(SCAN, connection=one).alert_id != replace(SCAN, connection=two).alert_id


def test_a_connection_has_one_number_whoever_flags_it() -> None:
    model = ModelRef(sha256="00" * 32, name="x", profile="kdd41")
    other = replace(SCAN, model=model, verdict=replace(SCAN.verdict, row=3))
    assert other.flow_id == SCAN.flow_id
    assert other.alert_id != SCAN.alert_id


@given(alerts)
def test_names_exist_whatever_the_alert_holds(alert: Alert) -> None:
    assert len(bytes.fromhex(alert.alert_id)) == 32
    assert 0 <= alert.flow_id < 2**53
    assert alert.message
    assert alert.severity in Severity


@pytest.mark.parametrize(
    ("found", "p_value", "severity"),
    [
        ((), 0.0011, Severity.LOW),
        ((), 0.001, Severity.MEDIUM),
        ((technique(0.69),), 0.5, Severity.MEDIUM),
        ((technique(0.7),), 0.5, Severity.HIGH),
    ],
)
def test_severity_follows_evidence_first(
    found: tuple[Technique, ...], p_value: float, severity: Severity
) -> None:
    verdict = replace(SCAN.verdict, p_value=p_value)
    assert replace(SCAN, techniques=found, verdict=verdict).severity is severity


def test_the_surest_technique_names_the_alert() -> None:
    guess = Technique(name=T1110, confidence=0.4, reason="one failed login")
    signature = replace(SCAN, techniques=(technique(0.9), guess)).signature
    assert (signature.id, signature.category) == (1046, "Discovery")
    assert ANSWER.signature == ODD


def test_the_message_says_what_was_odd_and_what_it_may_be() -> None:
    assert ANSWER.message == "Unusual connection: dst_bytes 1,379,963,888, expected 146 (88%)"
    assert SCAN.message.startswith(
        "Network Service Discovery: ended as REJ (rejected), 98 % to other services; normal is "
    )
    assert SCAN.message.endswith("most refused or not answered")
    assert (
        "; odd to 2 of 3 members: residual_1, neighbours; residual_2 sees nothing odd; "
        "known_attacks recognises probe; "
    ) in SCAN.message
    assert PING.message == "Unusual connection: no single feature stands out"


def test_an_end_is_known_where_a_finite_duration_is() -> None:
    def end_s(duration_s: float | None) -> float | None:
        return replace(SCAN, connection=replace(SCAN.connection, duration_s=duration_s)).end_s

    assert end_s(2.0) == pytest.approx(SCAN.time_s + 2)
    assert end_s(None) is None
    assert end_s(float("inf")) is None
    assert end_s(float("nan")) is None


def test_an_alert_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SCAN.techniques = ()  # type: ignore[misc]

"""What a connection may be in the words of MITRE ATT&CK: only where its features say so.

Rules, not a model: each names a technique, the evidence it needs (`oddflow.alerts.evidence`) and
how sure it is. Nothing is learnt from labels; confidences are our choice. Where no rule holds, the
evidence names no technique, which does not mean that there is none.

The windows of KDD count connections of all originators to a host. They cannot tell one scanner from
many, nor one guesser from a busy morning; no rule is therefore certain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oddflow.alerts import evidence
from oddflow.alerts.evidence import Features
from oddflow.core.matrix import FeatureMatrix

ATTACK_VERSION = "17.1"
"""Of ATT&CK for Enterprise, whose names and tactics these are."""

N_BEATS = 10
"""Intervals from which on regularity is more than luck."""
REGULAR = 0.2
"""Largest jitter of a beacon; tools add 10 to 20 % on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueName:
    """A technique of ATT&CK and the tactic that it serves."""

    id: str
    name: str
    tactic_id: str
    tactic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """A technique that the evidence supports.

    Attributes:
        name: which one.
        confidence: 0 to 1, how far the evidence goes; not a probability.
        reason: the evidence as a sentence.
    """

    name: TechniqueName
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """How regularly a host came back to another, from whoever measured it.

    Attributes:
        period_s: mean time between connections, seconds.
        jitter: standard deviation of that time, as a share of the mean.
        n_intervals: how many were measured.
    """

    period_s: float
    jitter: float
    n_intervals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of evidence for one technique.

    Attributes:
        technique: what it is evidence of.
        holds: whether a record shows it.
        confidence: 0 to 1.
        reason: the sentence, with features in braces; it names only those that `holds` has seen.
    """

    technique: TechniqueName
    holds: Callable[[Features], bool]
    confidence: float
    reason: str


T1046 = TechniqueName(
    id="T1046", name="Network Service Discovery", tactic_id="TA0007", tactic="Discovery"
)
T1071 = TechniqueName(
    id="T1071", name="Application Layer Protocol", tactic_id="TA0011", tactic="Command and Control"
)
T1110 = TechniqueName(
    id="T1110", name="Brute Force", tactic_id="TA0006", tactic="Credential Access"
)
T1498 = TechniqueName(
    id="T1498", name="Network Denial of Service", tactic_id="TA0040", tactic="Impact"
)
T1499 = TechniqueName(
    id="T1499", name="Endpoint Denial of Service", tactic_id="TA0040", tactic="Impact"
)


RULES: tuple[Rule, ...] = (
    Rule(
        technique=T1046,
        holds=evidence.scans_closed_ports_now,
        confidence=0.9,
        reason="{count:.0f} connections to this host in 2 s, {diff_srv_rate:.0%} of them to "
        "different services, most refused or not answered",
    ),
    Rule(
        technique=T1046,
        holds=evidence.scans_ports_slowly,
        confidence=0.7,
        reason="of the last {dst_host_count:.0f} connections to this host "
        "{dst_host_diff_srv_rate:.0%} were to different services, most refused or not answered",
    ),
    Rule(
        technique=T1046,
        holds=evidence.scans_hosts,
        confidence=0.7,
        reason="{srv_count:.0f} connections to this service in 2 s, {srv_diff_host_rate:.0%} of "
        "them to different hosts, most refused or not answered",
    ),
    Rule(
        technique=T1046,
        holds=evidence.scans_ports_now,
        confidence=0.5,
        reason="{count:.0f} connections to this host in 2 s, {diff_srv_rate:.0%} of them to "
        "different services",
    ),
    Rule(
        technique=T1499,
        holds=evidence.floods_name_with_syn,
        confidence=0.8,
        reason="{count:.0f} connections to this host in 2 s, {serror_rate:.0%} of them never "
        "completed",
    ),
    Rule(
        technique=T1499,
        holds=evidence.floods_with_syn,
        confidence=0.5,
        reason="{count:.0f} connections to this host in 2 s, {serror_rate:.0%} of them never "
        "completed, unless it is a scan",
    ),
    Rule(
        technique=T1499,
        holds=evidence.floods_service,
        confidence=0.5,
        reason="{count:.0f} connections to this host in 2 s, {same_srv_rate:.0%} of them to one "
        "service",
    ),
    Rule(
        technique=T1498,
        holds=evidence.floods_with_icmp,
        confidence=0.7,
        reason="{count:.0f} ICMP datagrams to this host in 2 s, {same_srv_rate:.0%} of one kind",
    ),
    Rule(
        technique=T1498,
        holds=evidence.floods_with_udp,
        confidence=0.5,
        reason="{count:.0f} UDP exchanges with this host in 2 s, {same_srv_rate:.0%} of them with "
        "one service",
    ),
    Rule(
        technique=T1110,
        holds=evidence.fails_to_log_in_again,
        confidence=0.8,
        reason="failed logins in this connection: {num_failed_logins:.0f}",
    ),
    Rule(
        technique=T1110,
        holds=evidence.knocks_at_login,
        confidence=0.5,
        reason="{srv_count:.0f} short connections to a login service in 2 s, and "
        "{dst_host_srv_count:.0f} of the last to this host",
    ),
    Rule(
        technique=T1110,
        holds=evidence.fails_to_log_in,
        confidence=0.4,
        reason="failed logins in this connection: {num_failed_logins:.0f}",
    ),
)
"""Of rules for one technique that hold, the surest speaks."""


def techniques(features: Features, beacon: Beacon | None = None) -> tuple[Technique, ...]:
    """The techniques that the evidence supports, the surest first; each at most once."""
    found = [
        Technique(
            name=rule.technique,
            confidence=rule.confidence,
            reason=rule.reason.format_map(features),
        )
        for rule in RULES
        if rule.holds(features)
    ]
    if beacon is not None:
        found += _beaconing(beacon)
    surest: dict[str, Technique] = {}
    for technique in sorted(found, key=lambda each: (-each.confidence, each.name.id)):
        surest.setdefault(technique.name.id, technique)
    return tuple(surest.values())


def features_of(records: FeatureMatrix, row: int) -> dict[str, float | str]:
    """One row of a matrix as the mapping that rules read."""
    return {name: records.value(row, name) for name in records.schema.names}


def _beaconing(beacon: Beacon) -> list[Technique]:
    """T1071 where a host came back often and regularly; the surer, the more regularly."""
    if beacon.n_intervals < N_BEATS or not 0 <= beacon.jitter <= REGULAR:
        return []
    return [
        Technique(
            name=T1071,
            confidence=0.7 if beacon.jitter <= REGULAR / 4 else 0.5,
            reason=f"came back every {beacon.period_s:.1f} s, {beacon.n_intervals} times, with a "
            f"jitter of {beacon.jitter:.0%}",
        )
    ]

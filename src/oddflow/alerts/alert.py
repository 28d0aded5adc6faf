"""An alert: a flagged connection, what a model says of it, and what attack it may be.

An alert is what it was made from and nothing else; identifiers and texts are worked out from that,
so that the same input gives the same alert, whoever writes it and in whatever form.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from oddflow.alerts.attack import Technique
from oddflow.core.connection import Connection
from oddflow.core.opinions import agreement
from oddflow.core.verdicts import Verdict

SURE = 0.7
"""Confidence in a technique from which an alert is of high severity."""
RARE = 0.001
"""Share of normal traffic at least as odd, up to which an alert is of medium severity."""

LONGEST_S = 1e9
"""30 years: what is said to have lasted longer has no duration that anyone could use."""

FLOW_ID_DIGITS = 13
"""Hexadecimal digits of a flow identifier: 52 bits, which a number in JSON holds exactly."""


class Severity(StrEnum):
    """How much an alert asks for attention. What makes it so is our choice.

    high: its features are evidence of a technique, with a confidence of `SURE` or more;
    medium: of one with less, or at most `RARE` of normal traffic is as odd;
    low: flagged, no more.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """Which model spoke.

    Attributes:
        sha256: of its manifest, which covers all its parts.
        name: of its detector, such as `lstm_autoencoder`.
        profile: the features it reads, such as `traffic28`.
    """

    sha256: str
    name: str
    profile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What kind of alert it is, as a signature of Suricata would say.

    Attributes:
        id: number of the technique of ATT&CK, such as 1046; `ODD` for none.
        name: of the technique.
        category: the tactic that it serves, or `Anomaly`.
    """

    id: int
    name: str
    category: str


ODD = Signature(id=1, name="Unusual connection", category="Anomaly")
"""Flagged, and no technique is supported by evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A flagged connection.

    Attributes:
        connection: what was flagged.
        verdict: why; its row is the connection's position in the input.
        model: by whom.
        techniques: what it may be, the surest first; see `oddflow.alerts.attack`.
    """

    connection: Connection
    verdict: Verdict
    model: ModelRef
    techniques: tuple[Technique, ...] = ()

    @property
    def time_s(self) -> float:
        """When the connection began, seconds since 1970."""
        return self.connection.start_s

    @property
    def duration_s(self) -> float | None:
        """How long it took; None where that is not known or cannot be."""
        duration_s = self.connection.duration_s
        return duration_s if duration_s is not None and 0 <= duration_s <= LONGEST_S else None

    @property
    def end_s(self) -> float | None:
        """When it ended, likewise."""
        return None if self.duration_s is None else self.time_s + self.duration_s

    @property
    def alert_id(self) -> str:
        """sha256 over model, connection and row, in hexadecimal: the same input, the same name."""
        return _digest((self.model.sha256, *_identity(self.connection), self.verdict.row))

    @property
    def flow_id(self) -> int:
        """A number for the connection alone, the same whatever model flagged it, below 2^52."""
        return int(_digest(_identity(self.connection))[:FLOW_ID_DIGITS], 16)

    @property
    def signature(self) -> Signature:
        """What kind of alert it is, from the surest technique."""
        if not self.techniques:
            return ODD
        name = self.techniques[0].name
        return Signature(id=int(name.id.removeprefix("T")), name=name.name, category=name.tactic)

    @property
    def severity(self) -> Severity:
        """How much attention it asks for."""
        if self.techniques and self.techniques[0].confidence >= SURE:
            return Severity.HIGH
        if self.techniques or self.verdict.p_value <= RARE:
            return Severity.MEDIUM
        return Severity.LOW

    @property
    def message(self) -> str:
        """All of it as one sentence for people."""
        why = str(self.verdict.explanation) or "no single feature stands out"
        who = agreement(self.verdict.members)
        found = [f"odd to {who}"] if who else []
        reasons = (technique.reason for technique in self.techniques)
        return "; ".join([f"{self.signature.name}: {why}", *found, *reasons])


def _identity(connection: Connection) -> tuple[str | int | float, ...]:
    return (
        *(connection.start_s, connection.uid, connection.proto),
        *(connection.orig_h, connection.orig_p, connection.resp_h, connection.resp_p),
    )


def _digest(facts: tuple[str | int | float, ...]) -> str:
    """sha256 over facts, each written so that it cannot run into the next."""
    return hashlib.sha256(ascii(facts).encode()).hexdigest()

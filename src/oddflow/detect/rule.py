"""How an ensemble makes one score of those of its members: through their p-values.

Members differ in the scale of their scores. A p-value has none: each member's score is compared
with the scores that it gave to held-out normal records, and becomes a surprisal, -log10 of the
share of them that are at least as odd. The ensemble's score is the weighted mean of its members'
surprisals. No law of their sum is assumed, since members depend on each other: the ensemble is
calibrated once more, as any detector is, on normal records that no member was compared with, so
that the false-alarm rate is the one asked for (split-conformal: exact, whatever the members are).

A member that knows attacks by their labels is no witness of normality: it speaks up for a few
kinds of attack and is silent on all else, and a mean would drown it. It gets a share w of the
alert budget of its own: with p-values of the others' mean and of its own score, the ensemble's
score is the larger of the surprisals of p / (1 - w) and p_known / w (weighted p-values: Genovese,
Roeder and Wasserman, Biometrika 93, 2006).

A member fires where it alone would flag a record, given the part of the budget a that the rule
leaves it: where its p-value is at most a, or beside a member that knows attacks (1 - w) a; for the
latter itself w a. The ensemble does not count votes: it may flag what no member alone would, and
pass what one of them would flag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.detect.calibrate import TAIL, Calibration, surprisal

Floats = NDArray[np.float64]

KNOWN_ATTACKS = "known_attacks"
"""Name of the member that has learnt labelled attacks; it is the last, if there is one."""

TOLERANCE = 1e-9
"""A surprisal this much below that of a rate counts as at it: logarithms round."""
TINY = float(np.finfo(np.float64).tiny)
"""Stands for a rate of 0, which nothing reaches."""


@final
@dataclass(frozen=True, eq=False)
class Rule:
    """Scores of k members to one score.

    Attributes:
        names: of the members.
        weights: of the members' surprisals in the mean; of `known_attacks` its share of the budget.
        references: each member's scores of held-out normals.
        together: mean surprisals of the others over held-out normals; None without a member that
            knows attacks.

    Raises:
        InputError: numbers of members that disagree, no member of anomalies, a weight that is not
            above 0, or a share outside (0, 1).
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    references: tuple[Calibration, ...]
    together: Calibration | None = None

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.weights) == len(self.references):
            raise InputError(
                f"expected as many weights and references as members, received "
                f"{len(self.names)}, {len(self.weights)} and {len(self.references)}"
            )
        if len(set(self.names)) < len(self.names) or self.n_anomaly < 1:
            raise InputError(
                f"expected members of different names, one of them of anomalies, received "
                f"{', '.join(self.names) or 'none'}"
            )
        if not all(0 < weight < np.inf for weight in self.weights) or (
            self.knows_attacks and self.weights[-1] >= 1
        ):
            raise InputError(
                f"expected weights above 0 and a share of {KNOWN_ATTACKS} below 1, received "
                f"{dict(zip(self.names, self.weights, strict=True))}"
            )
        if self.knows_attacks != (self.together is not None):
            raise InputError(
                f"scores of the members together go with {KNOWN_ATTACKS}, and with it alone"
            )

    @property
    def knows_attacks(self) -> bool:
        """True if the last member is `known_attacks`."""
        return self.names[-1:] == (KNOWN_ATTACKS,)

    @property
    def n_anomaly(self) -> int:
        """How many members know normal traffic alone."""
        return len(self.names) - self.knows_attacks

    def to_json(self) -> dict[str, Any]:
        """Plain data: the members in the order of their scores, and what these are compared with.

        With `tail`, see `oddflow.detect.calibrate.surprisal`, it is all that `combine` needs.
        """
        return {
            "members": [
                {"name": name, "weight": weight, "references": reference.scores.tolist()}
                for name, weight, reference in zip(
                    self.names, self.weights, self.references, strict=True
                )
            ],
            "together": None if self.together is None else self.together.scores.tolist(),
            "tail": TAIL,
        }

    def p_values(self, scores: Floats) -> Floats:
        """Share of normal traffic at least as odd, by each member, shape as `scores` (n, k)."""
        columns = [c.p_values(scores[:, i]) for i, c in enumerate(self.references)]
        return np.stack(columns, axis=1)

    def fires(self, scores: Floats, target_fpr: float) -> NDArray[np.bool_]:
        """True where a member alone would flag a record, shape as `scores` (n, k).

        Beyond a member's largest reference its tail is continued as in its surprisal, so that a
        share of the rate that its references cannot resolve is not out of its reach.

        Args:
            scores: of the members.
            target_fpr: share of normal traffic that the ensemble may flag.
        """
        share = self.weights[-1] if self.knows_attacks else 0.0
        rates = [(1 - share) * target_fpr] * self.n_anomaly
        if self.knows_attacks:
            rates.append(share * target_fpr)
        columns = [
            surprisal(reference, scores[:, i]) >= -np.log10(max(rate, TINY)) - TOLERANCE
            for i, (reference, rate) in enumerate(zip(self.references, rates, strict=True))
        ]
        return np.stack(columns, axis=1)

    def mean_surprisal(self, scores: Floats) -> Floats:
        """Weighted mean of the surprisals of the members of anomalies, shape (n,)."""
        total = np.zeros(len(scores))
        for i in range(self.n_anomaly):
            total += self.weights[i] * surprisal(self.references[i], scores[:, i])
        return total / sum(self.weights[: self.n_anomaly])

    def combine(self, scores: Floats) -> Floats:
        """The ensemble's score of n records, shape (n,), from those of members, (n, k)."""
        mean = self.mean_surprisal(scores)
        if self.together is None:
            return mean
        share = self.weights[-1]
        known = surprisal(self.references[-1], scores[:, -1]) + np.log10(share)
        anomaly = surprisal(self.together, mean) + np.log10(1 - share)
        return np.asarray(np.maximum(anomaly, known), dtype=np.float64)

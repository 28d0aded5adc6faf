"""Scores by the members of an ensemble, all in one graph, and by all of them together."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import ArtifactError
from oddflow.core.opinions import Opinion
from oddflow.detect.class_graph import LOGITS_VALUE
from oddflow.detect.rule import Rule
from oddflow.detect.runtime import GraphRunner

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

OUTPUTS = {"members": 2, "residual": 2}
"""Of the graph of an ensemble, and their number of axes."""
KNOWN_OUTPUTS = {**OUTPUTS, LOGITS_VALUE: 2}
"""The same of an ensemble that knows attacks."""


@final
class EnsembleScorer:
    """A loaded scorer graph of an ensemble, and the rule that makes one score of many.

    The score of a record does not depend on those scored with it.

    Args:
        model: the serialised graph, from `encoded` to `members` and `residual`, and where it knows
            attacks to `logits`.
        rule: of as many members.
        families: of attacks that it knows, in the order of the logits after that of `normal`.
        threads: chunks scored side by side.

    Attributes:
        rule: see `Rule`.
        families: as given.

    Raises:
        ArtifactError: the bytes are no such graph, or of another number of members or families.
    """

    def __init__(
        self, model: bytes, rule: Rule, families: tuple[str, ...] = (), *, threads: int = 1
    ) -> None:
        outputs = KNOWN_OUTPUTS if rule.knows_attacks else OUTPUTS
        self._graph = GraphRunner(model, outputs, threads=threads)
        self.rule, self.families = rule, families
        if self._graph.widths["members"] != len(rule.names):
            raise ArtifactError(
                f"the scorer graph has {self._graph.widths['members']} members, expected "
                f"{len(rule.names)}: {', '.join(rule.names)}"
            )
        known = self._graph.widths.get(LOGITS_VALUE, 1) - 1
        if known != len(families):
            raise ArtifactError(
                f"the scorer graph knows {known} families of attacks, expected {len(families)}: "
                f"{', '.join(families) or 'none'}"
            )

    @property
    def n_columns(self) -> int:
        """Width of an encoded record."""
        return self._graph.n_columns

    def member_scores(self, encoded: Array) -> Floats:
        """Oddness of each record by each member, shape (n, members).

        Raises:
            InputError: another width than the graph was made for.
        """
        return self._graph.run(encoded, ("members",))[0].astype(np.float64)

    def member_p_values(self, encoded: Array) -> Floats:
        """Share of normal traffic at least as odd, by each member, shape (n, members)."""
        return self.rule.p_values(self.member_scores(encoded))

    def opinions(self, encoded: Array, target_fpr: float) -> list[tuple[Opinion, ...]]:
        """What each member says of each encoded record, see `Rule.fires`.

        Args:
            encoded: records to say something of, shape (n, columns).
            target_fpr: share of normal traffic that the ensemble may flag.
        """
        scores = self.member_scores(encoded)
        p_values, fired = self.rule.p_values(scores), self.rule.fires(scores, target_fpr)
        opinions = [
            tuple(map(Opinion, self.rule.names, *each))
            for each in zip(p_values.tolist(), fired.tolist(), strict=True)
        ]
        if not self.families:
            return opinions
        logits = self._graph.run(encoded, (LOGITS_VALUE,))[0]
        likeliest = logits[:, 1:].argmax(axis=1).tolist()
        return [
            (*said[:-1], self._of_attacks(said[-1], family))
            for said, family in zip(opinions, likeliest, strict=True)
        ]

    def _of_attacks(self, opinion: Opinion, family: int) -> Opinion:
        """The opinion of the member that knows attacks, with the likeliest family if it fired."""
        name = self.families[family] if opinion.fired else None
        return opinion._replace(knows_attacks=True, family=name)

    def residuals(self, encoded: Array) -> Array:
        """Encoded records less their reconstruction, mean over the networks, shape (n, columns)."""
        return self._graph.run(encoded, ("residual",))[0]

    def scores(self, encoded: Array) -> Floats:
        """Oddness of each record by all members together, shape (n,).

        Raises:
            InputError: another width than the graph was made for.
        """
        return self.rule.combine(self.member_scores(encoded))

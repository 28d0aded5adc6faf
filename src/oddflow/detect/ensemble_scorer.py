"""Scores by the members of an ensemble, all in one graph, and by all of them together."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import ArtifactError
from oddflow.detect.rule import Rule
from oddflow.detect.runtime import GraphRunner

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

OUTPUTS = {"members": 2, "residual": 2}
"""Of the graph of an ensemble, and their number of axes."""


@final
class EnsembleScorer:
    """A loaded scorer graph of an ensemble, and the rule that makes one score of many.

    The score of a record does not depend on those scored with it.

    Args:
        model: the serialised graph, from `encoded` to `members` and `residual`.
        rule: of as many members.
        threads: chunks scored side by side.

    Attributes:
        rule: see `Rule`.

    Raises:
        ArtifactError: the bytes are no such graph, or of another number of members.
    """

    def __init__(self, model: bytes, rule: Rule, *, threads: int = 1) -> None:
        self._graph = GraphRunner(model, OUTPUTS, threads=threads)
        self.rule = rule
        if self._graph.widths["members"] != len(rule.names):
            raise ArtifactError(
                f"the scorer graph has {self._graph.widths['members']} members, expected "
                f"{len(rule.names)}: {', '.join(rule.names)}"
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

    def residuals(self, encoded: Array) -> Array:
        """Encoded records less their reconstruction, mean over the networks, shape (n, columns)."""
        return self._graph.run(encoded, ("residual",))[0]

    def scores(self, encoded: Array) -> Floats:
        """Oddness of each record by all members together, shape (n,).

        Raises:
            InputError: another width than the graph was made for.
        """
        return self.rule.combine(self.member_scores(encoded))

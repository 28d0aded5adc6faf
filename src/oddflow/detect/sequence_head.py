"""The score of a connection in its context: how odd it is, and how odd the history that it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.graph import Graph
from oddflow.detect.heads import Combination, Parts, Whitened

Array = NDArray[np.float32]
T = TypeVar("T")

RIDGE_NOW, RIDGE_HISTORY = 1e-3, 1e-2
"""Added to eigenvalues of covariances, in squared encoded units; see `Whitened.fit`."""
CAP = 4.0
"""Of each whitened direction, in standard deviations."""


class SequenceParts(NamedTuple, Generic[T]):
    """What a network of sequences says of n connections: arrays, or names of values in a graph.

    now: the connection as `Parts` of a record: encoded, and less its reconstruction in context;
    history: in place of these, the mean over the history of the encoded steps less that of training
    and the mean of the residuals, a step that is not there counting as 0, so that a short history
    is little evidence of anything. Without a network there are no residuals: they are 0 wide.
    """

    now: Parts[T]
    history: Parts[T]


@final
@dataclass(frozen=True, eq=False)
class SequenceHead:
    """Sum of two standardised scores, each a squared Mahalanobis distance with capped directions.

    Attributes:
        now: of the connection.
        history: of the history that ends with it.
    """

    now: Combination
    history: Combination

    @classmethod
    def fit(cls, fit: SequenceParts[Array], held_out: SequenceParts[Array]) -> SequenceHead:
        """Learn from normal connections.

        Args:
            fit: those that the network was trained on, for the covariance of histories, which are
                many steps' and so need more connections than residuals do.
            held_out: those that it was not trained on, for residuals and all scales.
        """
        looks_at = ("encoded", "residual") if fit.now.residual.shape[1] else ("encoded",)
        now = Whitened.fit(looks_at, held_out.now, cap=CAP, ridge=RIDGE_NOW)
        history = Whitened.fit(looks_at, fit.history, cap=CAP, ridge=RIDGE_HISTORY)
        return cls(
            Combination.fit((now,), (1.0,), held_out.now),
            Combination.fit((history,), (1.0,), held_out.history),
        )

    def score(self, parts: SequenceParts[Array]) -> Array:
        """Scores, shape (n,)."""
        total = self.now.score(parts.now) + self.history.score(parts.history)
        return np.asarray(total, dtype=np.float32)

    def add_to(self, graph: Graph, parts: SequenceParts[str]) -> str:
        """Add the same computation to a graph; the name of its scores, shape (n,)."""
        now = self.now.add_to(graph, parts.now)
        return graph.op("Add", now, self.history.add_to(graph, parts.history))

"""Score heads: from what a network says of a record to one number.

Each head is fitted on held-out normal records, exists as plain numpy (the definition, and the test
oracle) and adds itself to a scorer graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.detect.graph import Graph

Array = NDArray[np.float32]
T = TypeVar("T")

CANDIDATES = 4
"""Times as many neighbours as wanted are found by a quick distance that loses digits."""

N_ROOTS = 4
"""Square roots taken one after the other from a score before it is combined."""


class Parts(NamedTuple, Generic[T]):
    """What heads look at: arrays of n records, or the names of the same values in a graph.

    encoded (n, columns); residual (n, columns), encoded less its reconstruction; code (n, latent).
    """

    encoded: T
    residual: T
    code: T


class Head(Protocol):
    """Turns what a network says of n records into n scores."""

    def score(self, parts: Parts[Array]) -> Array:
        """Scores, shape (n,)."""
        ...

    def add_to(self, graph: Graph, parts: Parts[str]) -> str:
        """Add the same computation to a graph; the name of its scores, shape (n,)."""
        ...


@final
@dataclass(frozen=True, eq=False)
class SquaredError:
    """Mean squared reconstruction error: the paper's score (equation 11).

    Attributes:
        n_columns: width of the residual.
    """

    n_columns: int

    def score(self, parts: Parts[Array]) -> Array:
        """See `Head.score`."""
        return np.asarray(np.square(parts.residual).mean(axis=1), dtype=np.float32)

    def add_to(self, graph: Graph, parts: Parts[str]) -> str:
        """See `Head.add_to`."""
        squared = graph.op("Mul", parts.residual, parts.residual)
        return graph.weighted_sum(squared, np.full(self.n_columns, 1 / self.n_columns))


@final
@dataclass(frozen=True, eq=False)
class Whitened:
    """Squared Mahalanobis distance of some parts, each whitened direction capped.

    Normal residuals are far from equally wide in all directions; dividing by their covariance
    makes a small error count where the network is never wrong. With the encoded record beside the
    residual, a record also counts that is rebuilt well and yet stands far from all normal ones. The
    cap keeps one wild direction from outweighing many odd ones.

    Attributes:
        looks_at: which of "encoded", "residual" and "code", side by side.
        mean: of them over held-out normals, shape (k,).
        whitening: shape (k, k); (values - mean) @ whitening has unit covariance.
        cap: in standard deviations; infinite for none.
    """

    looks_at: tuple[str, ...]
    mean: Array
    whitening: Array
    cap: float

    @classmethod
    def fit(
        cls, looks_at: tuple[str, ...], parts: Parts[Array], *, cap: float, ridge: float
    ) -> Whitened:
        """Learn mean and covariance from held-out normals.

        `ridge` is added to each eigenvalue of the covariance, in squared encoded units, so that
        directions without any spread do not weigh infinitely.

        Raises:
            InputError: fewer than two records.
        """
        values = np.concatenate([getattr(parts, name) for name in looks_at], axis=1)
        if len(values) < 2:
            raise InputError(f"a covariance takes 2 or more records, received {len(values)}")
        exact = values.astype(np.float64)
        spreads, directions = np.linalg.eigh(np.atleast_2d(np.cov(exact, rowvar=False)))
        whitening = directions / np.sqrt(np.maximum(spreads, 0) + ridge)
        return cls(
            looks_at, exact.mean(axis=0).astype(np.float32), whitening.astype(np.float32), cap
        )

    def score(self, parts: Parts[Array]) -> Array:
        """See `Head.score`."""
        values = np.concatenate([getattr(parts, name) for name in self.looks_at], axis=1)
        capped = np.clip((values - self.mean) @ self.whitening, -self.cap, self.cap)
        return np.asarray(np.square(capped).sum(axis=1), dtype=np.float32)

    def add_to(self, graph: Graph, parts: Parts[str]) -> str:
        """See `Head.add_to`."""
        names = [getattr(parts, name) for name in self.looks_at]
        values = names[0] if len(names) == 1 else graph.op("Concat", *names, axis=1)
        centred = graph.op("Sub", values, graph.constant(self.mean))
        whitened = graph.op("MatMul", centred, graph.constant(self.whitening))
        if np.isfinite(self.cap):
            limits = graph.constant(np.float32(-self.cap)), graph.constant(np.float32(self.cap))
            whitened = graph.op("Clip", whitened, *limits)
        squared = graph.op("Mul", whitened, whitened)
        return graph.weighted_sum(squared, np.ones(len(self.mean)))


@final
@dataclass(frozen=True, eq=False)
class Neighbours:
    """Mean distance of a part to its nearest neighbours among those of normal training records.

    Attributes:
        reference: the part of training normals, shape (m, k).
        n_neighbors: how many are averaged over.
        looks_at: "encoded", "residual" or "code".
    """

    reference: Array
    n_neighbors: int
    looks_at: str = "code"

    def __post_init__(self) -> None:
        if not 1 <= self.n_neighbors <= len(self.reference):
            raise InputError(
                f"expected between 1 and {len(self.reference)} neighbours (there are no more "
                f"reference records), received {self.n_neighbors}"
            )

    @property
    def _n_candidates(self) -> int:
        """How many are taken by the quick distance, to choose from by the exact one."""
        return min(CANDIDATES * self.n_neighbors, len(self.reference))

    def score(self, parts: Parts[Array]) -> Array:
        """See `Head.score`."""
        centre, reference = self._centred()
        values = getattr(parts, self.looks_at) - centre
        away = np.square(reference).sum(axis=1) - 2 * values @ reference.T
        near = np.argpartition(away, self._n_candidates - 1, axis=1)[:, : self._n_candidates]
        exact = np.sqrt(np.square(reference[near] - values[:, None]).sum(axis=2))
        nearest = np.sort(exact, axis=1)[:, : self.n_neighbors]
        return np.asarray(nearest.mean(axis=1), dtype=np.float32)

    def add_to(self, graph: Graph, parts: Parts[str]) -> str:
        """See `Head.add_to`."""
        centre, centred = self._centred()
        values = graph.op("Sub", getattr(parts, self.looks_at), graph.constant(centre))
        reference, lengths = graph.constant(centred), graph.constant(np.square(centred).sum(axis=1))
        toward = graph.op("MatMul", values, graph.constant(-2 * centred.T))
        away = graph.op("Add", toward, lengths)
        _, near = _smallest(graph, away, self._n_candidates)
        chosen = graph.op("Gather", reference, near, axis=0)
        apart = graph.op("Sub", chosen, graph.op("Unsqueeze", values, graph.constant([1])))
        squared = graph.op("Mul", apart, apart)
        exact = graph.op("Sqrt", graph.weighted_sum(squared, np.ones(centred.shape[1])))
        nearest, _ = _smallest(graph, exact, self.n_neighbors)
        return graph.weighted_sum(nearest, np.full(self.n_neighbors, 1 / self.n_neighbors))

    def _centred(self) -> tuple[Array, Array]:
        """Mean of the references, and the references about it: small numbers keep more digits."""
        centre = self.reference.mean(axis=0)
        return centre, np.asarray(self.reference - centre, dtype=np.float32)


def _smallest(graph: Graph, values: str, n: int) -> list[str]:
    """The n smallest of each row and where they stand, in ascending order."""
    return graph.ops("TopK", values, graph.constant([n]), n_outputs=2, largest=0, sorted=1)


@final
@dataclass(frozen=True, eq=False)
class Combination:
    """Weighted sum of standardised sixteenth roots of scores.

    Scores of different heads differ in scale and all have long tails; a high root, which is nearly
    a logarithm, makes them alike. Square roots are exact in every implementation, so that a record
    scores the same bits wherever in a batch it stands; logarithms are not.

    Attributes:
        heads: the scores to combine.
        means: of the root of each score over held-out normals.
        spreads: standard deviation of the root of each score over held-out normals.
        weights: of each standardised root.
    """

    heads: tuple[Head, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    weights: tuple[float, ...]

    @classmethod
    def fit(
        cls, heads: tuple[Head, ...], weights: tuple[float, ...], parts: Parts[Array]
    ) -> Combination:
        """Learn the standardisation from held-out normals."""
        roots = [_root(head.score(parts)).astype(np.float64) for head in heads]
        return cls(
            heads,
            tuple(float(root.mean()) for root in roots),
            tuple(float(root.std()) or 1.0 for root in roots),
            weights,
        )

    def score(self, parts: Parts[Array]) -> Array:
        """See `Head.score`."""
        total = np.zeros(len(parts.residual), dtype=np.float32)
        for head, scale, shift in self._terms():
            total += _root(head.score(parts)) * scale + shift
        return total

    def add_to(self, graph: Graph, parts: Parts[str]) -> str:
        """See `Head.add_to`."""
        total = ""
        for head, scale, shift in self._terms():
            root = head.add_to(graph, parts)
            for _ in range(N_ROOTS):
                root = graph.op("Sqrt", root)
            scaled = graph.op("Mul", root, graph.constant(scale))
            term = graph.op("Add", scaled, graph.constant(shift))
            total = graph.op("Add", total, term) if total else term
        return total

    def _terms(self) -> list[tuple[Head, np.float32, np.float32]]:
        return [
            (head, np.float32(weight / spread), np.float32(-weight * mean / spread))
            for head, mean, spread, weight in zip(
                self.heads, self.means, self.spreads, self.weights, strict=True
            )
        ]


def _root(scores: Array) -> Array:
    for _ in range(N_ROOTS):
        scores = np.sqrt(scores)
    return scores

"""Which part of a record the network rebuilt badly.

For a record of KDD the parts are its groups of features, which are the steps of the sequence that
the default network reads. The error of a record is the squared residual,
scaled by its covariance over normal records: r' P r. It falls apart into one part a step,
r_step' (P r)_step. Parts below zero (a step that makes the others likelier) count as none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from oddflow.core.verdicts import StepShare
from oddflow.detect.runtime import RecordScorer
from oddflow.features.encode import Encoder

Array = NDArray[np.float32]

RIDGE = 1e-3
"""Added to the covariance of residuals, as in the score."""
DIGITS = 9
"""Of a share: more would depend on the records explained together."""


@runtime_checkable
class ResidualScorer(Protocol):
    """A scorer that can say what it rebuilt badly."""

    def residuals(self, encoded: Array) -> Array:
        """Encoded records less their reconstruction, shape (n, columns)."""
        ...


@runtime_checkable
class StepErrors(Protocol):
    """Says where in its sequence the error of a record lies; a scorer may do so itself."""

    def step_shares(self, encoded: Array) -> list[tuple[StepShare, ...]]:
        """For each encoded record its steps, the largest share first."""
        ...


@dataclass(frozen=True, eq=False)
class GroupErrors:
    """The same by groups of features.

    Attributes:
        scorer: of the network.
        names: of the groups.
        slices: their encoded columns.
        mean: of the residual over normal records, shape (columns,).
        precision: inverse of its covariance, shape (columns, columns).
    """

    scorer: ResidualScorer
    names: tuple[str, ...]
    slices: tuple[slice, ...]
    mean: NDArray[np.float64]
    precision: NDArray[np.float64]

    @classmethod
    def fit(cls, scorer: ResidualScorer, encoder: Encoder, normals: Array) -> Self:
        """Learn how far residuals of encoded normal records spread, shape (n, columns)."""
        residual = scorer.residuals(normals).astype(np.float64)
        centred = residual - residual.mean(axis=0)
        covariance = centred.T @ centred / len(residual) + RIDGE * np.eye(residual.shape[1])
        return cls(
            scorer,
            encoder.schema.groups,
            encoder.group_slices,
            residual.mean(axis=0),
            np.linalg.inv(covariance),
        )

    def step_shares(self, encoded: Array) -> list[tuple[StepShare, ...]]:
        """See `StepErrors.step_shares`."""
        away = self.scorer.residuals(encoded) - self.mean
        parts = away * (away @ self.precision)
        errors = np.stack([parts[:, columns].sum(axis=1) for columns in self.slices], axis=1)
        errors = np.maximum(errors, 0)
        total = np.maximum(errors.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        order = np.argsort(-errors, axis=1, kind="stable").tolist()
        return [
            tuple(StepShare(self.names[step], share[step]) for step in steps)
            for steps, share in zip(order, (errors / total).round(DIGITS).tolist(), strict=True)
        ]


def step_errors(scorer: RecordScorer, encoder: Encoder, normals: Array) -> StepErrors | None:
    """What a scorer can say of the steps of its sequence; None if nothing.

    Args:
        scorer: that may be of the kind `StepErrors` itself, or a `ResidualScorer`.
        encoder: of the records.
        normals: encoded normal records, shape (n, columns).
    """
    if isinstance(scorer, StepErrors):
        return scorer
    if isinstance(scorer, ResidualScorer) and len(encoder.schema.groups) > 1:
        return GroupErrors.fit(scorer, encoder, normals)
    return None

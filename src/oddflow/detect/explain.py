"""Which features made a record odd, and what would have been normal.

`oddflow.detect.telling` makes explanations of it.

A feature's part in the score is measured by scoring the record again, from two sides:

- necessity: how far the score falls when only this feature is set to the value expected given all
  the others (the conditional mean of a Gaussian over encoded normal records);
- sufficiency: how far the score of the nearest normal record rises when only this feature is
  copied into it from the odd one.

One wild value is found by both. Several odd values that support each other (the SYN error rates of
a flood) leave each other necessary to nothing, and are found by the second. The two are the last
and the first step of Shapley's average over orders (Lundberg and Lee, 2017), at 2 evaluations a
feature instead of 2^40. Shares are parts of the sum of what is positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.detect.known_attacks import KnownAttacks
from oddflow.detect.nearest import nearest_rows
from oddflow.detect.runtime import RecordScorer
from oddflow.features.encode import CategoryCode, Code, Encoder, one_hot

Array = NDArray[np.float32]

RIDGE = 1e-2
"""Added to the covariance of encoded normals, whose one-hot columns depend on each other."""


@dataclass(frozen=True, eq=False)
class Explainer:
    """What explanations of flagged records are made from.

    Attributes:
        encoder: of the model.
        mean: of encoded training normals, shape (columns,).
        precision: inverse of their covariance, shape (columns, columns).
        reference: encoded training normals that are not flagged themselves, shape (m, columns).
        known: attacks of the training corpus; None if it had none or names none.
    """

    encoder: Encoder
    mean: Array
    precision: Array
    reference: Array
    known: KnownAttacks | None = None

    @classmethod
    def fit(cls, encoder: Encoder, encoded: Array, reference: Array) -> Explainer:
        """Learn what is normal from encoded training records, shape (n, columns).

        Raises:
            InputError: no reference record is left to compare with.
        """
        if len(reference) == 0 or len(encoded) < 2:
            raise InputError(
                f"explanations need normal records to compare with, received {len(reference)} "
                f"references and {len(encoded)} training records"
            )
        exact = encoded.astype(np.float64)
        covariance = np.atleast_2d(np.cov(exact, rowvar=False)) + RIDGE * np.eye(exact.shape[1])
        return cls(
            encoder,
            exact.mean(axis=0).astype(np.float32),
            np.linalg.inv(covariance).astype(np.float32),
            reference,
        )

    def credit(self, scorer: RecordScorer, encoded: Array) -> tuple[NDArray[np.float64], Array]:
        """Credit of each feature and what would have been normal, for encoded records.

        Returns:
            Necessity plus sufficiency, shape (n, features), in units of the score; and the
            expected values in encoded units, shape (n, columns).
        """
        nearest = self.nearest(encoded)
        scores, base = scorer.scores(encoded), scorer.scores(nearest)
        expected = np.empty_like(encoded)
        credit = np.empty((len(encoded), len(self.encoder.codes)))
        for i, code in enumerate(self.encoder.codes):
            columns = self.encoder.slices[code.feature.name]
            likely = self._conditional_mean(encoded, code)
            mended = _rescored(scorer, encoded, scores, columns, likely)
            spoilt = _rescored(scorer, nearest, base, columns, encoded[:, columns])
            necessity, sufficiency = np.maximum(scores - mended, 0), np.maximum(spoilt - base, 0)
            credit[:, i] = necessity + sufficiency
            from_nearest = (sufficiency >= necessity)[:, None]
            expected[:, columns] = np.where(from_nearest, nearest[:, columns], likely)
        return credit, expected

    def nearest(self, encoded: Array) -> Array:
        """The reference nearest to each record by the sum of absolute differences.

        Absolute rather than squared, so that one wild value does not choose the neighbour.
        """
        rows = np.empty(len(encoded), dtype=np.int64)
        nearest_rows(self.reference, np.ascontiguousarray(encoded, dtype=np.float32), rows)
        chosen: Array = self.reference[rows]
        return chosen

    def _conditional_mean(self, encoded: Array, code: Code) -> Array:
        """What one feature would be, given all others; categories as their likeliest level."""
        columns = self.encoder.slices[code.feature.name]
        precision = self.precision[:, columns].astype(np.float64)
        # in 64 bits, so that no digit depends on the records explained together
        surprise = (encoded.astype(np.float64) - self.mean) @ precision
        likely = encoded[:, columns] - surprise @ np.linalg.inv(precision[columns])
        if not isinstance(code, CategoryCode):
            return np.asarray(likely, dtype=np.float32)
        return one_hot(likely.argmax(axis=1), code.width)


def _rescored(
    scorer: RecordScorer,
    records: Array,
    scores: NDArray[np.float64],
    columns: slice,
    replacement: Array,
) -> NDArray[np.float64]:
    """Scores with some columns replaced; only records that change are scored again."""
    changes = (records[:, columns] != replacement).any(axis=1)
    changed = records[changes]
    changed[:, columns] = replacement[changes]
    result = scores.copy()
    result[changes] = scorer.scores(changed)
    return result

"""The smallest change that would have made a flagged record pass.

Some units, each a feature or an aspect, are replaced by the values of a normal record: of that one
which is nearest in everything that is kept. So every value is one that occurred, and those that are
replaced together occurred together. All sets of one unit are tried, then all pairs, then all
triples; the first size at which some set brings the score down to the threshold is the answer, and
of its sets the one with the lowest score.

This is the sparse counterfactual of Wachter, Mittelstadt and Russell (2017) with values of real
neighbours in place of optimised ones, which could be values that no traffic has. What it cannot
promise is that values of a replaced and of a kept feature go together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.aspects import aspect_of, aspects
from oddflow.detect.nearest import nearest_but
from oddflow.detect.runtime import RecordScorer
from oddflow.features.encode import Encoder

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

CANDIDATES = 7
"""Features among which a set is looked for; with 14 no more sets were found than with 8."""
MOST_ASPECTS = 12
"""Aspects that may be replaced; KDD's features have nine."""
MOST = 3
"""Units replaced, at most: more than three things at once nobody keeps in mind."""


@dataclass(frozen=True, eq=False)
class Replacements:
    """The best change found for each of n records.

    Attributes:
        size: units replaced, shape (n,).
        score: of the changed record, shape (n,).
        donor: row of the reference whose values were taken, shape (n,).
        replaced: encoded columns that were replaced, shape (n, columns).
    """

    size: Rows
    score: NDArray[np.float64]
    donor: Rows
    replaced: NDArray[np.bool_]

    def update(self, rows: Rows, other: Replacements) -> None:
        """Put those of `other`, one for each of `rows`, in the place of these."""
        self.size[rows], self.score[rows] = other.size, other.score
        self.donor[rows], self.replaced[rows] = other.donor, other.replaced


@dataclass(frozen=True, eq=False)
class Search:
    """Looks for the smallest change that makes flagged records pass.

    Attributes:
        scorer: of encoded records.
        encoder: that made them.
        reference: encoded normal records, shape (m, columns).
        threshold: of the score.
    """

    scorer: RecordScorer
    encoder: Encoder
    reference: Array
    threshold: float

    def smallest(self, encoded: Array, credit: NDArray[np.float64]) -> Replacements:
        """The change of up to `MOST` features; of up to `MOST` aspects where no such one does.

        Features that KDD does not know are no aspects, and nothing wider is tried.
        """
        found = self.of_features(encoded, credit)
        rest = np.flatnonzero(found.score > self.threshold)
        if len(rest) and len(aspects(self.encoder.schema)) < len(self.encoder.codes):
            found.update(rest, self.of_aspects(encoded[rest]))
        return found

    def of_features(
        self, encoded: Array, credit: NDArray[np.float64], *, most: int = MOST
    ) -> Replacements:
        """The change of features, among the `CANDIDATES` of the largest credit.

        Args:
            encoded: shape (n, columns).
            credit: of each feature, shape (n, features).
            most: features replaced at once, at most.
        """
        n_units = min(CANDIDATES, credit.shape[1])
        ranks = np.argsort(np.argsort(-credit, axis=1, kind="stable"), axis=1, kind="stable")
        widths = [code.width for code in self.encoder.codes]
        unit_of = np.repeat(np.minimum(ranks, n_units), widths, axis=1)
        return self._least(encoded, unit_of, n_units, most)

    def of_aspects(self, encoded: Array, *, most: int = MOST) -> Replacements:
        """The change of aspects."""
        names = [aspect_of(code.feature.name) for code in self.encoder.codes]
        order = {name: i for i, name in enumerate(dict.fromkeys(names))}
        widths = [code.width for code in self.encoder.codes]
        n_units = min(len(order), MOST_ASPECTS)
        units = np.repeat([min(order[name], n_units) for name in names], widths)
        unit_of = np.broadcast_to(units, encoded.shape)
        return self._least(encoded, np.ascontiguousarray(unit_of), n_units, most)

    def _least(self, encoded: Array, unit_of: Rows, n_units: int, most: int) -> Replacements:
        return least_replacement(
            self.scorer, encoded, self.reference, unit_of, n_units, self.threshold, most=most
        )


def least_replacement(
    scorer: RecordScorer,
    encoded: Array,
    reference: Array,
    unit_of: Rows,
    n_units: int,
    threshold: float,
    *,
    most: int = MOST,
) -> Replacements:
    """The smallest set of units whose replacement makes each record pass, or comes closest.

    Args:
        scorer: of encoded records.
        encoded: shape (n, columns).
        reference: encoded normal records, shape (m, columns).
        unit_of: of each column of each record, shape (n, columns); units from 0 to `n_units` - 1
            may be replaced, columns of unit `n_units` never.
        n_units: that may be replaced.
        threshold: of the score.
        most: units replaced at once, at most.
    """
    n = len(encoded)
    found = Replacements(
        np.zeros(n, dtype=np.int64),
        np.full(n, np.inf),
        np.zeros(n, dtype=np.int64),
        np.zeros(encoded.shape, dtype=np.bool_),
    )
    by_column = np.ascontiguousarray(reference.T)
    scratch = np.empty((n_units + 2, len(reference)), dtype=np.float32)
    for size in range(1, min(most, n_units) + 1):
        rows = np.flatnonzero(found.score > threshold)
        if len(rows) == 0:
            break
        subsets = np.array(list(combinations(range(n_units), size)), dtype=np.int64)
        donors = np.empty((len(rows), len(subsets)), dtype=np.int64)
        records, units = encoded[rows], unit_of[rows]
        nearest_but(by_column, records, units, subsets, scratch, donors)
        for subset, donor in zip(subsets, donors.T, strict=True):
            replaced = np.isin(units, subset)
            scores = scorer.scores(np.where(replaced, reference[donor], records))
            better = scores < found.score[rows]
            sizes = np.full(int(better.sum()), size)
            best = Replacements(sizes, scores[better], donor[better], replaced[better])
            found.update(rows[better], best)
    return found

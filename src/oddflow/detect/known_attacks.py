"""Prototypes of labelled attacks, to say which known attack a flagged record is most like.

They serve explanations alone: no score and no threshold depends on them. A model that was trained
where no attack was labelled has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import LabelledMatrix
from oddflow.core.verdicts import SimilarAttack
from oddflow.detect.nearest import distances
from oddflow.features.encode import Encoder

Array = NDArray[np.float32]

PROTOTYPES = 24
"""Records kept of an attack, at most."""
MOST_ATTACKS = 100
"""Attacks kept, the commonest first."""
LIMIT_SD = 4.0
"""Departures from the mean of normal traffic count up to this many standard deviations."""


@dataclass(frozen=True, eq=False)
class KnownAttacks:
    """Some records of each known attack.

    Attributes:
        names: of the attacks.
        prototypes: encoded records, shape (m, columns).
        attack_of: which attack each is of, shape (m,).

    Raises:
        InputError: they do not fit each other.
    """

    names: tuple[str, ...]
    prototypes: Array
    attack_of: NDArray[np.int64]

    def __post_init__(self) -> None:
        m = len(self.attack_of)
        is_right = (
            self.prototypes.ndim == 2
            and self.prototypes.dtype == np.float32
            and self.attack_of.shape == (len(self.prototypes),)
            and self.attack_of.dtype == np.int64
            and 0 < m <= MOST_ATTACKS * PROTOTYPES
            and np.isfinite(self.prototypes).all()
            and 0 <= self.attack_of.min() <= self.attack_of.max() < len(self.names)
        )
        if not is_right:
            raise InputError(
                f"expected 1 to {MOST_ATTACKS * PROTOTYPES} known attacks with a name each, "
                f"received records of shape {self.prototypes.shape} and {len(self.names)} names"
            )

    @classmethod
    def fit(cls, encoder: Encoder, labelled: LabelledMatrix, *, seed: int) -> Self | None:
        """Draw prototypes of each attack among labelled records; None if there is no attack.

        Args:
            encoder: of the model.
            labelled: records with the features that the encoder reads.
            seed: of the choice.
        """
        is_attack = labelled.labels.is_attack
        found, counts = np.unique(labelled.labels.attack[is_attack].astype(str), return_counts=True)
        if len(found) == 0:
            return None
        names = tuple(sorted(found[np.argsort(-counts, kind="stable")[:MOST_ATTACKS]].tolist()))
        rng = np.random.default_rng(seed)
        rows = [
            np.sort(rng.permutation(np.flatnonzero(labelled.labels.attack == name))[:PROTOTYPES])
            for name in names
        ]
        records = labelled.features.take(np.concatenate(rows))
        of = np.repeat(np.arange(len(names)), [len(some) for some in rows])
        return cls(names, encoder.transform(records), of)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays that `from_arrays` reads; names as text, a line each."""
        text = "\n".join(name.replace("\n", " ") for name in self.names)
        return {
            "known_attacks": self.prototypes,
            "known_attack_of": self.attack_of,
            "known_attack_names": np.frombuffer(text.encode(), dtype=np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], n_columns: int) -> Self | None:
        """What `arrays` wrote; None if nothing of it is there.

        Raises:
            InputError: it is not that, or of records with other columns.
            KeyError, UnicodeDecodeError: a part is missing, or the names are no text.
        """
        if "known_attacks" not in arrays:
            return None
        names = arrays["known_attack_names"].tobytes().decode().split("\n")
        known = cls(tuple(names), arrays["known_attacks"], arrays["known_attack_of"])
        if known.prototypes.shape[1] != n_columns:
            raise InputError(
                f"expected known attacks of {n_columns} columns, received "
                f"{known.prototypes.shape[1]}"
            )
        return known

    def most_similar(self, encoded: Array, normal_mean: Array) -> list[SimilarAttack]:
        """The most similar attack of each record, shape (n, columns).

        Similarity is that of Ruzicka, the Jaccard index of weighted sets: of what sets either
        record apart from normal traffic (its departure from the mean, capped), the part that they
        have in common. 1 is the same, 0 nothing in common.
        """
        ours = _departures(encoded, normal_mean)
        theirs = _departures(self.prototypes, normal_mean)
        apart = np.empty((len(ours), len(theirs)), dtype=np.float32)
        everything = np.ones(ours.shape, dtype=np.bool_)
        distances(np.ascontiguousarray(theirs.T), ours, everything, apart)
        total = ours.sum(axis=1)[:, None] + theirs.sum(axis=1)
        similar = (total - apart) / np.maximum(total + apart, np.finfo(np.float32).tiny)
        best = similar.argmax(axis=1)
        return [
            SimilarAttack(self.names[self.attack_of[j]], float(min(max(row[j], 0.0), 1.0)))
            for j, row in zip(best.tolist(), similar, strict=True)
        ]


def _departures(encoded: Array, mean: Array) -> Array:
    """What is above and what is below the mean, side by side, shape (n, 2 columns)."""
    away = np.clip(encoded - mean, -LIMIT_SD, LIMIT_SD)
    return np.concatenate([np.maximum(away, 0), np.maximum(-away, 0)], axis=1)

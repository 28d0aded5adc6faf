"""The protocol `online`: test records come in order and unlabelled, and the detector may adapt.

Each block is scored with what was learnt from the blocks before it (prequential: test, then train;
Dawid, Journal of the Royal Statistical Society A 147, 1984). The files of NSL-KDD are not in order
of time, so "before" means "earlier in the file"; attacks and normal records of every kind come all
along, and more than half of what comes is attacks. Figures belong in a table of their own, beside
those of the frozen model: an adaptive model has seen more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Generic, Self, TypeVar, final
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.evaluate.protocols import Protocol, official

ONLINE = "online"
BLOCK_SIZE = 100
"""Records scored before the detector learns from them, if nothing else is said."""

State = TypeVar("State")
Floats = NDArray[np.float64]


class Learner(Interface[State]):
    """What scores and learns, block by block; the state goes in and comes out."""

    def start(self) -> State:
        """Nothing learnt yet."""
        ...

    def step(self, state: State, records: FeatureMatrix, /) -> tuple[Floats, State]:
        """Scores of a block, shape (n,), and the state after it."""
        ...


Fit = Callable[[FeatureMatrix], tuple[Learner[State], float]]
"""Normal training records -> what learns on from there, and the threshold of its scores."""


def online(train: LabelledMatrix, test: LabelledMatrix) -> Protocol:
    """Train on the normals of one file, then take the records of another one by one."""
    note = (
        f"Trained on the normal records of {train.name} alone; {test.name} is then taken in its "
        "order, which is not one of time. Each block of records is scored before the adaptive "
        "systems learn from it, without labels; lstm_autoencoder itself stays frozen."
    )
    return replace(official(train, [test]), name=ONLINE, notes=(note,))


def prequential(learner: Learner[State], records: FeatureMatrix, *, block_size: int) -> Floats:
    """Scores of records that come in order, from a fresh start, shape (n,).

    Args:
        learner: what scores and learns.
        records: in the order in which they come.
        block_size: records that are scored before any of them is learnt from.

    Raises:
        InputError: a block of less than one record.
    """
    if block_size < 1:
        raise InputError(f"a block takes 1 record or more, received {block_size}")
    state, scores = learner.start(), [np.empty(0)]
    for first in range(0, len(records), block_size):
        block, state = learner.step(state, records.take(slice(first, first + block_size)))
        scores.append(block)
    return np.concatenate(scores)


@final
class InOrder(Generic[State]):
    """A learner in the place of a detector. Unlike a detector's, its scores depend on order.

    Args:
        fit: makes the learner.
        block_size: see `prequential`.
    """

    def __init__(self, fit: Fit[State], *, block_size: int = BLOCK_SIZE) -> None:
        self._fit = fit
        self.block_size = block_size

    def fit(self, records: FeatureMatrix, /) -> Self:
        """Learn from normal records alone, as ever."""
        self.learner_, self.operating_point_ = self._fit(records)
        return self

    def score_samples(self, records: FeatureMatrix, /) -> Floats:
        """Scores of records that come in this order, shape (n,); each call starts afresh."""
        if not hasattr(self, "learner_"):
            raise NotFittedError("this InOrder has learnt nothing; call fit() first")
        return prequential(self.learner_, records, block_size=self.block_size)

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged; that of the frozen model."""
        if not hasattr(self, "operating_point_"):
            raise NotFittedError("this InOrder has learnt nothing; call fit() first")
        return self.operating_point_

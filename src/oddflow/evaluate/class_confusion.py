"""Which class was taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Run, TestSetResult
from oddflow.evaluate.classes import Names
from oddflow.evaluate.counts import Floats

NORMAL, ATTACK = "normal", "attack"


class ClassConfusion(NamedTuple):
    """How often each class was taken for each.

    classes: first normal, then those of most records; counts: of records, truth by row and verdict
    by column, shape (classes, classes).
    """

    classes: tuple[str, ...]
    counts: Floats

    @property
    def shares(self) -> Floats:
        """Counts as shares of their row; 0 in the row of a class that no record has."""
        rows = self.counts.sum(axis=1, keepdims=True)
        shares: Floats = np.divide(
            self.counts, rows, out=np.zeros_like(self.counts), where=rows > 0
        )
        return shares


def flagged_as_classes(run: Run) -> Names:
    """What a run flags as `attack` and the rest as `normal`, shape (n,)."""
    return np.where(run.scores > run.threshold, ATTACK, NORMAL).astype(object)


def verdicts(result: TestSetResult, system: str) -> tuple[Names, ...]:
    """The class that each seed of a system names for each record.

    Of a detector, which names none, it is what it flags, where attack and normal are the classes;
    otherwise there is nothing.
    """
    if system in result.predicted:
        return tuple(result.predicted[system])
    if result.truth is None or not set(result.truth.tolist()) <= {NORMAL, ATTACK}:
        return ()
    return tuple(flagged_as_classes(run) for run in result.runs.get(system, ()))


def mean_confusion(predicted: Sequence[Names], truth: Names) -> ClassConfusion:
    """How often each class was taken for each, mean over the seeds.

    Args:
        predicted: for each seed the class named for each record, strings, shape (n,).
        truth: class of each record, strings, shape (n,).

    Raises:
        InputError: no seed, or shapes that disagree.
    """
    shapes = {named.shape for named in predicted}
    if shapes != {truth.shape}:
        raise InputError(
            f"expected for each seed the classes of {len(truth)} records, received shapes "
            f"{sorted(shapes)}"
        )
    counts = Counter(truth.tolist())
    classes = set(counts).union(*(set(named.tolist()) for named in predicted))
    order = sorted(classes, key=lambda name: (name != NORMAL, -counts[name], name))
    slot = {name: i for i, name in enumerate(order)}
    rows = len(order) * _codes(truth, slot)
    cells = [
        np.bincount(rows + _codes(named, slot), minlength=len(order) ** 2) for named in predicted
    ]
    return ClassConfusion(tuple(order), np.mean(cells, axis=0).reshape(len(order), len(order)))


def _codes(names: Names, slot: dict[str, int]) -> NDArray[np.intp]:
    return np.fromiter(map(slot.__getitem__, names.tolist()), np.intp, len(names))

"""Which attacks are found: recall by attack, family and novelty, over the runs of a system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Run, TestSetResult
from oddflow.evaluate.counts import Bools, Floats

SEEN, NEVER_SEEN = "seen in training", "never seen in training"


class GroupRecall(NamedTuple):
    """A group of n records and the share of them that is flagged."""

    n: int
    recall: float


class AttackRecall(NamedTuple):
    """One attack: how many records it has, and the share of them that is flagged."""

    attack: str
    family: str
    novel: bool
    n: int
    recall: float


def flagged_share(runs: Sequence[Run]) -> Floats:
    """Share of the runs that flag each record, shape (n,).

    Raises:
        InputError: no run.
    """
    if not runs:
        raise InputError("expected at least one run, received none")
    flagged = np.array([run.scores > run.threshold for run in runs])
    return np.asarray(flagged.mean(axis=0), dtype=np.float64)


def recall_by(groups: NDArray[np.object_], flagged: Bools | Floats) -> dict[str, GroupRecall]:
    """Recall of each group of records, in the order of the names.

    Args:
        groups: name of the group of each record, shape (n,), strings.
        flagged: whether a record is flagged, or the share of runs that flag it, shape (n,).

    Raises:
        InputError: shapes that disagree.

    >>> groups = np.array(["dos", "dos", "probe"], dtype=object)
    >>> recall_by(groups, np.array([True, False, True]))["dos"]
    GroupRecall(n=2, recall=0.5)
    """
    if groups.shape != flagged.shape:
        raise InputError(f"{groups.shape} groups but {flagged.shape} marks of what is flagged")
    names, codes = np.unique(groups.astype(str), return_inverse=True)
    counts = np.bincount(codes, minlength=len(names))
    found = np.bincount(codes, weights=flagged, minlength=len(names))
    return {
        str(name): GroupRecall(int(n), float(part / n))
        for name, n, part in zip(names, counts, found, strict=True)
    }


def recall_by_family(result: TestSetResult, system: str) -> dict[str, GroupRecall]:
    """Recall of each family of attacks, averaged over the system's runs."""
    attack = result.labels.is_attack
    return recall_by(result.labels.family[attack], flagged_share(result.runs[system])[attack])


def recall_by_novelty(result: TestSetResult, system: str) -> dict[str, GroupRecall]:
    """Recall of the attacks that training has seen, and of those it has not."""
    attack = result.labels.is_attack
    groups = np.where(result.novel[attack], NEVER_SEEN, SEEN).astype(object)
    return recall_by(groups, flagged_share(result.runs[system])[attack])


def recall_by_attack(result: TestSetResult, system: str) -> tuple[AttackRecall, ...]:
    """Recall of each attack, averaged over the system's runs; the best found first."""
    labels, attack = result.labels, result.labels.is_attack
    groups = recall_by(labels.attack[attack], flagged_share(result.runs[system])[attack])
    family = dict(zip(labels.attack[attack].astype(str), labels.family[attack], strict=True))
    novel = set(labels.attack[attack & result.novel].astype(str))
    found = [
        AttackRecall(name, str(family[name]), name in novel, group.n, group.recall)
        for name, group in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.recall, -one.n, one.attack)))

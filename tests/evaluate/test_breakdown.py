"""Recall of groups."""

from __future__ import annotations

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Run, TestSetResult
from oddflow.core.matrix import Labels
from oddflow.evaluate.breakdown import (
    NEVER_SEEN,
    SEEN,
    AttackRecall,
    GroupRecall,
    flagged_share,
    recall_by,
    recall_by_attack,
    recall_by_family,
    recall_by_novelty,
)


def names(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


@pytest.fixture
def small() -> TestSetResult:
    """Two runs over a normal record that both flag, and four attacks."""
    labels = Labels(
        names("normal", "neptune", "neptune", "worm", "worm"),
        names("normal", "dos", "dos", "r2l", "r2l"),
    )
    novel = np.array([False, False, False, True, True])
    runs = (
        Run(0, np.array([9.0, 9.0, 9.0, 9.0, 1.0]), 5.0, 0.0, 0.0),
        Run(1, np.array([9.0, 9.0, 1.0, 1.0, 1.0]), 5.0, 0.0, 0.0),
    )
    return TestSetResult("small", labels, novel, {"ours": runs}, {})


def test_flagged_share_is_over_the_runs(small: TestSetResult) -> None:
    assert flagged_share(small.runs["ours"]).tolist() == [1.0, 1.0, 0.5, 0.5, 0.0]
    with pytest.raises(InputError, match="at least one run"):
        flagged_share([])


def test_recall_by_leaves_normal_records_out_where_it_must(small: TestSetResult) -> None:
    assert recall_by_family(small, "ours") == {
        "dos": GroupRecall(2, 0.75),
        "r2l": GroupRecall(2, 0.25),
    }
    assert recall_by_novelty(small, "ours") == {
        SEEN: GroupRecall(2, 0.75),
        NEVER_SEEN: GroupRecall(2, 0.25),
    }


def test_recall_by_attack_names_family_and_novelty(small: TestSetResult) -> None:
    assert recall_by_attack(small, "ours") == (
        AttackRecall("neptune", "dos", novel=False, n=2, recall=0.75),
        AttackRecall("worm", "r2l", novel=True, n=2, recall=0.25),
    )


def test_recall_by_refuses_other_lengths() -> None:
    with pytest.raises(InputError, match="groups"):
        recall_by(names("a"), np.array([True, False]))


def test_groups_add_up_to_the_recall_of_all(result: TestSetResult) -> None:
    attacks = recall_by_attack(result, "ours")
    total = sum(one.n for one in attacks)
    assert total == result.labels.is_attack.sum()
    found = sum(one.n * one.recall for one in attacks) / total
    assert found == pytest.approx(result.metrics["ours"]["recall"].mean)
    assert {one.attack for one in attacks if one.novel} == {"mailbomb", "snmpguess"}

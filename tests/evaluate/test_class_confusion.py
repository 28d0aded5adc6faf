"""Which class was taken for which."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Run, TestSetResult
from oddflow.evaluate.class_confusion import ClassConfusion, mean_confusion, verdicts
from tests.evaluate.reproductions import made_result

CLASSES = st.sampled_from(["normal", "dos", "probe", "r2l"])


def names(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning:sklearn")
@settings(deadline=None)
@given(st.lists(st.tuples(CLASSES, CLASSES, CLASSES), min_size=1, max_size=30))
def test_counts_are_those_of_scikit_learn(rows: list[tuple[str, str, str]]) -> None:
    truth, first, second = (names(*column) for column in zip(*rows, strict=True))
    found = mean_confusion([first, second], truth)
    expected = [
        confusion_matrix(truth.astype(str), one.astype(str), labels=list(found.classes))
        for one in (first, second)
    ]
    np.testing.assert_allclose(found.counts, np.mean(expected, axis=0))
    assert set(found.classes) == {*truth, *first, *second}


def test_normal_comes_first_then_what_has_most_records() -> None:
    truth = names("dos", "dos", "dos", "probe", "normal")
    named = names("dos", "worm", "ape", "probe", "normal")
    confusion = mean_confusion([named], truth)
    assert confusion.classes == ("normal", "dos", "probe", "ape", "worm")
    assert confusion.counts[1].tolist() == [0, 1, 0, 1, 1]


def test_shares_are_of_the_row() -> None:
    confusion = ClassConfusion(("a", "b", "c"), np.array([[1.0, 3, 0], [0, 0, 0], [0, 0, 2]]))
    assert confusion.shares.tolist() == [[0.25, 0.75, 0], [0, 0, 0], [0, 0, 1]]


def test_refuses_no_seed_and_other_shapes() -> None:
    with pytest.raises(InputError, match="for each seed the classes of 2 records"):
        mean_confusion([], names("a", "b"))
    with pytest.raises(InputError, match="received shapes"):
        mean_confusion([names("a")], names("a", "b"))


def test_a_detector_names_what_it_flags() -> None:
    result = made_result(
        "t", {"a": 0.9, "b": 0.9}, n_classes=2, seeds=(0, 1), detectors=frozenset("b")
    )
    flagged = [np.where(run.scores > 0.5, "attack", "normal") for run in result.runs["b"]]
    assert [one.tolist() for one in verdicts(result, "b")] == [one.tolist() for one in flagged]
    assert verdicts(result, "a") == result.predicted["a"]


def test_a_detector_has_no_verdicts_on_families(result: TestSetResult) -> None:
    assert verdicts(result, "ours") == (), "the truth is not known"
    known = dataclasses.replace(result, truth=result.labels.family)
    assert verdicts(known, "ours") == ()
    binary = np.where(result.labels.is_attack, "attack", "normal").astype(object)
    assert len(verdicts(dataclasses.replace(result, truth=binary), "ours")) == 3


def test_a_score_at_the_threshold_is_normal(result: TestSetResult) -> None:
    truth = names("normal", "attack")
    run = Run(0, np.array([1.0, 2.0]), 1.0, 0.0, 0.0)
    small = dataclasses.replace(result, truth=truth, runs={"x": (run,)}, predicted={})
    assert verdicts(small, "x")[0].tolist() == ["normal", "attack"]

"""Counts under weights, held against scikit-learn and against records repeated by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from oddflow.core.errors import InputError
from oddflow.evaluate.counts import Confusion, Curve, ScoredRecords


@st.composite
def weighted_records(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores with many ties, truth, and weights of which some are 0."""
    n = draw(st.integers(4, 40))
    scores = draw(st.lists(st.integers(0, 8), min_size=n, max_size=n))
    truth = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    weights = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    truth[:2], weights[:2] = [True, False], [1, 1]
    return np.array(scores, dtype=float), np.array(truth), np.array(weights)


@settings(deadline=None)
@given(weighted_records(), st.integers(-1, 8))
def test_confusion_agrees_with_scikit_learn(
    records: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: int
) -> None:
    scores, truth, weights = records
    ours = ScoredRecords(scores, truth, threshold=float(threshold)).read(weights).confusion
    flagged = scores > threshold
    keywords = {"sample_weight": weights, "zero_division": 0}
    assert ours.accuracy == pytest.approx(sk.accuracy_score(truth, flagged, sample_weight=weights))
    assert ours.precision == pytest.approx(sk.precision_score(truth, flagged, **keywords))
    assert ours.recall == pytest.approx(sk.recall_score(truth, flagged, **keywords))
    assert ours.f1 == pytest.approx(sk.f1_score(truth, flagged, **keywords))
    expected_mcc = sk.matthews_corrcoef(truth, flagged, sample_weight=weights)
    assert ours.mcc == pytest.approx(expected_mcc)
    assert ours.fpr == pytest.approx(1 - sk.recall_score(~truth, ~flagged, **keywords))


@settings(deadline=None)
@given(weighted_records())
def test_areas_agree_with_scikit_learn(records: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, truth, weights = records
    curve = ScoredRecords(scores, truth, threshold=0.0).read(weights).curve
    expected = sk.roc_auc_score(truth, scores, sample_weight=weights)
    assert curve.auroc() == pytest.approx(expected)
    expected = sk.average_precision_score(truth, scores, sample_weight=weights)
    assert curve.average_precision() == pytest.approx(expected)


@settings(deadline=None)
@given(weighted_records(), st.sampled_from([0.0, 0.01, 0.05, 0.25, 1.0]))
def test_recall_at_fpr_agrees_with_the_roc_of_scikit_learn(
    records: tuple[np.ndarray, np.ndarray, np.ndarray], rate: float
) -> None:
    scores, truth, weights = records
    curve = ScoredRecords(scores, truth, threshold=0.0).read(weights).curve
    fpr, recall, _ = sk.roc_curve(truth, scores, sample_weight=weights, drop_intermediate=False)
    assert curve.recall_at_fpr(rate) == pytest.approx(recall[fpr <= rate].max())


@settings(deadline=None)
@given(weighted_records())
def test_oracles_are_the_best_of_every_threshold(
    records: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    scores, truth, weights = records
    curve = ScoredRecords(scores, truth, threshold=0.0).read(weights).curve
    at = [scores > threshold for threshold in (-np.inf, *np.unique(scores))]
    accuracy = max(sk.accuracy_score(truth, flagged, sample_weight=weights) for flagged in at)
    f1 = max(sk.f1_score(truth, f, sample_weight=weights, zero_division=0) for f in at)
    assert curve.best_accuracy() == pytest.approx(accuracy)
    assert curve.best_f1() == pytest.approx(f1)


@settings(deadline=None)
@given(weighted_records(), st.integers(-1, 8))
def test_a_weight_is_a_repetition(
    records: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: int
) -> None:
    scores, truth, weights = records
    weighted = ScoredRecords(scores, truth, threshold=threshold, novel=truth).read(weights)
    repeated = ScoredRecords(
        np.repeat(scores, weights), np.repeat(truth, weights), threshold=threshold
    ).read()
    assert weighted.confusion == repeated.confusion
    assert weighted.novel == Confusion(repeated.confusion.tp, 0, repeated.confusion.fn, 0)
    assert weighted.curve.auroc() == pytest.approx(repeated.curve.auroc())
    assert weighted.curve.best_f1() == pytest.approx(repeated.curve.best_f1())


@settings(deadline=None)
@given(weighted_records())
def test_ones_are_no_weights(records: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, truth, _ = records
    scored = ScoredRecords(scores, truth, threshold=4.0)
    plain, ones = scored.read(), scored.read(np.ones(len(scores), dtype=np.int64))
    assert plain.confusion == ones.confusion
    np.testing.assert_array_equal(plain.curve.tp, ones.curve.tp)
    np.testing.assert_array_equal(plain.curve.fp, ones.curve.fp)


def test_tied_records_are_flagged_together() -> None:
    curve = ScoredRecords(np.ones(4), np.array([1, 0, 1, 0], bool), threshold=0.0).read().curve
    assert curve.tp.tolist() == [0, 2]
    assert curve.fp.tolist() == [0, 2]
    assert curve.auroc() == 0.5


def test_only_what_lies_above_the_threshold_is_flagged() -> None:
    scored = ScoredRecords(np.array([1.0, 2.0]), np.array([True, True]), threshold=1.0)
    assert scored.read().confusion == Confusion(tp=1, fp=0, fn=1, tn=0)


def test_fpr_bounds_are_inclusive() -> None:
    scores = np.arange(100.0)
    truth = scores == 98
    curve = ScoredRecords(scores, truth, threshold=0.0).read().curve
    assert curve.recall_at_fpr(1 / 99) == 1.0
    assert curve.recall_at_fpr(1 / 100) == 0.0


def test_novel_marks_on_normal_records_do_not_count() -> None:
    everything = np.ones(2, dtype=bool)
    reading = ScoredRecords(
        np.array([1.0, 1.0]), np.array([True, False]), threshold=0.0, novel=everything
    ).read()
    assert reading.novel == Confusion(tp=1, fp=0, fn=0, tn=0)


def test_precision_at_a_base_rate() -> None:
    confusion = Confusion(tp=90, fp=5, fn=10, tn=95)
    assert confusion.precision_at(0.5) == pytest.approx(0.9 / 0.95)
    assert confusion.precision_at(0.01) == pytest.approx(0.009 / (0.009 + 0.0495))
    assert Confusion(tp=0, fp=0, fn=1, tn=1).precision_at(0.01) == 0.0


def test_what_one_class_alone_leaves_undefined() -> None:
    normals = ScoredRecords(np.array([1.0, 2.0]), np.zeros(2, dtype=bool), threshold=1.5).read()
    attacks = ScoredRecords(np.array([1.0, 2.0]), np.ones(2, dtype=bool), threshold=1.5).read()
    for curve in (normals.curve, attacks.curve):
        assert math.isnan(curve.auroc())
        assert math.isnan(curve.recall_at_fpr(0.5))
    assert math.isnan(normals.confusion.recall)
    assert math.isnan(normals.curve.average_precision())
    assert math.isnan(attacks.confusion.fpr)
    assert math.isnan(attacks.confusion.precision_at(0.1))
    assert normals.confusion.precision == normals.confusion.f1 == normals.confusion.mcc == 0.0
    assert normals.curve.best_f1() == 0.0


def test_the_check_against_scikit_learn_sees_a_broken_area() -> None:
    """An AUROC that forgets that ties count half is what the oracle is there to catch."""
    scores, truth = np.array([1.0, 1.0, 2.0, 0.0]), np.array([True, False, True, False])
    curve = ScoredRecords(scores, truth, threshold=0.0).read().curve
    optimist = np.dot(np.diff(curve.fp), curve.tp[1:]) / (curve.tp[-1] * curve.fp[-1])
    expected = sk.roc_auc_score(truth, scores)
    assert curve.auroc() == pytest.approx(expected)
    assert optimist != pytest.approx(expected)


@pytest.mark.parametrize(
    ("scores", "truth", "threshold"),
    [
        (np.array([]), np.array([], dtype=bool), 0.0),
        (np.array([1.0, 2.0]), np.array([True]), 0.0),
        (np.array([1.0, np.nan]), np.array([True, False]), 0.0),
        (np.array([1.0, 2.0]), np.array([True, False]), float("nan")),
        (np.ones((2, 2)), np.ones((2, 2), dtype=bool), 0.0),
    ],
)
def test_refuses_what_cannot_be_ranked(
    scores: np.ndarray, truth: np.ndarray, threshold: float
) -> None:
    with pytest.raises(InputError):
        ScoredRecords(scores, truth, threshold=threshold)


@pytest.mark.parametrize("weights", [np.ones(3), np.array([1.0, -1.0]), np.ones((2, 1))])
def test_refuses_weights_that_are_none(weights: np.ndarray) -> None:
    scored = ScoredRecords(np.array([1.0, 2.0]), np.array([True, False]), threshold=1.0)
    with pytest.raises(InputError, match="2 weights"):
        scored.read(weights)


def test_precision_of_nothing_is_zero() -> None:
    curve = Curve(tp=np.array([0.0, 1.0]), fp=np.array([0.0, 1.0]))
    assert curve.precision.tolist() == [0.0, 0.5]

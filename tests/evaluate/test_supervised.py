"""Classifiers and detectors side by side on one test set."""

from __future__ import annotations

import math

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Run, TestSetResult
from oddflow.core.matrix import Labels
from oddflow.evaluate.bootstrap import estimate
from oddflow.evaluate.classes import CLASS_METRICS, measure_classes
from oddflow.evaluate.metrics import METRICS
from oddflow.evaluate.supervised import classified_result

N = 120
BINARY_OF_MANY = {"auroc", "fpr", "recall_novel"}
COSTS = {"fit_s", "records_per_s"}


def _labels() -> Labels:
    attack = np.array(["normal", "neptune", "satan", "worm"] * (N // 4), dtype=object)
    family = np.array(["normal", "dos", "probe", "r2l"] * (N // 4), dtype=object)
    return Labels(attack, family)


def _runs(n_seeds: int = 2, *, score_s: float = 0.5) -> list[Run]:
    shift = _labels().is_attack
    return [
        Run(
            seed,
            shift + np.random.default_rng(seed).normal(size=N),
            0.4,
            fit_s=10.0 + seed,
            score_s=score_s,
        )
        for seed in range(n_seeds)
    ]


def _flags(run: Run) -> np.ndarray:
    return np.where(run.scores > run.threshold, "attack", "normal").astype(object)


def _binary(**predicted: list[np.ndarray]) -> TestSetResult:
    labels = _labels()
    truth = np.where(labels.is_attack, "attack", "normal").astype(object)
    runs = {"detector": _runs(), **{name: _runs(len(of)) for name, of in predicted.items()}}
    novel = labels.attack == "worm"
    return classified_result("Test", labels, truth, novel, runs, predicted, n_classes=2)


def test_two_classes_have_all_metrics_for_every_system() -> None:
    flags = [_flags(run) for run in _runs()]
    result = _binary(classifier=flags)
    for metrics in result.metrics.values():
        assert set(metrics) == {*METRICS, *CLASS_METRICS, *COSTS}
    assert list(result.predicted) == ["classifier"]
    assert result.metrics["classifier"] == result.metrics["detector"], "both flag the same"


def test_the_binary_view_is_that_of_scores_and_thresholds() -> None:
    result = _binary()
    expected = estimate(_runs(), result.labels.is_attack, result.novel, seed=0)
    assert {name: result.metrics["detector"][name] for name in METRICS} == expected
    assert not math.isnan(expected["recall_novel"].mean)


def test_a_detector_names_what_it_flags() -> None:
    result = _binary()
    assert result.truth is not None
    found = result.metrics["detector"]
    single = [measure_classes(result.truth, _flags(run)) for run in _runs()]
    for name in CLASS_METRICS:
        assert found[name].mean == pytest.approx(np.mean([one[name] for one in single]))
    assert found["f1_macro"].mean != found["f1"].mean


def test_accuracy_is_that_of_the_class_named() -> None:
    """Even where a classifier names other records than its threshold flags."""
    always = np.full(N, "attack", dtype=object)
    found = _binary(stubborn=[always])
    assert found.metrics["stubborn"]["accuracy"].mean == pytest.approx(0.75)
    assert found.metrics["stubborn"]["recall"].mean < 1.0


def test_more_classes_have_class_metrics_and_a_little_of_the_binary_view() -> None:
    labels = _labels()
    named = [np.where(labels.family == "r2l", "normal", labels.family).astype(object)] * 2
    result = classified_result(
        "Test",
        labels,
        labels.family,
        labels.attack == "worm",
        {"net": _runs()},
        {"net": named},
        n_classes=5,
    )
    metrics = result.metrics["net"]
    assert set(metrics) == {*CLASS_METRICS, *BINARY_OF_MANY, *COSTS}
    assert metrics["accuracy"].mean == pytest.approx(0.75)
    expected = estimate(_runs(), labels.is_attack, result.novel, seed=0)
    for name in BINARY_OF_MANY:
        assert metrics[name] == expected[name]
    assert result.truth is labels.family
    assert [one is named[0] for one in result.predicted["net"]] == [True, True]


def test_costs_are_means_over_the_runs() -> None:
    cost = _binary().metrics["detector"]
    assert cost["fit_s"].mean == pytest.approx(10.5)
    assert cost["fit_s"].std == pytest.approx(np.std([10, 11], ddof=1))
    assert 10 <= cost["fit_s"].low < 10.5 < cost["fit_s"].high <= 11
    assert cost["records_per_s"].mean == pytest.approx(N / 0.5)


def test_a_time_that_was_not_measured_is_undefined() -> None:
    labels = _labels()
    truth = np.where(labels.is_attack, "attack", "normal").astype(object)
    runs = {"detector": _runs(score_s=0.0)}
    result = classified_result("Test", labels, truth, labels.is_attack, runs, {}, n_classes=2)
    assert math.isnan(result.metrics["detector"]["records_per_s"].mean)
    assert result.metrics["detector"]["fit_s"].mean == pytest.approx(10.5)


def test_a_detector_is_refused_where_classes_of_attacks_are_told_apart() -> None:
    labels = _labels()
    with pytest.raises(InputError, match=r"detector names no classes.* 5 of them"):
        classified_result(
            "Test",
            labels,
            labels.family,
            labels.is_attack,
            {"detector": _runs()},
            {},
            n_classes=5,
        )


def test_every_run_must_name_its_classes() -> None:
    labels = _labels()
    with pytest.raises(InputError, match=r"net: expected .* each of 2 runs, received those of 1"):
        classified_result(
            "Test",
            labels,
            labels.family,
            labels.is_attack,
            {"net": _runs()},
            {"net": [labels.family]},
            n_classes=5,
        )

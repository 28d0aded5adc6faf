"""Metrics of classes, held against scikit-learn and against records repeated by hand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Run
from oddflow.evaluate.bootstrap import estimate
from oddflow.evaluate.classes import (
    CLASS_METRICS,
    NamedRecords,
    estimate_classes,
    measure_classes,
)

CLASSES = ("normal", "dos", "probe", "r2l", "u2r")
Records = tuple[np.ndarray, np.ndarray, np.ndarray]
MeasureClasses = Callable[..., dict[str, float]]


def names(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


@st.composite
def records(draw: st.DrawFn) -> Records:
    """Truth, verdicts (not always of the same classes), and weights of which some are 0."""
    n = draw(st.integers(1, 30))
    columns = [
        names(*draw(st.lists(st.sampled_from(kinds), min_size=n, max_size=n)))
        for kinds in (CLASSES[:4], CLASSES[1:])
    ]
    weights = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    weights[0] = 1
    return columns[0], columns[1], np.array(weights)


def scikit_learn(
    truth: np.ndarray, named: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, float]:
    truth, named = truth.astype(str), named.astype(str)
    found = {"accuracy": float(sk.accuracy_score(truth, named, sample_weight=weights))}
    for average in ("weighted", "macro"):
        values = sk.precision_recall_fscore_support(
            truth, named, average=average, sample_weight=weights, zero_division=0
        )
        for name, value in zip(("precision", "recall", "f1"), values[:3], strict=True):
            found[f"{name}_{average}"] = float(value)
    return found


def check_agrees(measure: MeasureClasses, sample: Records) -> None:
    truth, named, weights = sample
    assert measure(truth, named) == pytest.approx(scikit_learn(truth, named))
    heavy = weights + 1
    assert measure(truth, named, heavy) == pytest.approx(scikit_learn(truth, named, heavy))
    repeated = scikit_learn(np.repeat(truth, weights), np.repeat(named, weights))
    assert measure(truth, named, weights) == pytest.approx(repeated)


@settings(deadline=None)
@given(records())
def test_metrics_agree_with_scikit_learn(sample: Records) -> None:
    check_agrees(measure_classes, sample)


def _true_classes_alone(
    truth: np.ndarray, named: np.ndarray, *weights: np.ndarray
) -> dict[str, float]:
    """What a wrong reading would give: a class that is named and never true is left out."""
    found = measure_classes(truth, named, *weights)
    true, all_of_them = len(set(truth)), len({*truth, *named})
    return found | {"f1_macro": found["f1_macro"] * all_of_them / true}


def _deaf_to_weights(truth: np.ndarray, named: np.ndarray, *_: np.ndarray) -> dict[str, float]:
    return measure_classes(truth, named)


@pytest.mark.parametrize("broken", [_true_classes_alone, _deaf_to_weights])
def test_the_comparison_can_fail(broken: MeasureClasses) -> None:
    truth, named = names("normal", "dos", "dos"), names("normal", "dos", "u2r")
    check_agrees(measure_classes, (truth, named, np.array([1, 0, 2])))
    with pytest.raises(AssertionError):
        check_agrees(broken, (truth, named, np.array([1, 0, 2])))


def test_every_metric_is_measured_and_explained() -> None:
    assert list(measure_classes(names("a"), names("a"))) == list(CLASS_METRICS)
    for metric in CLASS_METRICS.values():
        assert metric.label
        assert metric.meaning.endswith(".")
        assert metric.meaning.count(".") == 1, "one sentence"
    assert len({metric.meaning for metric in CLASS_METRICS.values()}) == len(CLASS_METRICS)


def test_confusion_has_true_classes_in_rows() -> None:
    sample = NamedRecords(names("a", "a", "b"), names("b", "b", "c"))
    assert sample.classes == ("a", "b", "c")
    assert sample.confusion(np.array([1, 2, 5])).tolist() == [[0, 3, 0], [0, 0, 5], [0, 0, 0]]


def test_a_class_never_named_and_one_never_true_count_as_zero() -> None:
    found = measure_classes(names("a", "b"), names("a", "c"))
    assert found["precision_macro"] == found["recall_macro"] == pytest.approx(1 / 3)
    assert found["precision_weighted"] == found["accuracy"] == 0.5


def test_no_weight_is_not_a_number() -> None:
    found = measure_classes(names("a", "b"), names("a", "c"), np.zeros(2))
    assert all(map(math.isnan, found.values()))


@pytest.mark.parametrize(
    ("truth", "named", "weights"),
    [
        (names("a"), names("a", "b"), None),
        (names(), names(), None),
        (names("a"), names("a"), np.ones(2)),
        (names("a"), names("a"), np.array([-1.0])),
    ],
)
def test_refuses_what_does_not_fit(
    truth: np.ndarray, named: np.ndarray, weights: np.ndarray | None
) -> None:
    with pytest.raises(InputError, match="expected"):
        measure_classes(truth, named, weights)


def _drawn(n: int, n_seeds: int, *, n_classes: int = 3) -> tuple[list[np.ndarray], np.ndarray]:
    """Verdicts of several seeds, right for about three records of four."""
    random = np.random.default_rng(0)
    kinds = names(*(f"class {i}" for i in range(n_classes)))
    truth = kinds[random.integers(n_classes, size=n)]
    guesses = [kinds[random.integers(n_classes, size=n)] for _ in range(n_seeds)]
    return [np.where(random.random(n) < 0.75, truth, guess) for guess in guesses], truth


def test_mean_and_std_are_over_the_seeds() -> None:
    named, truth = _drawn(200, 3)
    found = estimate_classes(named, truth, n_resamples=40, seed=0)
    assert list(found) == list(CLASS_METRICS)
    single = [measure_classes(truth, one) for one in named]
    for name, one in found.items():
        values = [metrics[name] for metrics in single]
        assert one.mean == pytest.approx(np.mean(values))
        assert one.std == pytest.approx(np.std(values, ddof=1))
        assert one.low < one.mean < one.high


def test_classes_and_scores_are_resampled_alike() -> None:
    """The accuracy of two classes and that of the flags are one number with one interval."""
    random = np.random.default_rng(0)
    truth = random.random(300) < 0.5
    runs = [Run(seed, truth + random.normal(size=300), 0.5, 0.0, 0.0) for seed in range(3)]

    def named(flags: np.ndarray) -> np.ndarray:
        return np.where(flags, "attack", "normal").astype(object)

    flags = [named(run.scores > run.threshold) for run in runs]
    classes = estimate_classes(flags, named(truth), seed=4)["accuracy"]
    assert classes == estimate(runs, truth, truth, seed=4)["accuracy"]
    assert classes != estimate_classes(flags, named(truth), seed=5)["accuracy"]


def test_refuses_no_seed_and_too_few_resamples() -> None:
    named, truth = _drawn(10, 1)
    with pytest.raises(InputError, match="at least one run"):
        estimate_classes([], truth, seed=0)
    with pytest.raises(InputError, match="at least 40 resamples"):
        estimate_classes(named, truth, n_resamples=10, seed=0)


def test_a_large_test_set_takes_seconds() -> None:
    """The largest test set is that of KDD Cup 99, with 311,029 records of 38 classes."""
    named, truth = _drawn(311_029, 1, n_classes=38)
    start_s = time.perf_counter()
    estimate_classes(named, truth, n_resamples=40, seed=0)
    assert time.perf_counter() - start_s < 10

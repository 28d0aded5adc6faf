"""The metrics by name."""

from __future__ import annotations

import numpy as np
import pytest

from oddflow.evaluate.counts import ScoredRecords
from oddflow.evaluate.metrics import METRICS, Group, leaders, measure


def test_every_metric_is_what_its_name_says() -> None:
    # Scores 0 to 9; attacks at 3 (novel), 6 and 9; flagged: 6 to 9.
    scores = np.arange(10.0)
    truth = np.isin(scores, [3, 6, 9])
    records = ScoredRecords(scores, truth, threshold=5.0, novel=scores == 3)
    recall, fpr = 2 / 3, 2 / 7
    expected = {
        "auroc": (7 + 5 + 3) / 21,
        "auprc": (1 / 1 + 2 / 4 + 3 / 7) / 3,
        "recall_at_fpr_1": 1 / 3,
        "recall_at_fpr_5": 1 / 3,
        "accuracy": 0.7,
        "precision": 0.5,
        "recall": recall,
        "f1": 4 / 7,
        "mcc": (2 * 5 - 2 * 1) / np.sqrt(4 * 3 * 7 * 6),
        "fpr": fpr,
        "recall_novel": 0.0,
        "precision_at_base_rate_1": 0.01 * recall / (0.01 * recall + 0.99 * fpr),
        "precision_at_base_rate_01": 0.001 * recall / (0.001 * recall + 0.999 * fpr),
        "oracle_accuracy": 0.8,
        "oracle_f1": 6 / 10,
    }
    assert measure(records) == pytest.approx(expected)
    assert list(measure(records)) == list(METRICS)


def test_oracles_bound_what_a_threshold_attains() -> None:
    random = np.random.default_rng(0)
    truth = random.random(200) < 0.4
    scores = random.normal(size=200) + truth
    for threshold in (-1.0, 0.5, 2.0):
        values = measure(ScoredRecords(scores, truth, threshold=threshold))
        assert values["oracle_accuracy"] >= values["accuracy"]
        assert values["oracle_f1"] >= values["f1"]


def test_oracle_metrics_are_told_apart_by_name_and_group() -> None:
    oracles = {name for name, metric in METRICS.items() if metric.group is Group.ORACLE}
    assert oracles == {name for name in METRICS if name.startswith("oracle_")}


def test_leaders_are_those_that_look_alike_when_rounded() -> None:
    assert leaders("auroc", {"a": 0.9711, "b": 0.9714, "c": 0.9}, decimals=3) == {"a", "b"}
    assert leaders("fpr", {"a": 0.05, "b": 0.04}, decimals=3) == {"b"}
    assert leaders("auroc", {"a": float("nan")}, decimals=3) == frozenset()

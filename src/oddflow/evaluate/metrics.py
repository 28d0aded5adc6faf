"""The metrics by name: what each one means, how it is shown, and its value.

accuracy, precision, recall and f1 are equations 12 to 15 of Elazmazy and Nabil (2024).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from oddflow.evaluate.counts import Reading, ScoredRecords, Weights


class Group(StrEnum):
    """What a metric needs to know; the header that it stands under."""

    RANKING = "No threshold"
    THRESHOLD = "At the threshold"
    RARE = "If attacks were rare"
    ORACLE = "Oracle, not attainable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number that says how good a system is.

    Attributes:
        label: short name for a column.
        meaning: one sentence for a reader who does not know it.
        group: what it needs to know.
        value: the number, from counts.
        higher_is_better: False for a rate of errors.
    """

    label: str
    meaning: str
    group: Group
    value: Callable[[Reading], float]
    higher_is_better: bool = True


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "auroc": Metric(
            label="AUROC",
            meaning="The chance that a random attack scores above a random normal record.",
            group=Group.RANKING,
            value=lambda reading: reading.curve.auroc(),
        ),
        "auprc": Metric(
            label="AUPRC",
            meaning="Precision averaged over all attacks, each at its own threshold.",
            group=Group.RANKING,
            value=lambda reading: reading.curve.average_precision(),
        ),
        "recall_at_fpr_1": Metric(
            label="Recall at 1 % FPR",
            meaning="Largest share of attacks flagged while at most 1 % of the test normals are.",
            group=Group.RANKING,
            value=lambda reading: reading.curve.recall_at_fpr(0.01),
        ),
        "recall_at_fpr_5": Metric(
            label="Recall at 5 % FPR",
            meaning="Largest share of attacks flagged while at most 5 % of the test normals are.",
            group=Group.RANKING,
            value=lambda reading: reading.curve.recall_at_fpr(0.05),
        ),
        "accuracy": Metric(
            label="Accuracy",
            meaning="Share of the records judged rightly; depends on how many are attacks.",
            group=Group.THRESHOLD,
            value=lambda reading: reading.confusion.accuracy,
        ),
        "precision": Metric(
            label="Precision",
            meaning="Share of the flagged records that are attacks, in this mix of records.",
            group=Group.THRESHOLD,
            value=lambda reading: reading.confusion.precision,
        ),
        "recall": Metric(
            label="Recall",
            meaning="Share of the attacks that are flagged.",
            group=Group.THRESHOLD,
            value=lambda reading: reading.confusion.recall,
        ),
        "f1": Metric(
            label="F1",
            meaning="Harmonic mean of precision and recall.",
            group=Group.THRESHOLD,
            value=lambda reading: reading.confusion.f1,
        ),
        "mcc": Metric(
            label="MCC",
            meaning="Correlation of verdict and truth, -1 to 1; 0 for guessing.",
            group=Group.THRESHOLD,
            value=lambda reading: reading.confusion.mcc,
        ),
        "fpr": Metric(
            label="FPR",
            meaning="Share of the normal records that are flagged falsely.",
            group=Group.THRESHOLD,
            value=lambda reading: reading.confusion.fpr,
            higher_is_better=False,
        ),
        "recall_novel": Metric(
            label="Recall, novel",
            meaning="Share flagged of the attacks whose kind occurs nowhere in training.",
            group=Group.THRESHOLD,
            value=lambda reading: reading.novel.recall,
        ),
        "precision_at_base_rate_1": Metric(
            label="Precision at 1 %",
            meaning="Precision if one record in 100 were an attack, at this recall and FPR.",
            group=Group.RARE,
            value=lambda reading: reading.confusion.precision_at(0.01),
        ),
        "precision_at_base_rate_01": Metric(
            label="Precision at 0.1 %",
            meaning="Precision if one record in 1,000 were an attack, at this recall and FPR.",
            group=Group.RARE,
            value=lambda reading: reading.confusion.precision_at(0.001),
        ),
        "oracle_accuracy": Metric(
            label="Accuracy",
            meaning="Accuracy at the best of all thresholds, chosen with the test labels in sight.",
            group=Group.ORACLE,
            value=lambda reading: reading.curve.best_accuracy(),
        ),
        "oracle_f1": Metric(
            label="F1",
            meaning="F1 at the best of all thresholds, chosen with the test labels in sight.",
            group=Group.ORACLE,
            value=lambda reading: reading.curve.best_f1(),
        ),
    }
)
"""Every metric, in the order of the tables. The oracle ones bound what moving the threshold alone
could gain; nobody can attain them, because nobody has the labels."""


def measure(records: ScoredRecords, weights: Weights | None = None) -> dict[str, float]:
    """Every metric of `METRICS`, in that order; NaN where one is not defined.

    Args:
        records: scores, truth and threshold.
        weights: how often each record counts, shape (n,); by default once.

    Raises:
        InputError: weights of another shape, or a negative one.
    """
    reading = records.read(weights)
    return {name: metric.value(reading) for name, metric in METRICS.items()}


def leaders(metric: str, values: Mapping[str, float], *, decimals: int) -> frozenset[str]:
    """The systems that are best by a metric, as far as the decimals shown can tell.

    Args:
        metric: its name.
        values: system -> value; NaN never leads.
        decimals: how many are shown.

    >>> sorted(leaders("fpr", {"a": 0.051, "b": 0.0512, "c": 0.2}, decimals=3))
    ['a', 'b']
    """
    better = METRICS[metric].higher_is_better
    return best_of(values, higher_is_better=better, decimals=decimals)


def best_of(
    values: Mapping[str, float], *, higher_is_better: bool, decimals: int
) -> frozenset[str]:
    """The systems whose value is best, as far as the decimals shown can tell; NaN never leads.

    >>> sorted(best_of({"a": 7.01, "b": 7.04, "c": 9}, higher_is_better=False, decimals=1))
    ['a', 'b']
    """
    sign = 1 if higher_is_better else -1
    rounded = {name: round(sign * v, decimals) for name, v in values.items() if not math.isnan(v)}
    best = max(rounded.values(), default=0.0)
    return frozenset(name for name, value in rounded.items() if value == best)

"""A test set on which classifiers and detectors stand side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Estimate, Run, TestSetResult
from oddflow.core.matrix import Labels
from oddflow.evaluate.bootstrap import estimate, estimate_from
from oddflow.evaluate.class_confusion import flagged_as_classes
from oddflow.evaluate.classes import Names, estimate_classes
from oddflow.evaluate.counts import Bools, Weights
from oddflow.evaluate.metrics import METRICS
from oddflow.evaluate.running import RESAMPLE_SEED

BINARY_VIEW = ("auroc", "fpr", "recall_novel")
"""What is said of attack against normal where classes of attacks are told apart."""


def classified_result(
    name: str,
    labels: Labels,
    truth: Names,
    novel: Bools,
    runs: Mapping[str, Sequence[Run]],
    predicted: Mapping[str, Sequence[Names]],
    *,
    n_classes: int,
) -> TestSetResult:
    """Every system on one test set, with all metrics that make sense of it.

    For two classes these are all of `METRICS`, which look at scores and threshold, and all of
    `CLASS_METRICS`, which look at the class named (for a detector: at what it flags). For more
    classes they are `CLASS_METRICS`, and AUROC, FPR and recall of novel attacks. `accuracy` is
    always that of the class named. `fit_s` (seconds) and `records_per_s` say what it costs.

    Args:
        name: of the test set.
        labels: of its records.
        truth: the class of each record, strings, shape (n,).
        novel: True where the attack occurs nowhere in training, shape (n,).
        runs: system -> one run a seed.
        predicted: system -> for each of its runs, the class named for each record, shape (n,); a
            detector is left out, and names what it flags `attack` and the rest `normal`.
        n_classes: how many classes the systems were trained to tell apart.

    Raises:
        InputError: a detector among systems that tell more than two classes apart, other numbers of
            runs and of classes named, or what `estimate` and `estimate_classes` refuse.
    """
    named = {
        system: _named(system, of_system, predicted, n_classes)
        for system, of_system in runs.items()
    }
    shown = tuple(METRICS) if n_classes == 2 else BINARY_VIEW
    metrics = {}
    for system, of_system in runs.items():
        binary = estimate(of_system, labels.is_attack, novel, seed=RESAMPLE_SEED)
        metrics[system] = {
            **{metric: binary[metric] for metric in shown},
            **estimate_classes(named[system], truth, seed=RESAMPLE_SEED),
            **_cost(of_system),
        }
    return TestSetResult(
        name,
        labels,
        novel,
        {system: tuple(of_system) for system, of_system in runs.items()},
        metrics,
        {system: tuple(named) for system, named in predicted.items()},
        truth,
    )


def _named(
    system: str, runs: Sequence[Run], predicted: Mapping[str, Sequence[Names]], n_classes: int
) -> Sequence[Names]:
    """The class that each run names for each record; of a detector, by its threshold."""
    if system in predicted:
        if len(predicted[system]) != len(runs):
            raise InputError(
                f"{system}: expected the classes named by each of {len(runs)} runs, received "
                f"those of {len(predicted[system])}"
            )
        return predicted[system]
    if n_classes > 2:
        raise InputError(
            f"{system} names no classes, so it cannot be judged on {n_classes} of them; give its "
            "classes in `predicted`, or leave it out"
        )
    return [flagged_as_classes(run) for run in runs]


def _cost(runs: Sequence[Run]) -> dict[str, Estimate]:
    """Seconds of training, and records scored in a second; NaN where no time was measured.

    A run is one measurement, so that the intervals are over runs alone.
    """

    def measure(run: Run, weights: Weights | None) -> dict[str, float]:
        del weights
        per_s = len(run.scores) / run.score_s if run.score_s > 0 else math.nan
        return {"fit_s": run.fit_s, "records_per_s": per_s}

    return estimate_from([partial(measure, run) for run in runs], 1, seed=RESAMPLE_SEED)

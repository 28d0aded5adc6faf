"""The numbers of an evaluation, with the protocol that makes them comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import Labels


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric over seeds.

    Attributes:
        mean: over the seeds.
        std: over the seeds (0 for a single one).
        low: lower end of the 95 % bootstrap interval of the mean, over seeds and test records.
        high: upper end.
    """

    mean: float
    std: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Plain data; what is not defined (NaN) becomes null."""
        values = {"mean": self.mean, "std": self.std, "low": self.low, "high": self.high}
        return {name: None if np.isnan(v) else float(v) for name, v in values.items()}


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """One system on one test set with one seed.

    Attributes:
        seed: of training and of the split of the normals.
        scores: shape (n,), higher is odder.
        threshold: in units of the scores.
        fit_s: seconds that training took.
        score_s: seconds that scoring took.
    """

    seed: int
    scores: NDArray[np.float64]
    threshold: float
    fit_s: float
    score_s: float


@dataclass(frozen=True, slots=True)
class TrainingHistory:
    """How a network was trained.

    Attributes:
        loss: mean training loss of each epoch.
        validation_loss: loss on the held-out records after each epoch.
        best_epoch: zero-based epoch whose weights were kept.
        seconds: wall-clock time of training.
    """

    loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    best_epoch: int
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class ResidualMap:
    """Where the error of each kind of record lies; the heat map of the report.

    Attributes:
        rows: kinds of records, such as attack names.
        columns: feature names.
        values: mean share of the score that a feature carries, shape (rows, columns).
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class TestSetResult:
    """Every system on one test set.

    Attributes:
        name: of the test set.
        labels: of its records.
        novel: True where the attack occurs nowhere in training, shape (n,).
        runs: system -> one run a seed.
        metrics: system -> metric -> estimate.
        predicted: system -> the class that each seed named for each record, strings of shape (n,);
            for systems that tell classes of attacks apart.
        truth: the class of each record in the terms of `predicted`, strings of shape (n,); None
            where no system tells classes apart.
    """

    __test__ = False

    name: str
    labels: Labels
    novel: NDArray[np.bool_]
    runs: Mapping[str, tuple[Run, ...]]
    metrics: Mapping[str, Mapping[str, Estimate]]
    predicted: Mapping[str, tuple[NDArray[np.object_], ...]] = field(default_factory=dict)
    truth: NDArray[np.object_] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """The result of a protocol.

    Attributes:
        protocol: its name.
        seeds: the seeds used.
        target_fpr: the false-positive rate that thresholds were set for.
        test_sets: name -> result.
        notes: what a reader must know to compare the numbers.
    """

    protocol: str
    seeds: tuple[int, ...]
    target_fpr: float
    test_sets: Mapping[str, TestSetResult]
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The stable, machine-readable form that `oddflow evaluate --json` prints."""
        return {
            "protocol": self.protocol,
            "seeds": list(self.seeds),
            "target_fpr": self.target_fpr,
            "notes": list(self.notes),
            "test_sets": {
                name: {
                    "n_records": len(result.labels),
                    "systems": {
                        system: {metric: e.to_json() for metric, e in estimates.items()}
                        for system, estimates in result.metrics.items()
                    },
                }
                for name, result in self.test_sets.items()
            },
        }

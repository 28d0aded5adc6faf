"""The numbers of an evaluation, with the protocol that makes them comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFound:
    """How one system finds one kind of attack in one test set, over the seeds.

    Attributes:
        attack: its name.
        n_records: of this kind.
        recall: share of them that is flagged, mean over the seeds.
        n_alerted: seeds in which at least one of them is flagged.
        n_beyond_luck: seeds in which more are flagged than luck explains, see
            `oddflow.evaluate.kinds`.
        by_luck: the chance that at least one would be flagged if they were normal, mean over the
            seeds.
        first_alert_s: seconds from the start of the first of them until the first of those flagged
            was known, median over the seeds that flag one; None if none does, or without times.
        false_alerts_before: normal records flagged in that span, median over the same seeds.
    """

    attack: str
    n_records: int
    recall: float
    n_alerted: int
    n_beyond_luck: int
    by_luck: float
    first_alert_s: float | None
    false_alerts_before: float | None

    def to_json(self) -> dict[str, float | None]:
        """Plain data, without the name."""
        values = asdict(self)
        del values["attack"]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class KindsFound:
    """How one system finds each kind of attack in one test set.

    Attributes:
        kinds: the one of highest recall first.
        alerted: for each seed, how many kinds have at least one record flagged.
        by_luck: for each seed, how many would on average if all records were normal.
        beyond_luck: for each seed, how many have more records flagged than luck explains.
        is_timed: whether the records have times.
    """

    kinds: tuple[KindFound, ...]
    alerted: tuple[int, ...]
    by_luck: tuple[float, ...]
    beyond_luck: tuple[int, ...]
    is_timed: bool

    def to_json(self) -> dict[str, Any]:
        """Plain data; kinds by their names."""
        return {
            "n_kinds": len(self.kinds),
            "alerted": list(self.alerted),
            "by_luck": list(self.by_luck),
            "beyond_luck": list(self.beyond_luck),
            "kinds": {kind.attack: kind.to_json() for kind in self.kinds},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureShift:
    """How one feature of the normal test records differs from the normal training records.

    Attributes:
        feature: its name.
        distance: between the two distributions, from 0 (the same) to 1 (nothing in common): that of
            Kolmogorov and Smirnov for numbers, total variation for categories.
        outside: share of the test records beyond what training had: above its largest or below its
            smallest number, or of a name that it had not.
        shift_sd: how far the mean has moved, in standard deviations of training, after log1p for
            counts; None for categories, and for numbers that are constant in training.
        train: median, or commonest name, in training.
        test: the same in the test records.
    """

    feature: str
    distance: float
    outside: float
    shift_sd: float | None
    train: float | str
    test: float | str


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
        kinds: system -> how it finds each kind of attack, where that was asked.
        shift: how normal traffic differs from that of training, the feature that differs most
            first, where that was asked.
    """

    __test__ = False

    name: str
    labels: Labels
    novel: NDArray[np.bool_]
    runs: Mapping[str, tuple[Run, ...]]
    metrics: Mapping[str, Mapping[str, Estimate]]
    predicted: Mapping[str, tuple[NDArray[np.object_], ...]] = field(default_factory=dict)
    truth: NDArray[np.object_] | None = None
    kinds: Mapping[str, KindsFound] = field(default_factory=dict)
    shift: tuple[FeatureShift, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data; without what was not asked."""
        told: dict[str, Any] = {
            "n_records": len(self.labels),
            "systems": {
                system: {metric: e.to_json() for metric, e in estimates.items()}
                for system, estimates in self.metrics.items()
            },
        }
        if self.kinds:
            told["attacks"] = {system: found.to_json() for system, found in self.kinds.items()}
        if self.shift:
            told["shift"] = [asdict(shift) for shift in self.shift]
        return told


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
            "test_sets": {name: result.to_json() for name, result in self.test_sets.items()},
        }

"""One fit of one system under one protocol, as a job that any process can do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oddflow.core.evaluation import Run, TrainingHistory
from oddflow.models.classifier import OnEpoch
from oddflow.reproduce.splits import classes_of, split_of
from oddflow.reproduce.systems import SYSTEMS, Training


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to fit on what; plain data.

    Attributes:
        system: a name of `SYSTEMS`.
        corpus: a corpus of `SPLITS`.
        protocol: a protocol of that corpus.
        n_classes: 2, 5 or 23.
        seed: of split, weights and order.
        epochs: most passes over the training records; None for the system's own number.
        data_dir: where corpora are looked for first.
    """

    system: str
    corpus: str
    protocol: str
    n_classes: int
    seed: int
    epochs: int | None = None
    data_dir: Path | None = None

    @property
    def title(self) -> str:
        """For a progress bar."""
        return f"{self.system}, {self.corpus} {self.protocol}, seed {self.seed}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What a job found.

    Attributes:
        runs: test set -> scores and times.
        predicted: test set -> the class named for each record, strings; empty for a detector.
        n_parameters: trained numbers.
        histories: stage of training -> losses.
    """

    runs: Mapping[str, Run]
    predicted: Mapping[str, NDArray[np.object_]]
    n_parameters: int
    histories: Mapping[str, TrainingHistory]


def run_job(job: Job, on_epoch: OnEpoch | None = None) -> Outcome:
    """Fit the system and score every test set.

    Raises:
        OddflowError: as the corpus and the system say.
    """
    split = split_of(job.corpus, job.protocol, job.data_dir)
    classes = classes_of(split.train.labels, job.n_classes)
    labels = split.train.labels
    training = Training(
        split.train.features, classes, labels.family, job.seed, job.epochs, on_epoch
    )
    start_s = time.perf_counter()
    fitted = SYSTEMS[job.system].fit(training)
    fit_s = time.perf_counter() - start_s
    runs, predicted = {}, {}
    for name, test in split.test_sets.items():
        start_s = time.perf_counter()
        scores = fitted.score(test.features)
        score_s = time.perf_counter() - start_s
        runs[name] = Run(job.seed, scores, fitted.threshold, fit_s, score_s)
        if fitted.predict is not None:
            predicted[name] = fitted.predict(test.features)
    return Outcome(
        runs=runs,
        predicted=predicted,
        n_parameters=fitted.n_parameters,
        histories=fitted.histories,
    )

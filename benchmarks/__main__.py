"""`python -m benchmarks`: measure, print a table, write results.json."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.workload import flops_of_a_window
from benchmarks.worker import Worker

BATCHES = (128, 256, 512, 1024, 2048)
"""Tried for `predict_on_batch`; the best counts."""
STEPS = (1, 10)
Measure = Callable[[], float]


class Row(NamedTuple):
    """A comparison; a ratio above 1 is in our favour."""

    name: str
    ours: float
    peer: float
    ratio: float
    unit: str


class Comparison(NamedTuple):
    """Two measurements of a rate; the higher is the better."""

    name: str
    unit: str
    ours: Measure
    peer: Measure


def comparisons(ours: Worker, keras: Worker) -> Iterator[Comparison]:
    """What is compared, training and scoring, one step and ten."""
    for t in STEPS:
        epochs = 4 if t == 1 else 1

        def train(t: int = t, epochs: int = epochs) -> float:
            return ours.rate("train", n_steps=t, epochs=epochs)

        def fit(task: str, t: int = t, epochs: int = epochs) -> Measure:
            return lambda: keras.rate(task, n_steps=t, epochs=epochs)

        yield Comparison(
            f"training, T={t}, against Keras on TensorFlow as shipped",
            "windows/s", train, fit("fit_arrays"),
        )
        yield Comparison(
            f"training, T={t}, against Keras on TensorFlow with tf.data autotune off",
            "windows/s", train, fit("fit_dataset"),
        )
    for t in STEPS:

        def score(t: int = t) -> float:
            return ours.rate("score", n_steps=t, passes=2)

        def score_one(t: int = t) -> float:
            return ours.rate("score_one", n_steps=t, calls=2000)

        def predict(task: str, t: int = t, **arguments: int) -> Measure:
            return lambda: keras.rate(task, n_steps=t, **arguments)

        yield Comparison(
            f"scoring, T={t}, against Keras predict", "windows/s", score,
            predict("predict", passes=1),
        )
        best = max(
            BATCHES,
            key=lambda batch: keras.rate("predict_on_batch", n_steps=t, passes=1, batch=batch),  # noqa: B023
        )
        yield Comparison(
            f"scoring, T={t}, against Keras predict_on_batch at its best batch size ({best})",
            "windows/s", score, predict("predict_on_batch", passes=1, batch=best),
        )
        yield Comparison(
            f"latency of one record, T={t}, against Keras predict", "calls/s", score_one,
            predict("predict_one", calls=20),
        )
        yield Comparison(
            f"latency of one record, T={t}, against Keras predict_on_batch", "calls/s", score_one,
            predict("predict_on_batch_one", calls=200),
        )

"""`python -m benchmarks`: measure, print a table, write results.json."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.command import command_rows
from benchmarks.worker import Worker
from benchmarks.workload import STEP_WIDTHS, flops_of_a_window

BATCHES = (128, 256, 512, 1024, 2048)
"""Tried for `predict_on_batch`; the best counts."""
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


def trainings(ours: Worker, keras: Worker) -> Iterator[Comparison]:
    """Steady training, after compilation."""
    for t in STEP_WIDTHS:
        epochs = 4 if t == "T=1" else 1
        train = partial(ours.rate, "train", layout=t, epochs=epochs)
        for task, how in (
            ("fit_arrays", "as shipped"),
            ("fit_dataset", "with tf.data autotune off"),
        ):
            yield Comparison(
                f"training, {t}, against Keras on TensorFlow {how}",
                "windows/s",
                train,
                partial(keras.rate, task, layout=t, epochs=epochs),
            )


def scorings(ours: Worker, keras: Worker) -> Iterator[Comparison]:
    """Throughput and single records; ours computes the score as well."""
    for t in STEP_WIDTHS:
        ask = partial(keras.rate, layout=t)
        rates = {b: ask("predict_on_batch", passes=1, batch=b) for b in BATCHES for _ in range(2)}
        best = max(rates, key=lambda batch: rates[batch])
        score = partial(ours.rate, "score", layout=t, passes=2)
        for peer, measure in (
            ("predict", partial(ask, "predict", passes=1)),
            (
                f"predict_on_batch at its best batch size, {best}",
                partial(ask, "predict_on_batch", passes=1, batch=best),
            ),
        ):
            yield Comparison(f"scoring, {t}, against Keras {peer}", "windows/s", score, measure)
        one = partial(ours.rate, "score_one", layout=t, calls=2000)
        for peer, measure in (
            ("predict", partial(ask, "predict_one", calls=20)),
            ("predict_on_batch", partial(ask, "predict_on_batch_one", calls=200)),
        ):
            yield Comparison(
                f"one record at a time, {t}, against Keras {peer}", "records/s", one, measure
            )


def compare(comparison: Comparison, rounds: int) -> Row:
    """Take turns; the best turn of each side counts. The first turns, which compile, do not."""
    comparison.ours()
    comparison.peer()
    turns = [(comparison.ours(), comparison.peer()) for _ in range(rounds)]
    ours, peer = max(o for o, _ in turns), max(p for _, p in turns)
    return Row(comparison.name, ours, peer, ours / peer, comparison.unit)


def share_of_peak(ours: Worker, rounds: int) -> Row:
    """Matrix arithmetic done in scoring, against what the core does in large products alone."""
    n_steps = 10
    per_window = flops_of_a_window(n_steps)
    return compare(
        Comparison(
            f"arithmetic of scoring, T={n_steps}, as a share of this core's sgemm peak",
            "flop/s",
            lambda: per_window * ours.rate("score", layout=f"T={n_steps}", passes=1),
            partial(ours.rate, "matrix_product", n=2048, repeats=4),
        ),
        rounds,
    )


def table_of(rows: list[Row]) -> Table:
    """The rows for people."""
    table = Table("comparison", "ours", "peer", "ratio", "unit", title="above 1: in our favour")
    for row in rows:
        table.add_row(
            row.name, f"{row.ours:,.4g}", f"{row.peer:,.4g}", f"{row.ratio:.2f}", row.unit
        )
    return table


def main() -> None:
    """Measure everything on one core."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results.json"))
    parser.add_argument("--rounds", type=int, default=7, help="turns of each side")
    arguments = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    ours = Worker("benchmarks.ours", core=core, environment={"KERAS_BACKEND": "jax"})
    keras = Worker(
        "benchmarks.keras_tensorflow", core=core, environment={"KERAS_BACKEND": "tensorflow"}
    )
    rows: list[Row] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("training", total=2 * len(STEP_WIDTHS) * 3 + 2)
        for measured in (trainings(ours, keras), scorings(ours, keras)):
            for comparison in measured:
                progress.update(task, description=comparison.name)
                rows.append(compare(comparison, arguments.rounds))
                progress.advance(task)
        rows.append(share_of_peak(ours, arguments.rounds))
        progress.advance(task)
        ours.close()
        keras.close()
        progress.update(task, description="the command line")
        rows += [Row(*row) for row in command_rows()]
        progress.advance(task)
    arguments.output.write_text(json.dumps([row._asdict() for row in rows], indent=2) + "\n")
    Console().print(table_of(rows))


if __name__ == "__main__":
    main()

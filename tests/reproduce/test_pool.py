"""Jobs in processes of their own: order, news, failures, and nobody left behind."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures.process import _ExecutorManagerThread
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.reproduce.jobs import Job, Outcome
from oddflow.reproduce.pool import THREADS, News, WorkerDied, run_jobs

NOWHERE = Job(system="majority", corpus="no corpus", protocol="official", n_classes=2, seed=0)
"""Fails in the worker, with an error that this process reads."""


class WhenRead:
    """In the place of a folder of data: a call that the worker makes when it is handed the job."""

    def __init__(self, call: Callable[..., Any], argument: float) -> None:
        self.call, self.argument = call, argument

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, (self.argument,)


def job_that(call: Callable[..., Any], argument: float) -> Job:
    """A job that does something else before it fails."""
    return replace(NOWHERE, data_dir=cast("Path", WhenRead(call, argument)))


def quiet(_n_done: int, _news: News | None) -> None:
    """Listens to nothing."""


def check_nobody_is_left() -> None:
    assert multiprocessing.active_children() == []


def same(one: Outcome, other: Outcome) -> bool:
    """True if all scores and classes are the same bits."""
    return all(
        np.array_equal(run.scores, other.runs[name].scores) for name, run in one.runs.items()
    ) and all((named == other.predicted[name]).all() for name, named in one.predicted.items())


def test_the_error_of_a_job_reaches_the_caller() -> None:
    with pytest.raises(InputError, match=r"received no corpus \(official\)"):
        run_jobs([NOWHERE], n_workers=1, on_news=quiet)
    check_nobody_is_left()


def test_a_failure_does_not_wait_for_the_others() -> None:
    start_s = time.perf_counter()
    with pytest.raises(InputError, match="no corpus"):
        run_jobs([job_that(time.sleep, 300), NOWHERE], n_workers=2, on_news=quiet)
    assert time.perf_counter() - start_s < 120
    check_nobody_is_left()


def test_a_worker_that_dies_is_told_of() -> None:
    with pytest.raises(WorkerDied, match="--jobs 1"):
        run_jobs([job_that(time.sleep, 300), job_that(os._exit, 7)], n_workers=2, on_news=quiet)
    check_nobody_is_left()


def test_a_death_that_the_pool_does_not_see_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool may wait for processes of which the one that dies is none; here it sees nothing."""
    seeing = _ExecutorManagerThread.wait_result_broken_or_wakeup

    def blind(manager: Any) -> Any:  # noqa: ANN401 - no public type
        if manager.is_shutting_down():
            return seeing(manager)
        time.sleep(0.1)
        return None, False, None

    monkeypatch.setattr(_ExecutorManagerThread, "wait_result_broken_or_wakeup", blind)
    start_s = time.perf_counter()
    with pytest.raises(WorkerDied, match="--jobs 1"):
        run_jobs([job_that(time.sleep, 60), job_that(os._exit, 7)], n_workers=2, on_news=quiet)
    assert time.perf_counter() - start_s < 50
    check_nobody_is_left()


def test_an_interrupt_ends_the_workers() -> None:
    def interrupt(_n_done: int, _news: News | None) -> None:
        raise KeyboardInterrupt

    start_s = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        run_jobs([job_that(time.sleep, 300)], n_workers=1, on_news=interrupt)
    assert time.perf_counter() - start_s < 120
    check_nobody_is_left()


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = THREADS
    monkeypatch.setenv(first, "7")
    for name in others:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError):
        run_jobs([NOWHERE], n_workers=1, on_news=quiet)
    assert {name: os.environ.get(name) for name in THREADS} == {
        first: "7",
        **dict.fromkeys(others),
    }


@pytest.mark.data
def test_outcomes_stand_in_the_order_of_the_jobs(corpora: Path) -> None:
    """The first job takes far longer than the others."""
    slow = replace(NOWHERE, system="knn", corpus="iot-23", protocol="time-split", data_dir=corpora)
    fast = replace(slow, system="majority")
    n_done: list[int] = []
    outcomes = run_jobs(
        [slow, fast, replace(slow, system="pca", seed=3)],
        n_workers=2,
        on_news=lambda n, _news: n_done.append(n),
    )
    assert [bool(outcome.predicted) for outcome in outcomes] == [False, True, False]
    assert [next(iter(outcome.runs.values())).seed for outcome in outcomes] == [0, 0, 3]
    assert n_done == sorted(n_done)
    assert n_done[-1] == 3
    check_nobody_is_left()


@pytest.mark.slow
@pytest.mark.data
def test_results_do_not_depend_on_the_number_of_workers(corpora: Path) -> None:
    first = replace(NOWHERE, system="dnn", corpus="nsl-kdd", epochs=1, data_dir=corpora)
    jobs = [first, replace(first, seed=1)]
    news: list[News] = []

    def listen(_n_done: int, one: News | None) -> None:
        news.extend([] if one is None else [one])

    alone = run_jobs(jobs, n_workers=1, on_news=listen)
    assert [(one.job, one.stage, one.epoch.number) for one in news] == [
        (0, "training", 1),
        (1, "training", 1),
    ]
    assert [one.epoch.loss for one in news] == [
        outcome.histories["training"].loss[0] for outcome in alone
    ]
    together = run_jobs(jobs, n_workers=2, on_news=quiet)
    assert [same(one, other) for one, other in zip(alone, together, strict=True)] == [True, True]
    assert not same(*alone), "two seeds, and the same scores"

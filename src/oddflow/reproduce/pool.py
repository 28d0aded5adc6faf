"""Jobs side by side: one process a core, each on a core of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, NamedTuple

from oddflow.core.errors import OddflowError
from oddflow.models.train import Epoch
from oddflow.reproduce.jobs import Job, Outcome, run_job

POLL_S = 0.2
XLA = "XLA_FLAGS"
THREADS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    XLA: "--xla_cpu_multi_thread_eigen=false",
}
"""One core, one thread: small products gain nothing from more, and two jobs would fight."""


DIED = (
    "a worker process ended without an answer, most likely for want of memory; "
    "use fewer workers (--jobs 1)"
)


class News(NamedTuple):
    """What a job tells of an epoch: its number in the list, the stage, the epoch."""

    job: int
    stage: str
    epoch: Epoch


class WorkerDied(OddflowError):
    """A process ended without an answer."""


def run_jobs(
    jobs: Sequence[Job], *, n_workers: int, on_news: Callable[[int, News | None], None]
) -> list[Outcome]:
    """Do all jobs; the outcomes in the order of the jobs.

    Results do not depend on the number of workers: each job sees one thread.

    Args:
        jobs: what to do.
        n_workers: processes.
        on_news: told how many jobs are done, and of an epoch of a running one.

    Raises:
        OddflowError: what a job raised; the others are given up.
        WorkerDied: a process ended without an answer.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    cores: Any = context.Queue()
    for core in _cores(n_workers):
        cores.put(core)
    with (
        _environment(),
        ProcessPoolExecutor(
            n_workers, mp_context=context, initializer=_begin, initargs=(cores, told)
        ) as pool,
    ):
        futures = [pool.submit(_work, i, job) for i, job in enumerate(jobs)]
        workers: set[multiprocessing.process.BaseProcess] = set()
        try:
            for n_done, news in _watched(futures, told):
                on_news(n_done, news)
                workers |= set(multiprocessing.active_children()) - others
                _check_alive(workers)
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise WorkerDied(DIED) from error
        except BaseException:
            # Leaving the pool waits for its processes, which may be minutes from their end.
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
            raise


def _watched(
    futures: Sequence[Future[Outcome]],
    told: Any,  # noqa: ANN401 - a queue
) -> Iterator[tuple[int, News | None]]:
    """How many jobs are done, again and again, with news of the others, until the last is.

    Raises:
        OddflowError: what a job raised, as soon as it does.
    """
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        n_done = len(futures) - len(pending)
        yield n_done, None
        for news in _drained(told):
            yield n_done, news


def _check_alive(workers: Iterable[multiprocessing.process.BaseProcess]) -> None:
    """Refuse to wait for the dead.

    The pool does not see the end of a process that started while it began to wait for others, and
    with them it would wait for what the dead one owes.
    """
    if any(worker.exitcode not in (None, 0) for worker in workers):
        raise WorkerDied(DIED)


def _drained(told: Any) -> Iterator[News]:  # noqa: ANN401 - a queue
    while True:
        try:
            yield told.get_nowait()
        except queue.Empty:
            return


def _cores(n_workers: int) -> list[int | None]:
    """A core for each worker, None where the system does not say which there are."""
    if not hasattr(os, "sched_getaffinity"):
        return [None] * n_workers
    cores = sorted(os.sched_getaffinity(0))
    return [cores[i % len(cores)] for i in range(n_workers)]


@contextmanager
def _environment() -> Iterator[None]:
    """Variables that child processes start with; ours are put back afterwards."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(THREADS)
    if before[XLA]:
        os.environ[XLA] = f"{before[XLA]} {THREADS[XLA]}"
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_told: Any = None
"""The queue of this worker process."""


def _begin(cores: Any, told: Any) -> None:  # noqa: ANN401 - queues
    """Set a worker process up."""
    global _told  # noqa: PLW0603 - a process of the pool has no other place to keep it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _told = told
    core = cores.get()
    if core is not None:
        os.sched_setaffinity(0, {core})


def _end_with_parent() -> None:
    """End this process when the parent is gone, however it went, and not a job later."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(number: int, job: Job) -> Outcome:
    return run_job(job, lambda stage, epoch: _told.put(News(number, stage, epoch)))

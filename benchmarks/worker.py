"""A process that times one side's tasks when told to: one JSON line in, one JSON line out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

Task = Callable[..., float]
"""Runs once and returns how much it did (windows, records, calls)."""


def serve(tasks: dict[str, Task]) -> None:
    """Answer requests {"task", ...arguments} with the rate a second until stdin ends."""
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        task = tasks[request.pop("task")]
        start_s = time.perf_counter()
        done = task(**request)
        sys.stdout.write(json.dumps({"rate": done / (time.perf_counter() - start_s)}) + "\n")
        sys.stdout.flush()


class Worker:
    """The other end: starts a worker on one core and asks it."""

    def __init__(self, module: str, *, core: int, environment: dict[str, str]) -> None:
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
        single = dict.fromkeys(threads, "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **single, **environment},
            text=True,
        )
        os.sched_setaffinity(self._process.pid, {core})

    def rate(self, task: str, **arguments: Any) -> float:  # noqa: ANN401 - plain JSON
        """How much of the task a second."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        self._process.stdin.write(json.dumps({"task": task, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker ended during {task} {arguments}")
        return float(json.loads(answer)["rate"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

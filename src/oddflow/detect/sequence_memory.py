"""What a graph of sequences is run on: windows of steps, or a state kept for each host.

In both, the score of a connection depends on those of the same history before it and on nothing
else, so that blocks may be cut anywhere. Memory is bounded by the number of hosts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.runtime import CHUNK, GraphRunner
from oddflow.detect.sequence_graph import STATE
from oddflow.features.hosts import MAX_HOSTS, Rows, Seated, new_histories, windows_of

AT_ONCE = 8 * CHUNK
"""Windows that are made at once."""


class Memory(Protocol):
    """Runs a graph on connections one history after the other; holds what came before."""

    def run(
        self, runner: GraphRunner, seated: Seated, steps: Rows, names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """The named outputs for the next connections, in their order.

        Args:
            runner: of the graph.
            seated: where the connections belong.
            steps: encoded, shape (n, columns).
            names: of the outputs.
        """
        ...


@final
class WindowMemory:
    """The last steps of each host; see `Memory`."""

    def __init__(self, length: int, n_columns: int, *, n_hosts: int = MAX_HOSTS) -> None:
        self._histories = new_histories(length, n_columns, n_hosts=n_hosts)

    def run(
        self, runner: GraphRunner, seated: Seated, steps: Rows, names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """See `Memory.run`."""
        parts = [
            runner.run(windows.reshape(len(windows), -1), names)
            for windows in self.windows(seated, steps)
        ]
        if not parts:
            return runner.run(np.empty((0, runner.n_columns), dtype=np.float32), names)
        return [np.concatenate(columns) for columns in zip(*parts, strict=True)]

    def windows(self, seated: Seated, steps: Rows) -> Iterator[Rows]:
        """The windows of the next connections, some at a time, shape (n, length, columns + 1)."""
        for start in range(0, len(steps), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            yield windows_of(self._histories, seated.take(rows), steps[rows])


@final
class StateMemory:
    """What the graph keeps of each host; see `Memory`.

    Connections of one history must be run one after the other, those of different ones need not:
    the first of each in a block are run together, then the second of each, and so on.
    """

    def __init__(self, n_state: int, *, n_hosts: int = MAX_HOSTS) -> None:
        self._states = np.zeros((n_hosts, n_state), dtype=np.float32)

    def run(
        self, runner: GraphRunner, seated: Seated, steps: Rows, names: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """See `Memory.run`."""
        empty = np.empty((0, runner.n_columns), dtype=np.float32)
        results = [
            np.empty((len(steps), *part.shape[1:]), dtype=np.float32)
            for part in runner.run(empty, names)
        ]
        for rows in _turns(seated.seat):
            seats = seated.seat[rows]
            before = np.where(seated.is_first[rows, None], np.float32(0), self._states[seats])
            inputs = np.concatenate([steps[rows], before], axis=1)
            *outputs, self._states[seats] = runner.run(inputs, (*names, STATE))
            for result, output in zip(results, outputs, strict=True):
                result[rows] = output
        return results


def _turns(seats: NDArray[np.int64]) -> Iterator[NDArray[np.intp]]:
    """Rows that can be run together, of each seat at most one, in the order of each seat.

    >>> [rows.tolist() for rows in _turns(np.array([7, 5, 7, 7, 5]))]
    [[0, 1], [2, 4], [3]]
    """
    if not len(seats):
        return
    order = np.argsort(seats, kind="stable")
    begins = np.flatnonzero(np.diff(seats[order], prepend=-1))
    turn = np.empty(len(seats), dtype=np.intp)
    n_of_each = np.diff(begins, append=len(seats))
    turn[order] = np.arange(len(seats)) - np.repeat(begins, n_of_each)
    by_turn = np.argsort(turn, kind="stable")
    yield from np.split(by_turn, np.cumsum(np.bincount(turn))[:-1])

"""The history of each host: which of its connections came before, and how long ago. Compiled.

Hosts get seats in a table of fixed size. Where it is full, the host that was silent for longest
leaves, and begins anew should it come back: whoever forges addresses can so make others forgotten,
but not make the table grow. What is remembered of a host lies in rows of arrays by its seat.

Connections must come in the order in which they were known, as everywhere; blocks may be cut
anywhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, copy_row
from oddflow.core.context import Context
from oddflow.core.errors import InputError
from oddflow.features.counts import Counts, forget, new_counts, place_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

MAX_HOSTS = 4096
"""Hosts remembered at once."""
MS_PER_S = 1000.0
_MIX = np.uint64(0x9E3779B97F4A7C15)
_OLDEST, _NEWEST = 0, 1  # places in Seats.ends
_BEFORE, _AFTER = 0, 1  # columns of Seats.links
_NOBODY = -1


class By(StrEnum):
    """Whose history a connection belongs to."""

    HOSTS = "hosts"
    """Its originator's."""
    PAIRS = "pairs"
    """Its originator's with this responder."""


def keys_of(context: Context, by: By, stretch: Ints | None = None) -> Ints:
    """A number for each connection that is equal where the history is the same, shape (n,).

    Args:
        context: of the connections.
        by: whose history.
        stretch: number of the stretch of time that each is in, shape (n,); history does not reach
            from one into another. None for one stretch.
    """
    keys = context.originator.astype(np.uint64)
    others = [context.responder] if by is By.PAIRS else []
    for other in [*others, *([] if stretch is None else [stretch])]:
        keys = (keys * _MIX) ^ (keys >> np.uint64(29)) ^ (other.astype(np.uint64) + _MIX)
    return keys.astype(np.int64)


class Seats(NamedTuple):
    """Who sits where, changed in place.

    Attributes:
        places: key -> seat + 1.
        keys: of each seat, shape (n_seats,).
        last_s: when the latest connection of each began, shape (n_seats,).
        links: neighbours of each seat in the order of use: longer ago, later; shape (n_seats, 2).
        ends: seat used longest ago and latest, shape (2,).
        counts: seats taken, and hosts that had to leave, shape (2,).
    """

    places: Counts
    keys: Ints
    last_s: Floats
    links: Ints
    ends: Ints
    counts: Ints


def new_seats(n_seats: int = MAX_HOSTS) -> Seats:
    """An empty table.

    Raises:
        InputError: fewer than one seat.
    """
    if n_seats < 1:
        raise InputError(f"expected room for at least 1 host, received {n_seats}")
    return Seats(
        places=new_counts(n_seats, 1),
        keys=np.zeros(n_seats, dtype=np.int64),
        last_s=np.zeros(n_seats),
        links=np.full((n_seats, 2), _NOBODY),
        ends=np.full(2, _NOBODY),
        counts=np.zeros(2, dtype=np.int64),
    )


class Seated(NamedTuple):
    """Where n connections belong.

    seat (n,); is_first (n,), True where nothing is remembered; interval_s (n,), from the beginning
    of the connection before to that of this one, 0 for the first and where it began earlier.
    """

    seat: Ints
    is_first: NDArray[np.bool_]
    interval_s: Floats

    def take(self, rows: NDArray[np.intp] | slice) -> Seated:
        """The given rows, in the order given."""
        return Seated(self.seat[rows], self.is_first[rows], self.interval_s[rows])


def seat(seats: Seats, keys: Ints, start_s: Floats) -> Seated:
    """Find the seats of connections one after the other, as their hosts come and go."""
    n = len(keys)
    found = Seated(np.empty(n, dtype=np.int64), np.empty(n, dtype=np.bool_), np.empty(n))
    _seat_all(seats, keys, np.ascontiguousarray(start_s), *found)
    return found


@compiled
def _seat_all(
    seats: Seats,
    keys: Ints,
    start_s: Floats,
    seat: Ints,
    is_first: NDArray[np.bool_],
    interval_s: Floats,
) -> None:
    for i in range(len(keys)):
        at = place_of(seats.places, keys[i])
        is_first[i] = seats.places.values[at, 0] == 0
        interval_s[i] = 0.0
        if is_first[i]:
            own = _free_seat(seats)
            at = place_of(seats.places, keys[i])  # rows may have moved
            seats.places.values[at, 0] = own + 1
            seats.keys[own] = keys[i]
        else:
            own = seats.places.values[at, 0] - 1
            _unlink(seats, own)
            interval_s[i] = max(0.0, start_s[i] - seats.last_s[own])
        _link_newest(seats, own)
        seats.last_s[own] = start_s[i]
        seat[i] = own


@compiled
def _free_seat(seats: Seats) -> int:
    if seats.counts[0] < len(seats.keys):
        seats.counts[0] += 1
        return int(seats.counts[0] - 1)
    oldest = seats.ends[_OLDEST]
    _unlink(seats, oldest)
    forget(seats.places, place_of(seats.places, seats.keys[oldest]))
    seats.counts[1] += 1
    return int(oldest)


@compiled
def _unlink(seats: Seats, own: int) -> None:
    before, after = seats.links[own, _BEFORE], seats.links[own, _AFTER]
    if before == _NOBODY:
        seats.ends[_OLDEST] = after
    else:
        seats.links[before, _AFTER] = after
    if after == _NOBODY:
        seats.ends[_NEWEST] = before
    else:
        seats.links[after, _BEFORE] = before


@compiled
def _link_newest(seats: Seats, own: int) -> None:
    newest = seats.ends[_NEWEST]
    seats.links[own, _BEFORE] = newest
    seats.links[own, _AFTER] = _NOBODY
    if newest == _NOBODY:
        seats.ends[_OLDEST] = own
    else:
        seats.links[newest, _AFTER] = own
    seats.ends[_NEWEST] = own


class Histories(NamedTuple):
    """The last steps of each host, changed in place.

    Attributes:
        seats: whose they are.
        steps: ring of encoded steps by seat, shape (n_seats, length, columns).
        n_steps: how many there ever were, by seat, shape (n_seats,).
    """

    seats: Seats
    steps: Rows
    n_steps: Ints


def new_histories(length: int, n_columns: int, *, n_hosts: int = MAX_HOSTS) -> Histories:
    """Room for the last `length` steps of `n_hosts` hosts; 4 bytes a column.

    Raises:
        InputError: less than one step, column or host.
    """
    if min(length, n_columns) < 1:
        raise InputError(f"expected 1 step and column or more, received {length} and {n_columns}")
    steps = np.zeros((n_hosts, length, n_columns), dtype=np.float32)
    return Histories(new_seats(n_hosts), steps, np.zeros(n_hosts, dtype=np.int64))


def windows_of(histories: Histories, seated: Seated, steps: Rows) -> Rows:
    """Let steps enter; the window that ends with each.

    Args:
        histories: what came before, changed in place.
        seated: what `seat` said of the same connections.
        steps: encoded, shape (n, columns).

    Returns:
        Shape (n, length, columns + 1), oldest step first. The last column is the mask turned
        round: 1 where a host has no step so far back, and the others are 0 there.
    """
    length, n_columns = histories.steps.shape[1:]
    windows = np.zeros((len(steps), length, n_columns + 1), dtype=np.float32)
    _push_all(histories, seated.seat, seated.is_first, np.ascontiguousarray(steps), windows)
    return windows


@compiled
def _push_all(
    histories: Histories, seat: Ints, is_first: NDArray[np.bool_], steps: Rows, windows: Rows
) -> None:
    length, n_columns = histories.steps.shape[1], histories.steps.shape[2]
    for i in range(len(steps)):
        own = seat[i]
        if is_first[i]:
            histories.n_steps[own] = 0
        copy_row(steps[i], histories.steps[own, histories.n_steps[own] % length])
        histories.n_steps[own] += 1
        n_known = min(histories.n_steps[own], length)
        for age in range(length):
            place = length - 1 - age
            if age < n_known:
                row = histories.steps[own, (histories.n_steps[own] - 1 - age) % length]
                for column in range(n_columns):
                    windows[i, place, column] = row[column]
            else:
                windows[i, place, n_columns] = 1.0


class IntervalCode(NamedTuple):
    """How the time since the host's connection before becomes one column.

    `(log1p(milliseconds) - mean) / scale`, and 0 where there was none before. The logarithm is of
    milliseconds since what tells programs from people lies below a second.
    """

    mean: float
    scale: float

    @classmethod
    def fit(cls, seated: Seated) -> IntervalCode:
        """Learn mean and standard deviation from training connections."""
        values = np.log1p(seated.interval_s[~seated.is_first] * MS_PER_S)
        if not len(values):
            return cls(0.0, 1.0)
        return cls(float(values.mean()), float(values.std()) or 1.0)

    def encode(self, seated: Seated) -> Rows:
        """Encoded column, shape (n, 1)."""
        values = (np.log1p(seated.interval_s * MS_PER_S) - self.mean) / self.scale
        return np.where(seated.is_first, 0.0, values).astype(np.float32)[:, None]

    def decode(self, encoded: float) -> float:
        """Seconds, from a column."""
        milliseconds = np.expm1(np.clip(encoded * self.scale + self.mean, 0, 50))
        return float(milliseconds / MS_PER_S)

"""Histories of hosts: what is remembered, of whom, and for how long."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from oddflow.core.context import Context
from oddflow.core.errors import InputError
from oddflow.features.hosts import (
    By,
    Histories,
    IntervalCode,
    Seated,
    keys_of,
    new_histories,
    new_seats,
    seat,
    windows_of,
)

LENGTH = 3
Rows = NDArray[np.float32]
Pushed = tuple[Rows, Seated]


def push(histories: Histories, keys: list[int], start_s: list[float], steps: Rows) -> Pushed:
    """Let connections enter; their windows."""
    seated = seat(histories.seats, np.array(keys, dtype=np.int64), np.array(start_s))
    return windows_of(histories, seated, steps), seated


def oracle(keys: list[int], steps: Rows, n_hosts: int) -> Rows:
    """The same by lists: the last steps of a host, the one silent for longest forgotten."""
    kept: OrderedDict[int, list[Rows]] = OrderedDict()
    windows = np.zeros((len(keys), LENGTH, steps.shape[1] + 1), dtype=np.float32)
    windows[:, :, -1] = 1
    for i, key in enumerate(keys):
        if key not in kept and len(kept) == n_hosts:
            kept.popitem(last=False)
        kept.setdefault(key, []).append(steps[i])
        kept.move_to_end(key)
        known = kept[key][-LENGTH:]
        windows[i, LENGTH - len(known) :, :-1] = known
        windows[i, LENGTH - len(known) :, -1] = 0
    return windows


keys_in_order = st.lists(st.sampled_from([0, 1, 2, -7, 2**62, 12345]), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(keys_in_order, st.integers(1, 7), st.integers(0, 60))
def test_blocks_and_all_at_once_give_what_lists_give(
    keys: list[int], n_hosts: int, cut: int
) -> None:
    steps = np.arange(2 * len(keys), dtype=np.float32).reshape(-1, 2) + 1
    start_s = [0.5 * i for i in range(len(keys))]
    whole, seated = push(new_histories(LENGTH, 2, n_hosts=n_hosts), keys, start_s, steps)
    assert (whole == oracle(keys, steps, n_hosts)).all()
    histories = new_histories(LENGTH, 2, n_hosts=n_hosts)
    parts = [
        push(histories, keys[part], start_s[part], steps[part])
        for part in (slice(cut), slice(cut, None))
    ]
    assert (np.concatenate([windows for windows, _ in parts]) == whole).all()
    assert (np.concatenate([s.interval_s for _, s in parts]) == seated.interval_s).all()


@settings(max_examples=40, deadline=None)
@given(keys_in_order, st.integers(0, 1000))
def test_the_order_of_other_hosts_does_not_matter(keys: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(len(keys), 2)).astype(np.float32)
    place_of = {key: rng.random() for key in keys}
    order = np.argsort([place_of[key] for key in keys], kind="stable")
    start_s = np.arange(len(keys), dtype=np.float64)
    whole, seated = push(new_histories(LENGTH, 2), keys, start_s.tolist(), steps)
    moved = [keys[i] for i in order]
    again, reseated = push(new_histories(LENGTH, 2), moved, start_s[order].tolist(), steps[order])
    assert (again == whole[order]).all()
    assert (reseated.interval_s == seated.interval_s[order]).all()


def test_intervals_are_those_since_the_host_began_its_connection_before() -> None:
    seated = seat(new_seats(), np.array([1, 2, 1, 1]), np.array([10.0, 11.0, 12.5, 12.0]))
    assert seated.interval_s.tolist() == [0.0, 0.0, 2.5, 0.0]
    assert seated.is_first.tolist() == [True, True, False, False]
    code = IntervalCode.fit(seated)
    encoded = code.encode(seated)
    assert encoded[:2].tolist() == [[0.0], [0.0]]
    assert encoded[2:].mean() == pytest.approx(0)
    assert IntervalCode.fit(seat(new_seats(), np.array([1]), np.zeros(1))) == (0.0, 1.0)


def test_hosts_that_had_to_leave_are_counted() -> None:
    seats = new_seats(2)
    seat(seats, np.array([1, 2, 1, 3]), np.zeros(4))
    assert seats.counts.tolist() == [2, 1]
    assert seat(seats, np.array([1, 2]), np.zeros(2)).is_first.tolist() == [False, True]


def test_pairs_and_stretches_have_histories_of_their_own() -> None:
    context = Context(np.array([1, 1, 1, 2]), np.array([5, 6, 5, 5]), np.zeros(4))
    assert _groups(keys_of(context, By.HOSTS)) == [0, 0, 0, 3]
    assert _groups(keys_of(context, By.PAIRS)) == [0, 1, 0, 3]
    stretch = np.array([0, 0, 1, 1])
    assert _groups(keys_of(context, By.HOSTS, stretch)) == [0, 0, 2, 3]
    many = np.random.default_rng(0).integers(0, 300, (2, 100_000))
    pairs = Context(many[0], many[1], np.zeros(100_000))
    assert len(np.unique(keys_of(pairs, By.PAIRS))) == len(np.unique(many, axis=1).T)


def _groups(keys: NDArray[np.int64]) -> list[int]:
    listed = keys.tolist()
    return [listed.index(key) for key in listed]


def test_a_table_without_room_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1 host"):
        new_seats(0)
    with pytest.raises(InputError, match="1 step and column"):
        new_histories(0, 2)

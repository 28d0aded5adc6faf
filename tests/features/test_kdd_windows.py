"""Window features: the compiled form equals the definition, wherever a stream is cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.features.kdd_names import SERVICES
from oddflow.features.kdd_step import KddState, Seen, step
from oddflow.features.kdd_windows import N_LAST, N_RECENT, Entry, new_windows, step_all

Row = tuple[int, int, bool, bool, int, float]
N_FEATURES = 19

row = st.tuples(
    st.integers(0, 4),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from([-3.0, -0.5, 0.0, 0.0, 0.0, 0.4, 1.0, 2.0, 5.0]),
)
"""Host, service, errors, port, and seconds since the connection before."""


def compiled(rows: list[Row], cuts: list[int]) -> np.ndarray:
    ends = np.cumsum([one[5] for one in rows]) if rows else np.zeros(0)
    entries = np.array([one[:5] for one in rows], dtype=np.int64).reshape(-1, len(Entry))
    windows, out = new_windows(), np.zeros((len(rows), N_FEATURES))
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    for first, stop in pairwise(edges):
        step_all(windows, entries[first:stop], ends[first:stop], out[first:stop])
    return out


def stepped(rows: list[Row]) -> np.ndarray:
    state, out = KddState(), []
    ends = np.cumsum([one[5] for one in rows]).tolist() if rows else []
    for (host, service, syn, rej, port, _), end_s in zip(rows, ends, strict=True):
        seen = Seen(str(host), SERVICES[service], port, syn, rej)
        state, features = step(state, seen, end_s)
        out.append(features)
    return np.array(out).reshape(-1, N_FEATURES)


@settings(max_examples=300, deadline=None)
@given(st.lists(row, max_size=60), st.lists(st.integers(0, 60), max_size=3))
def test_compiled_equals_stepped_wherever_it_is_cut(rows: list[Row], cuts: list[int]) -> None:
    assert np.array_equal(compiled(rows, cuts), stepped(rows))


def test_they_are_equal_when_the_windows_are_full() -> None:
    rng = np.random.default_rng(0)
    rows: list[Row] = [
        (
            int(rng.integers(0, 300) ** 2 // 300),
            int(rng.integers(0, len(SERVICES))),
            bool(rng.integers(2)),
            bool(rng.integers(2)),
            int(rng.integers(0, 65536)),
            float(rng.choice([0.0, 0.001, 0.01])),
        )
        for _ in range(2500)
    ]
    assert np.array_equal(compiled(rows, [700, 1900]), stepped(rows))


def test_the_counts_stop_where_those_of_kdd_do() -> None:
    flood: list[Row] = [(0, 0, True, False, 0, 0.0)] * 600
    last = compiled(flood, [])[-1]
    assert (last[0], last[1], last[9], last[10]) == (N_RECENT, N_RECENT, N_LAST, N_LAST)
    assert (N_RECENT, N_LAST) == (511, 255)


@pytest.mark.parametrize(("after_s", "count"), [(1.999, 2), (2.0, 1)])
def test_the_short_window_is_two_seconds_long(after_s: float, count: int) -> None:
    rows: list[Row] = [(0, 0, False, False, 0, 0.0), (0, 0, False, False, 0, after_s)]
    assert compiled(rows, [])[-1, 0] == count


def test_a_connection_that_is_late_neither_turns_time_back_nor_stays() -> None:
    rows: list[Row] = [(0, 0, False, False, 0, 10.0), (0, 0, False, False, 0, -8.0)]
    rows += [(0, 0, False, False, 0, 8.5), (0, 0, False, False, 0, 2.0)]
    assert compiled(rows, [])[:, 0].tolist() == [1, 2, 3, 1]

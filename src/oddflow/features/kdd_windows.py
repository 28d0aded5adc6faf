"""The two windows of KDD over whole logs: connections of the last 2 s, and the last 255. Compiled.

Each connection enters a window once and leaves it once, and counters by host, by service and by
both are kept up to date, so that a step takes constant time. `oddflow.features.kdd_step` says what
is counted; a property test holds the two equal.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled, copy_row, inlined
from oddflow.features.counts import Counts, forget, new_counts, place_of
from oddflow.features.kdd_names import SERVICES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

N_RECENT = 511
"""Connections that the window of 2 s holds at most: `count` never exceeds it in KDD."""
N_LAST = 255
"""Connections that the host window holds: `dst_host_count` never exceeds it."""
SPAN_S = 2.0


class Entry(IntEnum):
    """Columns of a connection in a window."""

    HOST = 0
    SERVICE = 1
    HAS_SYN_ERROR = 2
    HAS_REJ_ERROR = 3
    PORT = 4


class Tally(IntEnum):
    """Counters of a host, a service, or a pair of something with one."""

    N = 0
    SYN_ERRORS = 1
    REJ_ERRORS = 2
    DISTINCT = 3  # services of a host, hosts of a service


class Window(NamedTuple):
    """Connections that came last, and what there is of each kind; changed in place.

    Attributes:
        entries: ring of `Entry` rows, shape (capacity, len(Entry)).
        end_s: when each of them ended, shape (capacity,).
        ring: first of them, and how many there are.
        hosts: host -> `Tally`; services: service -> `Tally`, shape (len(SERVICES), len(Tally));
        pairs: host and service -> number; ports: host and port of the originator -> number.
    """

    entries: Ints
    end_s: Floats
    ring: Ints
    hosts: Counts
    services: Ints
    pairs: Counts
    ports: Counts


class Windows(NamedTuple):
    """State of the features of a stream, changed in place.

    Attributes:
        recent: connections of the last 2 s.
        last: the last 255.
        clock_s: latest end of any connection so far, shape (1,).
    """

    recent: Window
    last: Window
    clock_s: Floats


def new_windows() -> Windows:
    """The state before the first connection."""
    return Windows(_new_window(N_RECENT), _new_window(N_LAST), np.full(1, -np.inf))


def _new_window(capacity: int) -> Window:
    return Window(
        entries=np.zeros((capacity, len(Entry)), dtype=np.int64),
        end_s=np.zeros(capacity),
        ring=np.zeros(2, dtype=np.int64),
        hosts=new_counts(capacity, len(Tally)),
        services=np.zeros((len(SERVICES), len(Tally)), dtype=np.int64),
        pairs=new_counts(capacity, 1),
        ports=new_counts(capacity, 1),
    )


@compiled
def step_all(windows: Windows, entries: Ints, end_s: Floats, features: Floats) -> None:
    """Let connections enter one after another; write the 19 window features of each.

    Args:
        windows: state, changed in place.
        entries: rows of `Entry`, shape (n, len(Entry)).
        end_s: when each connection ended, shape (n,).
        features: receives them in the order of `oddflow.core.kdd41`, shape (n, 19).
    """
    recent, last = windows.recent, windows.last
    for i in range(len(entries)):
        windows.clock_s[0] = max(windows.clock_s[0], end_s[i])
        while recent.ring[1] > 0 and not (
            recent.end_s[recent.ring[0]] > windows.clock_s[0] - SPAN_S
        ):
            _leave(recent)
        # By its order and not by its end, lest one that is late be kept for as long as it is old.
        at = _enter(recent, entries[i], windows.clock_s[0])
        _recent_features(recent, entries[i, Entry.SERVICE], at, features[i])
        at = _enter(last, entries[i], windows.clock_s[0])
        _last_features(last, entries[i, Entry.SERVICE], at, features[i])


@inlined
def _with(host: int, other: int) -> int:
    """A key for a host and a number below 2**16."""
    return int(host * 65599 + other)


class Places(NamedTuple):
    """Rows of the counters that a connection has just been counted in."""

    host: int
    pair: int
    port: int


@compiled
def _enter(window: Window, entry: Ints, end_s: float) -> Places:
    capacity = len(window.entries)
    if window.ring[1] == capacity:
        _leave(window)
    at = (window.ring[0] + window.ring[1]) % capacity
    copy_row(entry, window.entries[at])
    window.end_s[at] = end_s
    window.ring[1] += 1
    host, service = entry[Entry.HOST], entry[Entry.SERVICE]
    places = Places(
        place_of(window.hosts, host),
        place_of(window.pairs, _with(host, service)),
        place_of(window.ports, _with(host, entry[Entry.PORT])),
    )
    window.pairs.values[places.pair, 0] += 1
    window.ports.values[places.port, 0] += 1
    is_new = 1 if window.pairs.values[places.pair, 0] == 1 else 0
    _tally(window.hosts.values[places.host], entry, 1, is_new)
    _tally(window.services[service], entry, 1, is_new)
    return places


@inlined
def _tally(tally: Ints, entry: Ints, by: int, n_distinct: int) -> None:
    tally[Tally.N] += by
    tally[Tally.SYN_ERRORS] += by * entry[Entry.HAS_SYN_ERROR]
    tally[Tally.REJ_ERRORS] += by * entry[Entry.HAS_REJ_ERROR]
    tally[Tally.DISTINCT] += n_distinct


@compiled
def _leave(window: Window) -> None:
    """Take the first connection out."""
    entry = window.entries[window.ring[0]]
    window.ring[0] = (window.ring[0] + 1) % len(window.entries)
    window.ring[1] -= 1
    host, service = entry[Entry.HOST], entry[Entry.SERVICE]
    is_gone = _take_one(window.pairs, _with(host, service))
    _take_one(window.ports, _with(host, entry[Entry.PORT]))
    host_at = place_of(window.hosts, host)
    n_distinct = -1 if is_gone else 0
    _tally(window.hosts.values[host_at], entry, -1, n_distinct)
    _tally(window.services[service], entry, -1, n_distinct)
    if window.hosts.values[host_at, Tally.N] == 0:
        forget(window.hosts, host_at)


@compiled
def _take_one(counts: Counts, key: int) -> bool:
    """Count one less; True if none is left."""
    at = place_of(counts, key)
    counts.values[at, 0] -= 1
    if counts.values[at, 0] == 0:
        forget(counts, at)
        return True
    return False


@inlined
def _rate(part: int, whole: int) -> float:
    """A share as KDD writes it, to two places."""
    return float(np.rint(100.0 * part / whole) / 100.0)


@inlined
def _if_several(distinct: int) -> int:
    return int(distinct) if distinct > 1 else 0


@compiled
def _recent_features(window: Window, service_code: int, at: Places, row: Floats) -> None:
    host, service = window.hosts.values[at.host], window.services[service_code]
    row[0], row[1] = host[Tally.N], service[Tally.N]
    row[2] = _rate(host[Tally.SYN_ERRORS], host[Tally.N])
    row[3] = _rate(service[Tally.SYN_ERRORS], service[Tally.N])
    row[4] = _rate(host[Tally.REJ_ERRORS], host[Tally.N])
    row[5] = _rate(service[Tally.REJ_ERRORS], service[Tally.N])
    row[6] = _rate(window.pairs.values[at.pair, 0], host[Tally.N])
    row[7] = _rate(_if_several(host[Tally.DISTINCT]), host[Tally.N])
    row[8] = _rate(_if_several(service[Tally.DISTINCT]), service[Tally.N])


@compiled
def _last_features(window: Window, service_code: int, at: Places, row: Floats) -> None:
    host, service = window.hosts.values[at.host], window.services[service_code]
    row[9], row[10] = host[Tally.N], service[Tally.N]
    row[11] = _rate(window.pairs.values[at.pair, 0], host[Tally.N])
    row[12] = _rate(_if_several(host[Tally.DISTINCT]), host[Tally.N])
    row[13] = _rate(window.ports.values[at.port, 0], host[Tally.N])
    row[14] = _rate(_if_several(service[Tally.DISTINCT]), service[Tally.N])
    row[15] = _rate(host[Tally.SYN_ERRORS], host[Tally.N])
    row[16] = _rate(service[Tally.SYN_ERRORS], service[Tally.N])
    row[17] = _rate(host[Tally.REJ_ERRORS], host[Tally.N])
    row[18] = _rate(service[Tally.REJ_ERRORS], service[Tally.N])

"""The two windows of KDD, one connection at a time: what the 19 window features mean.

After Lee and Stolfo (2000), with what NSL-KDD's own records settle:

- A window includes the connection itself: `count` is 0 in 13 of KDDTrain+'s 125,973 records alone.
- "Same host" and "different hosts" are about destinations: of 2,087 records whose connections to
  the same service all went to one host, none has `dst_host_srv_diff_host_rate` above 0, and of
  19,957 others all have.
- `diff_srv_rate` is the number of distinct services, the connection's own among them, divided by
  `count`, and 0 where there is only one: where `count` is 2 it is 0 or 1 and never .5. The same
  holds for the hosts in `srv_diff_host_rate` and for both in the host window.
- `dst_host_srv_count` is about all hosts: in 34,670 records it exceeds `dst_host_count`. It and
  `dst_host_count` never exceed 255: the host window holds the last 255 connections of the stream,
  whatever their hosts. `count` never exceeds 511.
- SYN errors are the flags S0, S1, S2, S3 and SH, REJ errors REJ, RSTO, RSTOS0 and RSTR.
- Rates are written to two places.

Time is that of the latest end of any connection so far, so that one that is logged late neither
turns it back nor sees what went before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from oddflow.features.kdd_windows import N_LAST, N_RECENT, SPAN_S


class Seen(NamedTuple):
    """What the windows remember of a connection.

    Attributes:
        host: its destination.
        service: its service at the destination.
        port: its port at the source.
        has_syn_error: it ended with a SYN error.
        has_rej_error: it was rejected or reset.
        clock_s: latest end of any connection when it came.
    """

    host: str
    service: str
    port: int
    has_syn_error: bool
    has_rej_error: bool
    clock_s: float = -math.inf


class KddState(NamedTuple):
    """State of the features of a stream: the connections that the windows hold, oldest first."""

    recent: tuple[Seen, ...] = ()
    last: tuple[Seen, ...] = ()
    clock_s: float = -math.inf


def step(state: KddState, seen: Seen, end_s: float) -> tuple[KddState, tuple[float, ...]]:
    """The next state, and the 19 window features of a connection in the order of KDD.

    Args:
        state: before it.
        seen: the connection.
        end_s: when it ended, seconds since 1970.
    """
    clock_s = max(state.clock_s, end_s)
    own = seen._replace(clock_s=clock_s)
    kept = tuple(one for one in state.recent if one.clock_s > clock_s - SPAN_S)
    recent, last = (*kept, own)[-N_RECENT:], (*state.last, own)[-N_LAST:]
    return KddState(recent, last, clock_s), (*_recent(recent, own), *_last(last, own))


def _recent(window: Sequence[Seen], own: Seen) -> tuple[float, ...]:
    """count, srv_count, the four error rates, same_srv, diff_srv and srv_diff_host rates."""
    to_host = [one for one in window if one.host == own.host]
    to_service = [one for one in window if one.service == own.service]
    return (
        len(to_host),
        len(to_service),
        _share([one.has_syn_error for one in to_host]),
        _share([one.has_syn_error for one in to_service]),
        _share([one.has_rej_error for one in to_host]),
        _share([one.has_rej_error for one in to_service]),
        _share([one.service == own.service for one in to_host]),
        _diversity([one.service for one in to_host]),
        _diversity([one.host for one in to_service]),
    )


def _last(window: Sequence[Seen], own: Seen) -> tuple[float, ...]:
    """The ten `dst_host_` features."""
    to_host = [one for one in window if one.host == own.host]
    to_service = [one for one in window if one.service == own.service]
    return (
        len(to_host),
        len(to_service),
        _share([one.service == own.service for one in to_host]),
        _diversity([one.service for one in to_host]),
        _share([one.port == own.port for one in to_host]),
        _diversity([one.host for one in to_service]),
        _share([one.has_syn_error for one in to_host]),
        _share([one.has_syn_error for one in to_service]),
        _share([one.has_rej_error for one in to_host]),
        _share([one.has_rej_error for one in to_service]),
    )


def _share(which: Sequence[bool]) -> float:
    return _two_places(sum(which), len(which))


def _diversity(names: Sequence[str]) -> float:
    """Number of distinct names over that of all, 0 where there is one."""
    distinct = len(set(names))
    return _two_places(distinct if distinct > 1 else 0, len(names))


def _two_places(part: int, whole: int) -> float:
    return round(100.0 * part / whole) / 100.0

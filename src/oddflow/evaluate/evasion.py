"""The moves of an attacker who would not be seen: changed records that he could really send.

A plan is one level of each axis: bytes padded, seconds held open, pace, ordinary connections
elsewhere and beside, source ports. Features of windows are recomputed from counts, so that a
changed record stays one that could exist: its own error stays in every window, a count of 1 has
shares of 0 or 1. Two things are taken in his favour, since records do not tell: all connections of
a record's window are his own, and hosts that he visits elsewhere answer him.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import FeatureMatrix, Labels
from oddflow.evaluate.attacker import (
    ANSWERED_FLAGS,
    RATE,
    REJ_ERROR_FLAGS,
    SYN_ERROR_FLAGS,
)

Floats = NDArray[np.float64]
Levels = NDArray[np.int64]
"""Level of each axis, shape (n, len(AXES)); 0 changes nothing."""

AXES: dict[str, tuple[float, ...]] = {
    "ports": (0, 1),
    "pad": (0, 50, 105, 200, 334, 600, 1_000, 2_000, 10_000),
    "slow": (0, 1, 2, 5, 10, 60, 300),
    "pace": (np.inf, 100, 30, 10, 5, 2, 1),
    "elsewhere": (0, 1, 3, 10, 50, 250),
    "beside": (0, 1, 3, 10, 50),
}
"""Axis -> its levels: fresh source ports; bytes to pad to; seconds to hold open; most connections
in 2 s; ordinary connections to other hosts, and to the same one, for each of his own."""
PORTS, PAD, SLOW, PACE, ELSEWHERE, BESIDE = range(len(AXES))
N_RECENT, N_LAST, SPAN_S = 511, 255, 2.0
"""Connections that KDD's two windows hold at most, and the seconds of the first."""


class Cost(NamedTuple):
    """What a plan costs for each connection of the attack, arrays of shape (n,)."""

    extra_bytes: Floats
    seconds: Floats
    connections: Floats

    @property
    def effort(self) -> Floats:
        """In one number: a second, a connection and 1,000 bytes count the same, by convention."""
        return self.extra_bytes / 1000 + self.seconds + self.connections


class _Window(NamedTuple):
    """A window after a plan, as numbers of connections, shape (n,) each.

    host, service, pair: to the same host, to the same service, to both; own_...: of these the
    attack's own.
    """

    host: Floats
    service: Floats
    pair: Floats
    own_host: Floats
    own_service: Floats
    own_pair: Floats


class Evader:
    """Attack records and the moves that are open to each.

    Args:
        records: features of attacks, profile kdd41 or traffic28.
        labels: what they are, for what each attack needs.
    """

    def __init__(self, records: FeatureMatrix, labels: Labels) -> None:
        flags = records.column("flag")
        is_tcp = records.column("protocol_type") == "tcp"
        is_icmp = records.column("protocol_type") == "icmp"
        is_flood = np.isin(labels.attack, list(RATE))
        answered = ~is_tcp | np.isin(flags, ANSWERED_FLAGS)
        self.records = records
        self._answered = answered
        self._syn_error = np.isin(flags, SYN_ERROR_FLAGS).astype(np.float64)
        self._rej_error = np.isin(flags, REJ_ERROR_FLAGS).astype(np.float64)
        self._columns = {f.name: i for i, f in enumerate(records.schema.numeric)}
        sends = answered & (self._of("src_bytes") > 0)
        everything = np.ones(len(records), dtype=np.bool_)
        self.open = np.column_stack(
            [~is_icmp, sends, is_tcp & answered, ~is_flood, ~is_flood, everything]
        )
        """Whether a record may move on an axis, shape (n, len(AXES))."""

    def _of(self, name: str) -> Floats:
        return self.records.numeric[:, self._columns[name]]

    def changes(self, rows: NDArray[np.intp], levels: Levels) -> NDArray[np.bool_]:
        """Whether a level changes a record at all, axis by axis, shape (n, len(AXES))."""
        values = _values(levels)
        busy = np.maximum(self._of("count"), self._of("srv_count"))[rows]
        does = levels > 0
        repeated = self._of("dst_host_same_src_port_rate") * self._of("dst_host_count")
        does[:, PORTS] &= repeated[rows] >= 1.5
        does[:, PAD] = values[:, PAD] > self._of("src_bytes")[rows]
        does[:, SLOW] = values[:, SLOW] > self._of("duration")[rows]
        does[:, PACE] = values[:, PACE] < busy
        return np.asarray(does & self.open[rows], dtype=np.bool_)

    def cost(self, rows: NDArray[np.intp], levels: Levels) -> Cost:
        """What plans cost for each connection.

        Args:
            rows: of the records, shape (n,).
            levels: the plans, shape (n, len(AXES)).
        """
        values, does = _values(levels), self.changes(rows, levels)
        busy = np.maximum(self._of("count"), self._of("srv_count"))[rows]
        wait = SPAN_S / np.minimum(values[:, PACE], busy) - SPAN_S / np.maximum(busy, 1)
        held = values[:, SLOW] - self._of("duration")[rows]
        return Cost(
            np.where(does[:, PAD], values[:, PAD] - self._of("src_bytes")[rows], 0.0),
            np.where(does[:, SLOW], held, 0.0) + np.where(does[:, PACE], wait, 0.0),
            np.where(does[:, ELSEWHERE], values[:, ELSEWHERE], 0.0)
            + np.where(does[:, BESIDE], values[:, BESIDE], 0.0),
        )

    def apply(self, rows: NDArray[np.intp], levels: Levels) -> FeatureMatrix:
        """The records as they would be seen if the plans were followed; see `cost`."""
        values, does = _values(levels), self.changes(rows, levels)
        taken = self.records.take(rows)
        numeric = taken.numeric.copy()
        changed = dict(zip(self._columns, numeric.T, strict=True))
        for name, axis in (("src_bytes", PAD), ("duration", SLOW)):
            np.copyto(changed[name], values[:, axis], where=does[:, axis])
        if "urgent" in changed:
            changed["urgent"][:] = 0
        self._time_window(changed, rows, values, does)
        self._host_window(changed, rows, values, does)
        return FeatureMatrix(taken.schema, numeric, taken.categorical)

    def _time_window(
        self,
        seen: dict[str, Floats],
        rows: NDArray[np.intp],
        values: Floats,
        does: NDArray[np.bool_],
    ) -> None:
        """Write the features of the last 2 s, where pace or connections beside change them."""
        count, service = seen["count"].copy(), seen["srv_count"].copy()
        busy = np.maximum(np.maximum(count, service), 1)
        scale = np.where(does[:, PACE], np.minimum(values[:, PACE] / busy, 1), 1)
        beside = np.where(does[:, BESIDE], values[:, BESIDE], 0)
        moved = does[:, PACE] | does[:, BESIDE]
        pair = np.maximum(np.round(seen["same_srv_rate"] * count), 1)
        window = self._window(rows, (count, service, pair), scale, beside)
        self._write(seen, rows, (count, service), window, scale, beside > 0, moved, prefix="")
        np.copyto(seen["count"], np.minimum(window.host, N_RECENT), where=moved)
        np.copyto(seen["srv_count"], np.minimum(window.service, N_RECENT), where=moved)

    def _host_window(
        self,
        seen: dict[str, Floats],
        rows: NDArray[np.intp],
        values: Floats,
        does: NDArray[np.bool_],
    ) -> None:
        """Write the features of the last 255, where ports or other connections change them."""
        count, service = seen["dst_host_count"].copy(), seen["dst_host_srv_count"].copy()
        elsewhere = np.where(does[:, ELSEWHERE], values[:, ELSEWHERE], 0)
        beside = np.where(does[:, BESIDE], values[:, BESIDE], 0)
        scale = N_LAST / (N_LAST + count * (elsewhere + beside))
        moved = does[:, ELSEWHERE] | does[:, BESIDE]
        pair = np.maximum(np.round(seen["dst_host_same_srv_rate"] * count), 1)
        window = self._window(rows, (count, service, pair), scale, beside)
        ports = np.round(seen["dst_host_same_src_port_rate"] * count)
        ports = np.where(does[:, PORTS], 1, np.maximum(ports * scale, 1))
        self._write(
            seen, rows, (count, service), window, scale, beside > 0, moved, prefix="dst_host_"
        )
        rate = _share(ports, window.host)
        np.copyto(seen["dst_host_same_src_port_rate"], rate, where=moved | does[:, PORTS])
        np.copyto(seen["dst_host_count"], np.minimum(window.host, N_LAST), where=moved)
        np.copyto(seen["dst_host_srv_count"], np.minimum(window.service, N_LAST), where=moved)

    def _window(
        self,
        rows: NDArray[np.intp],
        counts: tuple[Floats, Floats, Floats],
        scale: Floats,
        beside: Floats,
    ) -> _Window:
        """Connections in a window after its own were thinned by `scale` and others set beside.

        Those beside go to the same service where the victim answers it, else to another one.
        """
        host, service, pair = (np.maximum(np.round(n * scale), 1) for n in counts)
        pair = np.minimum(pair, np.minimum(host, service))
        added = beside * host
        to_same = np.where(self._answered[rows], added, 0)
        return _Window(host + added, service + to_same, pair + to_same, host, service, pair)

    def _write(
        self,
        seen: dict[str, Floats],
        rows: NDArray[np.intp],
        before: tuple[Floats, Floats],
        window: _Window,
        scale: Floats,
        is_beside: NDArray[np.bool_],
        moved: NDArray[np.bool_],
        *,
        prefix: str,
    ) -> None:
        """Write the shares of a window from its counts."""
        host, service = before
        errors = (("serror_rate", self._syn_error[rows]), ("rerror_rate", self._rej_error[rows]))
        for name, own in errors:
            of_host = _errors(seen[prefix + name], host, window.own_host, own)
            of_service = _errors(seen[f"{prefix}srv_{name}"], service, window.own_service, own)
            np.copyto(seen[prefix + name], _share(of_host, window.host), where=moved)
            rate = _share(of_service, window.service)
            np.copyto(seen[f"{prefix}srv_{name}"], rate, where=moved)
        others = window.own_host - window.own_pair
        kinds = _kinds(seen[f"{prefix}diff_srv_rate"] * host * scale, others)
        kinds += is_beside & ~self._answered[rows]
        hosts = _kinds(
            seen[f"{prefix}srv_diff_host_rate"] * service * scale,
            window.own_service - window.own_pair,
        )
        for name, part, whole in (
            ("same_srv_rate", window.pair, window.host),
            ("diff_srv_rate", np.where(kinds > 1, kinds, 0), window.host),
            ("srv_diff_host_rate", np.where(hosts > 1, hosts, 0), window.service),
        ):
            np.copyto(seen[prefix + name], _share(part, whole), where=moved)


def _values(levels: Levels) -> Floats:
    """What levels stand for, shape (n, len(AXES))."""
    tables = [np.array(table, dtype=np.float64) for table in AXES.values()]
    return np.column_stack([table[levels[:, i]] for i, table in enumerate(tables)])


def _share(part: Floats, whole: Floats) -> Floats:
    """A share as KDD writes it, to two places."""
    return np.minimum(np.round(part / np.maximum(whole, 1), 2), 1.0)


def _errors(rate: Floats, before: Floats, after: Floats, own: Floats) -> Floats:
    """Errors among `after` connections of which this one is; the others keep their share."""
    others = np.maximum(rate * before - own, 0) / np.maximum(before - 1, 1)
    return own + np.minimum(others, 1) * (after - 1)


def _kinds(thinned: Floats, others: Floats) -> Floats:
    """Distinct services or hosts: this one, and of the rest no more than there are connections."""
    return np.clip(np.round(thinned), 1, others + 1)

"""Who talked to whom, when, how much and how it ended: one record for each connection.

Names and meanings are those of Zeek's `conn.log` (`Conn::Info`), so that a log of Zeek, an event of
Suricata and a packet capture say the same thing in the same words. Two forms hold the same: a
`Connection` is one record, for people and for alerts; `Connections` are many as columns, for
arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from oddflow.core.conn import UNSET
from oddflow.core.context import Rows
from oddflow.core.errors import InputError
from oddflow.core.matrix import Categories, categories

N_CONTENT = 13
"""Content features of KDD, in the order of `oddflow.core.kdd41`."""
UNKNOWN = -1
"""A number of packets or bytes that nobody told, in a column of `Connections`."""

NAMES = ("uid", "orig_h", "resp_h", "proto", "service", "conn_state", "history")
"""The columns of names."""
COUNTS = (
    *("orig_bytes", "resp_bytes", "missed_bytes", "orig_pkts", "orig_ip_bytes"),
    *("resp_pkts", "resp_ip_bytes", "wrong_fragment", "urgent"),
)
"""The columns of counts; `UNKNOWN` where they are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection. The originator spoke first.

    Attributes:
        start_s: time of the first packet, seconds since 1970.
        uid: identifier that its source gave it, "" for none.
        orig_h: address of the originator.
        orig_p: its port; the type of an ICMP message.
        resp_h: address of the responder.
        resp_p: its port; the code of an ICMP message.
        proto: "tcp", "udp", "icmp" or "unknown_transport".
        service: application protocol, as far as the source recognised it, else "-".
        duration_s: from the first packet to the last, seconds; None where not known.
        orig_bytes: payload that the originator sent, repetitions not counted; None where not known.
        resp_bytes: payload that the responder sent.
        conn_state: how it began and ended, one of `oddflow.core.conn.STATES`.
        history: its events in order, a letter each, capital for the originator, else "-".
        missed_bytes: payload that was not seen.
        orig_pkts: packets of the originator; None where not known, as the three below.
        orig_ip_bytes: the same in bytes, with IP headers and repetitions.
        resp_pkts: packets of the responder.
        resp_ip_bytes: the same in bytes.
        wrong_fragment: IP fragments that fit nowhere; None where not known.
        urgent: TCP packets with the urgent bit; None where not known.
        content: the 13 content features of KDD, or None where no payload was read.
    """

    start_s: float
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int
    proto: str
    conn_state: str
    uid: str = ""
    service: str = UNSET
    history: str = UNSET
    duration_s: float | None = None
    orig_bytes: int | None = None
    resp_bytes: int | None = None
    missed_bytes: int | None = None
    orig_pkts: int | None = None
    orig_ip_bytes: int | None = None
    resp_pkts: int | None = None
    resp_ip_bytes: int | None = None
    wrong_fragment: int | None = None
    urgent: int | None = None
    content: tuple[float, ...] | None = None

    @property
    def is_land(self) -> bool:
        """True if both ends have the same address and port."""
        return self.orig_h == self.resp_h and self.orig_p == self.resp_p


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Connections:
    """Consecutive connections as columns, in the order in which they ended or were logged.

    Attributes:
        start_s: float64, shape (n,), as all but `content`.
        duration_s: float64, NaN where not known.
        orig_p: int32; resp_p: int32.
        counts: one int64 array for each of `COUNTS`, `UNKNOWN` where not known.
        names: one column for each of `NAMES`.
        content: shape (n, 13), NaN where no payload was read; None if there is none at all.
    """

    start_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    orig_p: NDArray[np.int32]
    resp_p: NDArray[np.int32]
    counts: dict[str, NDArray[np.int64]]
    names: dict[str, Categories]
    content: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if tuple(self.counts) != COUNTS or tuple(self.names) != NAMES:
            raise InputError(
                f"expected counts {COUNTS} and names {NAMES}, received {tuple(self.counts)} and "
                f"{tuple(self.names)}"
            )
        columns: list[NDArray[Any]] = [self.duration_s, self.orig_p, self.resp_p]
        columns += self.counts.values()
        lengths = {len(self.start_s)} | {len(column) for column in columns}
        lengths |= {len(column.codes) for column in self.names.values()}
        if self.content is not None:
            lengths.add(len(self.content))
        if len(lengths) != 1:
            raise InputError(f"expected columns of one length, received {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.start_s)

    def __iter__(self) -> Iterator[Connection]:
        return (self.record(row) for row in range(len(self)))

    @property
    def end_s(self) -> NDArray[np.float64]:
        """Time of the last packet, or of the first where the duration is not known, shape (n,)."""
        return self.start_s + np.nan_to_num(self.duration_s)

    def record(self, row: int) -> Connection:
        """The connection of a row."""
        duration_s = float(self.duration_s[row])
        named: dict[str, Any] = {
            name: column.levels[column.codes[row]] for name, column in self.names.items()
        }
        for name, counts in self.counts.items():
            named[name] = None if counts[row] == UNKNOWN else int(counts[row])
        content = None if self.content is None else self.content[row]
        return Connection(
            start_s=float(self.start_s[row]),
            orig_p=int(self.orig_p[row]),
            resp_p=int(self.resp_p[row]),
            duration_s=None if np.isnan(duration_s) else duration_s,
            content=None if content is None or np.isnan(content[0]) else tuple(content.tolist()),
            **named,
        )

    def take(self, rows: Rows) -> Self:
        """The given rows (mask, indices or slice), in the order given."""
        return type(self)(
            start_s=self.start_s[rows],
            duration_s=self.duration_s[rows],
            orig_p=self.orig_p[rows],
            resp_p=self.resp_p[rows],
            counts={name: column[rows] for name, column in self.counts.items()},
            names={
                name: Categories(column.codes[rows], column.levels)
                for name, column in self.names.items()
            },
            content=None if self.content is None else self.content[rows],
        )

    @classmethod
    def of(cls, records: Sequence[Connection]) -> Self:
        """The same connections as columns."""
        columns = {
            field.name: [getattr(record, field.name) for record in records]
            for field in fields(Connection)
        }
        contents = columns["content"]
        no_content = (np.nan,) * N_CONTENT
        return cls(
            start_s=np.array(columns["start_s"], dtype=np.float64),
            duration_s=np.array(
                [np.nan if value is None else value for value in columns["duration_s"]],
                dtype=np.float64,
            ),
            orig_p=np.array(columns["orig_p"], dtype=np.int32),
            resp_p=np.array(columns["resp_p"], dtype=np.int32),
            counts={
                name: np.array(
                    [UNKNOWN if value is None else value for value in columns[name]],
                    dtype=np.int64,
                )
                for name in COUNTS
            },
            names={name: categories(columns[name]) for name in NAMES},
            content=np.array([no_content if row is None else row for row in contents])
            if any(row is not None for row in contents)
            else None,
        )

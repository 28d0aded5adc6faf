"""One connection and many as columns say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.conn import STATES
from oddflow.core.connection import Connection, Connections
from oddflow.core.errors import InputError

maybe_count = st.none() | st.integers(0, 2**62)
connection = st.builds(
    Connection,
    start_s=st.floats(0, 4e9),
    orig_h=st.sampled_from(["10.0.0.1", "fe80::1"]),
    orig_p=st.integers(0, 65535),
    resp_h=st.sampled_from(["10.0.0.1", "10.0.0.2"]),
    resp_p=st.integers(0, 65535),
    proto=st.sampled_from(["tcp", "udp", "icmp"]),
    conn_state=st.sampled_from(STATES),
    uid=st.text("abc", max_size=3),
    duration_s=st.none() | st.floats(0, 1e6),
    orig_bytes=maybe_count,
    resp_pkts=maybe_count,
    urgent=maybe_count,
    content=st.none() | st.tuples(*[st.floats(0, 9)] * 13),
)


@given(st.lists(connection, max_size=6))
def test_columns_give_back_the_records(records: list[Connection]) -> None:
    columns = Connections.of(records)
    assert list(columns) == records
    assert list(columns.take(slice(None, None, -1))) == records[::-1]


def test_the_end_of_an_unknown_duration_is_its_start() -> None:
    one = Connection(
        start_s=5, orig_h="a", orig_p=1, resp_h="b", resp_p=2, proto="tcp", conn_state="S0"
    )
    assert Connections.of([one]).end_s.tolist() == [5]


def test_land_needs_the_same_address_and_port() -> None:
    def ends(orig_h: str, orig_p: int) -> Connection:
        return Connection(
            start_s=0,
            orig_h=orig_h,
            orig_p=orig_p,
            resp_h="10.0.0.1",
            resp_p=80,
            proto="tcp",
            conn_state="S0",
        )

    assert ends("10.0.0.1", 80).is_land
    assert not ends("10.0.0.1", 81).is_land
    assert not ends("10.0.0.2", 80).is_land


def test_columns_of_two_lengths_are_refused() -> None:
    columns = Connections.of([])
    with pytest.raises(InputError, match="one length"):
        Connections(
            start_s=columns.start_s,
            duration_s=columns.duration_s,
            orig_p=Connections.of(
                [
                    Connection(
                        start_s=5,
                        orig_h="a",
                        orig_p=1,
                        resp_h="b",
                        resp_p=2,
                        proto="tcp",
                        conn_state="S0",
                    )
                ]
            ).orig_p,
            resp_p=columns.resp_p,
            counts=columns.counts,
            names=columns.names,
        )

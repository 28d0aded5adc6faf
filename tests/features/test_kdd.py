"""The 41 features of connections whose values are worked out by hand from KDD's definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from oddflow.core.connection import Connection, Connections
from oddflow.core.errors import InputError
from oddflow.core.kdd41 import KDD41, TRAFFIC28
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import numbered_schema
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.features.kdd import kdd_features, kdd_rows
from oddflow.features.kdd_names import SERVICES
from oddflow.features.kdd_windows import new_windows

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"


def connection(
    start_s: float,
    resp_h: str = B,
    resp_p: int = 80,
    conn_state: str = "SF",
    *,
    proto: str = "tcp",
    orig_p: int = 40000,
    orig_bytes: int | None = 100,
    **more: object,
) -> Connection:
    return Connection(
        start_s=start_s,
        orig_h=A,
        orig_p=orig_p,
        resp_h=resp_h,
        resp_p=resp_p,
        proto=proto,
        conn_state=conn_state,
        orig_bytes=orig_bytes,
        **more,  # type: ignore[arg-type]
    )


def features(records: list[Connection]) -> FeatureMatrix:
    return kdd_features(Connections.of(records), new_windows(), schema=TRAFFIC28)


def row(records: list[Connection], *names: str) -> list[float | str]:
    """Features of the last of them."""
    matrix = features(records)
    return [matrix.value(len(records) - 1, name) for name in names]


SIX = [
    connection(0.0, conn_state="S0"),
    connection(0.5, conn_state="S0"),
    connection(1.0, resp_p=22, conn_state="REJ"),
    connection(1.5, resp_h=C),
    connection(1.8, orig_p=40001),
    connection(2.4, orig_p=40001),
]
"""To B: two SYNs on port 80 at 0 and .5 s, one refused on 22 at 1 s, two that go well; one to C."""


def test_the_window_of_two_seconds() -> None:
    """At 2.4 s: to B .5, 1.0, 1.8 and 2.4; to http .5, 1.5 (C), 1.8 and 2.4."""
    names = ["count", "srv_count", "serror_rate", "srv_serror_rate", "rerror_rate"]
    assert row(SIX, *names) == [4, 4, 0.25, 0.25, 0.25]
    names = ["srv_rerror_rate", "same_srv_rate", "diff_srv_rate", "srv_diff_host_rate"]
    assert row(SIX, *names) == [0, 0.75, 0.5, 0.5]


def test_the_host_window() -> None:
    """Of all six: to B five, of which four http; http five, of which four to B."""
    names = ["count", "srv_count", "same_srv_rate", "diff_srv_rate", "same_src_port_rate"]
    assert row(SIX, *(f"dst_host_{name}" for name in names)) == [5, 5, 0.8, 0.4, 0.4]
    names = ["srv_diff_host_rate", "serror_rate", "srv_serror_rate", "rerror_rate"]
    assert row(SIX, *(f"dst_host_{name}" for name in names)) == [0.4, 0.4, 0.4, 0.2]
    assert row(SIX, "dst_host_srv_rerror_rate") == [0]


def test_the_basic_features() -> None:
    one = connection(0, duration_s=3.9, resp_bytes=7, urgent=2, wrong_fragment=1)
    names = ("duration", "protocol_type", "service", "flag", "src_bytes", "dst_bytes")
    assert row([one], *names) == [3, "tcp", "http", "SF", 100, 7]
    assert row([one], "land", "wrong_fragment", "urgent") == [0, 1, 2]
    land = connection(0, resp_h=A, resp_p=40000, orig_bytes=None)
    assert row([land], "land", "src_bytes", "duration", "urgent") == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("proto", "orig_p", "resp_p", "resp_h", "service"),
    [
        ("tcp", 40000, 21, B, "ftp"),
        ("tcp", 20, 40000, B, "ftp_data"),
        ("tcp", 40000, 1000, B, "private"),
        ("tcp", 40000, 40001, B, "other"),
        ("udp", 40000, 53, B, "domain_u"),
        ("udp", 40000, 161, B, "private"),
        ("udp", 40000, 5353, B, "other"),
        ("udp", 40000, 80, B, "private"),
        ("icmp", 8, 0, B, "eco_i"),
        ("icmp", 0, 0, B, "ecr_i"),
        ("icmp", 3, 3, B, "urp_i"),
        ("icmp", 3, 1, B, "urh_i"),
        ("icmp", 128, 0, "fe80::1", "eco_i"),
        ("icmp", 128, 0, B, "other"),
    ],
)
def test_the_service(proto: str, orig_p: int, resp_p: int, resp_h: str, service: str) -> None:
    one = connection(0, resp_h, resp_p, proto=proto, orig_p=orig_p)
    assert row([one], "service") == [service]


def test_icmp_and_udp_are_always_well_and_icmp_counts_its_header() -> None:
    ping = connection(0, resp_p=0, orig_p=8, proto="icmp", conn_state="OTH", orig_pkts=1)
    assert row([ping], "flag", "src_bytes", "dst_bytes", "land") == ["SF", 108, 0, 0]
    assert row([connection(0, resp_p=53, proto="udp", conn_state="S0")], "flag") == ["SF"]


@pytest.mark.parametrize(
    ("state", "flag", "syn", "rej"),
    [
        *(("S0", "S0", 1, 0), ("S1", "S1", 1, 0), ("S2", "S2", 1, 0), ("S3", "S3", 1, 0)),
        *(("SH", "SH", 1, 0), ("SHR", "SH", 1, 0), ("SF", "SF", 0, 0), ("OTH", "OTH", 0, 0)),
        *(("REJ", "REJ", 0, 1), ("RSTO", "RSTO", 0, 1), ("RSTR", "RSTR", 0, 1)),
        *(("RSTOS0", "RSTOS0", 0, 1), ("RSTRH", "RSTR", 0, 1), ("none such", "OTH", 0, 0)),
    ],
)
def test_the_flag_and_the_errors_that_it_is(state: str, flag: str, syn: float, rej: float) -> None:
    names = ("flag", "serror_rate", "rerror_rate", "dst_host_serror_rate", "dst_host_rerror_rate")
    assert row([connection(0, conn_state=state)], *names) == [flag, syn, rej, syn, rej]


def test_content_is_taken_over_where_there_is_any() -> None:
    content = tuple(float(i) for i in range(13))
    records = [connection(0, content=content), connection(1)]
    matrix = kdd_features(Connections.of(records), new_windows())
    assert matrix.schema.sha256 == KDD41.sha256
    names = [feature.name for feature in KDD41.features if feature.group == "content"]
    assert [matrix.value(0, name) for name in names] == list(content)
    assert [matrix.value(1, name) for name in names] == [0] * 13


def test_a_profile_with_content_refuses_sources_without() -> None:
    with pytest.raises(InputError, match="traffic28"):
        kdd_features(Connections.of([connection(0)]), new_windows())


def test_other_profiles_and_protocols_are_refused() -> None:
    records = Connections.of([connection(0), connection(1, proto="unknown_transport")])
    with pytest.raises(InputError, match="kdd41 or traffic28"):
        kdd_features(records, new_windows(), schema=numbered_schema(3))
    with pytest.raises(InputError, match="kdd_rows"):
        kdd_features(records, new_windows(), schema=TRAFFIC28)
    assert kdd_rows(records).tolist() == [True, False]


def test_a_stream_may_be_cut_anywhere() -> None:
    whole = features(SIX)
    windows = new_windows()
    parts = [kdd_features(Connections.of([one]), windows, schema=TRAFFIC28) for one in SIX]
    assert np.array_equal(np.vstack([part.numeric for part in parts]), whole.numeric)
    assert [part.value(0, "service") for part in parts] == whole.column("service").tolist()


def test_no_connections_have_no_features() -> None:
    assert len(features([])) == 0
    assert len(kdd_features(Connections.of([]), new_windows())) == 0


@pytest.mark.data
def test_the_services_are_those_of_nsl_kdd(corpora: Path) -> None:
    found = set(load_nsl_kdd("KDDTrain+", data_dir=corpora).features.column("service"))
    assert found == set(SERVICES)

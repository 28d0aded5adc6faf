"""Connections in both forms are read alike; each kind of damage is refused at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from oddflow.core.conn import CONN
from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.matrix import concatenate
from oddflow.core.schema import FeatureSchema, Kind
from oddflow.datasets.conn_rows import FIELDS, ConnBlock
from tests.datasets.conn_lines import (
    BENIGN,
    BOTH_FORMS,
    HEAD,
    RIGHT,
    csv,
    csv_row,
    parse,
    zeek,
    zeek_row,
)

IDENTIFIERS = {"ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "orig_h", "orig_p", "resp_h"}
CONN_KIND = {feature.name: feature.kind for feature in CONN.features}
Maker = Callable[..., str]
Form = Callable[..., bytes]


def values_of(content: bytes, name: str, block_rows: int = 2) -> list[object]:
    blocks = parse(content, block_rows)
    values = concatenate([block.features for block in blocks]).column(name).tolist()
    assert isinstance(values, list)
    return values


def check_no_identifiers(schema: FeatureSchema) -> None:
    assert not set(schema.names) & IDENTIFIERS, schema.profile


def test_identifiers_are_no_features() -> None:
    check_no_identifiers(CONN)
    other = replace(CONN.features[0], name="id.orig_h")
    with pytest.raises(AssertionError, match="broken"):
        check_no_identifiers(FeatureSchema("broken", (*CONN.features, other)))


def test_the_features_are_described() -> None:
    assert len(CONN.features) == 15
    assert CONN.profile == "conn"
    assert CONN.groups == ("service", "originator volume", "responder volume", "state")
    assert all(feature.meaning for feature in CONN.features)
    assert [f.name for f in CONN.features if f.kind is Kind.FLAG] == [
        "bytes_unset",
        "duration_unset",
    ]


@BOTH_FORMS
def test_values_land_in_their_columns(form: Form, row: Maker, n_head: int) -> None:
    (block,) = parse(form(row()), 100)
    value = block.features.value
    for name in (f.name for f in CONN.features if f.name in RIGHT):
        right = RIGHT[name]
        assert value(0, name) == (right if CONN_KIND[name] is Kind.CATEGORY else float(right))
    assert value(0, "resp_p") == "80"
    assert (value(0, "duration_unset"), value(0, "bytes_unset")) == (0, 0)
    assert block.start_s.tolist() == [1545403816.962094]
    assert block.orig_h.tolist() == ["192.168.1.195"]
    assert (block.label.tolist(), block.detail.tolist()) == (["Malicious"], ["C&C"])
    assert block.n_blanks == (1 if n_head > 1 else 0)


@BOTH_FORMS
@pytest.mark.parametrize("block_rows", [1, 2, 100])
def test_absent_is_not_0(form: Form, row: Maker, n_head: int, block_rows: int) -> None:
    unset = {"duration": "-", "orig_bytes": "-", "resp_bytes": "-", "service": "-", "history": "-"}
    zero = {"duration": "0.0", "orig_bytes": "0", "resp_bytes": "0"}
    content = form(row(unset), row(zero), row())
    assert n_head
    assert values_of(content, "duration", block_rows) == [0, 0, 3.139211]
    assert values_of(content, "duration_unset", block_rows) == [1, 0, 0]
    assert values_of(content, "orig_bytes", block_rows) == [0, 0, 149]
    assert values_of(content, "bytes_unset", block_rows) == [1, 0, 0]
    assert values_of(content, "service", block_rows) == ["-", "http", "http"]
    assert values_of(content, "history", block_rows) == ["-", "ShADadttcfF", "ShADadttcfF"]


def test_both_forms_hold_the_same() -> None:
    rows = [{}, BENIGN, {"proto": "icmp", "id.resp_p": "0", "history": "-"}]
    one, other = parse(zeek(*map(zeek_row, rows))), parse(csv(*map(csv_row, rows)))
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(one[:-1])


def fingerprint(blocks: Iterable[ConnBlock]) -> str:
    return concatenate([block.features for block in blocks]).fingerprint()


def test_comments_after_the_head_are_left_out() -> None:
    content = zeek(zeek_row(), "#close\t2019-03-15", *HEAD, zeek_row(BENIGN), "#close")
    blocks = parse(content)
    labels = [label for block in blocks for label in block.label]
    assert labels == ["Malicious", "Benign"]
    assert sum(block.n_blanks for block in blocks) == 2


def test_tabs_in_place_of_blanks_are_no_defect() -> None:
    content = zeek(zeek_row()).replace(b"   ", b"\t")
    assert [block.n_blanks for block in parse(content, 100)] == [0]


BAD_VALUES = [
    ("ts", "x", "ts to be seconds since 1970, received 'x'"),
    ("ts", "-1", "ts"),
    ("ts", "inf", "ts"),
    ("uid", "", "uid to be letters and digits"),
    ("id.orig_h", "host", "id.orig_h to be an IP address, received 'host'"),
    ("id.resp_p", "65536", "id.resp_p to be a whole number from 0 to 65535"),
    ("id.orig_p", "1.5", "id.orig_p"),
    ("proto", "TCP", "proto to be one of icmp, tcp, udp, unknown_transport, received 'TCP'"),
    ("service", "a b", "service to be a name or nothing"),
    ("duration", "-1", "duration to be a finite number of 0 or more, or nothing, received '-1'"),
    ("duration", "nan", "duration"),
    ("orig_bytes", "1e999", "orig_bytes"),
    ("resp_bytes", "many", "resp_bytes"),
    ("conn_state", "SFX", "conn_state to be one of OTH, REJ"),
    ("missed_bytes", "", "missed_bytes to be a finite number of 0 or more, received ''"),
    ("history", "1", "history to be letters or nothing"),
    ("orig_pkts", "-2", "orig_pkts"),
    ("resp_ip_bytes", "x" * 99, "received 'x{60}...'"),
    ("label", "malign", "label to be Benign or Malicious, received 'malign'"),
    ("detailed-label", "C&D", "detailed-label to be nothing or one of Attack, C&C, .* 'C&D'"),
    (
        "detailed-label",
        "-",
        "no detailed label for Benign and one for Malicious, received '-?' for M",
    ),
    ("label", "benign", "received 'C&C' for benign"),
]


@BOTH_FORMS
@pytest.mark.parametrize(("name", "text", "words"), BAD_VALUES)
@pytest.mark.parametrize("block_rows", [1, 2, 100])
def test_a_wrong_value_is_reported_at_its_place(
    form: Form, row: Maker, n_head: int, name: str, text: str, words: str, block_rows: int
) -> None:
    content = form(row(), row({name: text}), row({"ts": "later"}) if block_rows == 1 else row())
    with pytest.raises(MalformedInput, match=words) as caught:
        parse(content, block_rows)
    column = 23 if "label" in name and "one for" in str(caught.value) else FIELDS.index(name) + 1
    assert (caught.value.line, caught.value.column) == (n_head + 2, column)


@BOTH_FORMS
@pytest.mark.parametrize("block_rows", [1, 2, 100])
def test_a_row_of_another_width_is_reported(
    form: Form, row: Maker, n_head: int, block_rows: int
) -> None:
    for damaged, n_fields in ((row()[:40], None), (row({"uid": "a,b"}), 24), ("", None)):
        with pytest.raises(MalformedInput, match="expected 23 fields") as caught:
            parse(form(row(), damaged, row()), block_rows)
        assert caught.value.line == n_head + 2
        assert n_fields is None or f"received {n_fields} fields" in str(caught.value)


@pytest.mark.parametrize("block_rows", [1, 3, 100])
@pytest.mark.parametrize(
    ("content", "words", "line"),
    [
        (csv(csv_row()).replace(b"uid", b"id"), "the 23 columns of a labelled conn.log", 1),
        (csv_row().encode(), "received '1545403816", 1),
        (b"\n" + csv(csv_row()), "received ''", 1),
        (zeek(zeek_row()).replace(b"uid", b"id"), "received a connection before them", 5),
        (b"#path\tconn\n" + zeek_row().encode(), "received a connection before them", 2),
        (zeek_row().encode() + b"\n" + zeek(), "received '1545403816", 1),
        (b"#path\n" + zeek_row().encode() + b"\n" + zeek(), "a connection before them", 2),
    ],
)
def test_another_header_is_refused(content: bytes, words: str, line: int, block_rows: int) -> None:
    with pytest.raises(MalformedInput, match=words) as caught:
        parse(content, block_rows)
    assert caught.value.line == line


@pytest.mark.parametrize("content", [b"", zeek(), csv(), b"#"])
@pytest.mark.parametrize("block_rows", [1, 100])
def test_a_file_without_connections_is_refused(content: bytes, block_rows: int) -> None:
    with pytest.raises(MalformedInput, match="at least one connection, received none"):
        parse(content, block_rows)


def test_blocks_hold_at_least_one_row() -> None:
    with pytest.raises(InputError, match="block_rows of 1 or more, received 0"):
        parse(csv(csv_row()), 0)

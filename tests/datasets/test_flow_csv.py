"""Flow tables: each defect is set right and counted, each kind of damage refused at its place."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from oddflow.core.errors import InputError, MalformedInput
from oddflow.datasets.cicids2017 import LAYOUT
from oddflow.datasets.columns import Place, name_column
from oddflow.datasets.flow_csv import (
    EMPTY_ROWS,
    LABEL_BLANKS,
    LABEL_BYTES,
    NEGATIVE_SIZE,
    NEGATIVE_TIME,
    NO_RATE,
    NO_WINDOW,
    REPEATED_HEADERS,
    gather,
    parse_flow_csv,
)
from oddflow.datasets.flow_features import NAMES, RATES_UNSET
from oddflow.datasets.flow_layout import BLANK_NAMES, DOUBLED_COLUMNS, plain
from oddflow.datasets.kept_lines import read_kept
from tests.datasets.flow_rows import HEADER, flow_row, parse, table


def test_values_land_in_their_columns() -> None:
    values = {name: str(i) for i, name in enumerate(NAMES)}
    corpus = parse(table(flow_row(values, "DoS Hulk")))
    for i, name in enumerate(NAMES):
        assert corpus.features.value(0, name) == ("0" if i == 0 else i), name
    assert corpus.labels.attack.tolist() == ["dos_hulk"]
    assert corpus.labels.family.tolist() == ["dos"]
    assert corpus.defects == {}


def test_columns_may_stand_in_any_order() -> None:
    row = flow_row({"Idle Min": "7"}, "Bot")
    turned = [",".join(reversed(line.split(","))) for line in (HEADER, row)]
    corpus = parse("\n".join(turned))
    assert corpus.features.fingerprint() == parse(table(row)).features.fingerprint()
    assert corpus.labels.attack.tolist() == ["bot"]


def test_ignored_columns_are_dropped_whatever_they_hold() -> None:
    corpus = parse(table("x y," + flow_row() + ",\xff", header="Flow ID," + HEADER + ",Timestamp"))
    assert corpus.features.fingerprint() == parse(table(flow_row())).features.fingerprint()


@pytest.mark.parametrize("text", ["80", "80.0", "8e1"])
def test_a_port_is_a_name(text: str) -> None:
    features = parse(table(flow_row({"Destination Port": text}))).features
    assert features.value(0, "Destination Port") == "80"


@pytest.mark.parametrize("rate", ["Infinity", "inf", "NaN", "", "-1", "-2000000.0", "-Infinity"])
@pytest.mark.parametrize("name", ["Flow Bytes/s", "Flow Packets/s"])
def test_a_rate_without_value_is_flagged(name: str, rate: str) -> None:
    corpus = parse(table(flow_row(), flow_row({name: rate}), flow_row()))
    assert corpus.features.column(RATES_UNSET).tolist() == [0, 1, 0]
    for rate_name in ("Flow Bytes/s", "Flow Packets/s"):
        assert corpus.features.column(rate_name).tolist() == [1.5, 0, 1.5]
    assert corpus.defects == {NO_RATE: 1}


@pytest.mark.parametrize("side", ["forward", "backward"])
def test_a_window_of_minus_1_is_flagged_and_0_is_not(side: str) -> None:
    name = f"Init_Win_bytes_{side}"
    corpus = parse(table(flow_row({name: "-1"}), flow_row({name: "0"}), flow_row({name: "-1.0"})))
    assert corpus.features.column(name).tolist() == [0, 0, 0]
    assert corpus.features.column(f"{name} Unset").tolist() == [1, 0, 1]
    assert corpus.features.numeric[:, -3:].sum() == 2
    assert corpus.defects == {NO_WINDOW: 2}


@pytest.mark.parametrize(
    ("name", "value", "defect"),
    [
        ("Flow Duration", "-1", NEGATIVE_TIME),
        ("Flow IAT Min", "-12", NEGATIVE_TIME),
        ("Idle Min", "-0.5", NEGATIVE_TIME),
        ("Fwd Header Length", "-6442447920", NEGATIVE_SIZE),
        ("min_seg_size_forward", "-536870660", NEGATIVE_SIZE),
    ],
)
def test_negative_amounts_become_0(name: str, value: str, defect: str) -> None:
    corpus = parse(table(flow_row(), flow_row({name: value})))
    assert corpus.features.column(name)[1] == 0
    assert corpus.defects == {defect: 1}


def test_a_row_counts_once_for_a_defect() -> None:
    values = {"Flow Duration": "-1", "Flow IAT Mean": "-1", "Flow IAT Max": "-1"}
    assert parse(table(flow_row(values))).defects == {NEGATIVE_TIME: 1}


@pytest.mark.parametrize("block_rows", [1, 2, 1000])
def test_lines_that_are_no_rows_are_left_out(block_rows: int) -> None:
    empty = "," * 77
    rows = [flow_row({"Flow Duration": str(i)}) for i in range(4)]
    lines = [
        rows[0],
        empty,
        rows[1],
        "",
        f" {HEADER}\r",
        rows[2],
        HEADER,
        rows[3],
        empty,
        empty,
        "",
    ]
    corpus = parse(table(*lines), block_rows)
    assert corpus.features.column("Flow Duration").tolist() == [0, 1, 2, 3]
    assert corpus.defects == {EMPTY_ROWS: 5, REPEATED_HEADERS: 2}


@pytest.mark.parametrize(
    "again", ["Fwd Header Length", " Fwd Header Length", "Fwd Header Length.1"]
)
def test_the_publishers_header_is_read(again: str) -> None:
    header = HEADER.replace(",", ", ") + "," + again
    corpus = parse(table(flow_row({"Fwd Header Length": "40"}) + ",nonsense", header=header))
    assert corpus.features.value(0, "Fwd Header Length") == 40
    n_blank = 77 + again.startswith(" ")
    assert corpus.defects == {BLANK_NAMES: n_blank, DOUBLED_COLUMNS: 1}


DASHES = [b"\x96", "\u2013".encode(), "\ufffd".encode(), b"-", b"\xc3\xa2\xe2\x82\xac\xe2\x80\x9c"]


@pytest.mark.parametrize("dash", DASHES)
def test_labels_are_read_in_any_character_set(dash: bytes) -> None:
    label = b"Web Attack " + dash + b" Sql Injection"
    corpus = parse(table(flow_row(label="@")).encode().replace(b"@", label))
    assert corpus.labels.attack.tolist() == ["web_attack_sql_injection"]
    assert corpus.labels.family.tolist() == ["web_attack"]
    assert corpus.defects == ({} if dash == b"-" else {LABEL_BYTES: 1})


def test_labels_with_blanks_are_trimmed() -> None:
    corpus = parse(
        table(flow_row(label="DDoS "), flow_row(label=" benign"), flow_row(label="DDoS"))
    )
    assert corpus.labels.attack.tolist() == ["ddos", "normal", "ddos"]
    assert corpus.defects == {LABEL_BLANKS: 2}


def test_a_byte_order_mark_and_crlf_are_read() -> None:
    content = b"\xef\xbb\xbf" + table(flow_row()).replace("\n", "\r\n").encode()
    assert parse(content).defects == {}


BAD_VALUES = {
    "not a number": ({"Flow Duration": "abc"}, 2, "Flow Duration to be a finite number, received"),
    "empty": ({"Flow Duration": ""}, 2, "received ''"),
    "infinite": ({"Flow IAT Max": "Infinity"}, 19, "Flow IAT Max to be a finite number"),
    "nan": ({"Idle Min": "NaN"}, 77, "Idle Min"),
    "overflow": ({"Idle Min": "1e999"}, 77, "Idle Min"),
    "blanks": ({"Idle Min": " 1"}, 77, "received ' 1'"),
    "rate": ({"Flow Bytes/s": "fast"}, 15, "to be a number, infinite or empty, received 'fast'"),
    "port": ({"Destination Port": "65536"}, 1, "a whole number from 0 to 65535, received '65536'"),
    "half a port": ({"Destination Port": "80.5"}, 1, "a whole number"),
    "no port": ({"Destination Port": "nan"}, 1, "a whole number"),
    "negative port": ({"Destination Port": "-1"}, 1, "a whole number"),
}


@pytest.mark.parametrize("block_rows", [1, 2, 1000])
@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_wrong_value_is_reported_at_its_place(case: str, block_rows: int) -> None:
    values, column, words = BAD_VALUES[case]
    content = table(flow_row(), "", HEADER, flow_row(), flow_row(values), "later fault")
    with pytest.raises(MalformedInput, match=words) as caught:
        parse(content, block_rows)
    assert (caught.value.line, caught.value.column) == (6, column)


@pytest.mark.parametrize(
    ("row", "words", "column"),
    [
        (
            flow_row(label="Benign Attack"),
            "Label to be one of the labels benign, .* any spelling",
            78,
        ),
        (flow_row(label=""), "Label to be one of", 78),
        (flow_row() + ",1", "expected 78 fields as in the rows before, received 79 fields", None),
        ("1,2", "received 2 fields", None),
    ],
)
def test_a_wrong_row_is_reported(row: str, words: str, column: int | None) -> None:
    with pytest.raises(MalformedInput, match=words) as caught:
        parse(table("," * 77, flow_row(), row, flow_row({"Idle Min": "x"})))
    assert (caught.value.line, caught.value.column) == (4, column)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("Idle Min", "Idle"), r"missing \['Idle Min'\], unexpected \['Idle'\]"),
        (HEADER.replace(",Label", ""), r"missing \['Label'\]"),
        (HEADER + ",Label", r"twice \['Label'\]"),
        (HEADER + ",Idle Min.1", r"unexpected \['Idle Min.1'\]"),
        (HEADER + ",Fwd Header Length" * 2 + ",x", r"unexpected \['x'\]"),
        (flow_row(), r"missing \['Destination Port', .*\] and 73 more, unexpected"),
        ("", "received 1: missing"),
        ("a" * 500, r"unexpected \['a{40}'\]"),
    ],
)
def test_another_header_is_refused(header: str, words: str) -> None:
    with pytest.raises(MalformedInput, match=words) as caught:
        parse(table(flow_row(), header=header))
    assert caught.value.line == 1


@pytest.mark.parametrize("content", ["", HEADER, table("", "," * 77, HEADER)])
@pytest.mark.parametrize("block_rows", [1, 1000])
def test_a_table_without_rows_is_refused(content: str, block_rows: int) -> None:
    with pytest.raises(MalformedInput, match="at least one row, received none"):
        parse(content, block_rows)


def test_blocks_hold_at_least_one_row() -> None:
    with pytest.raises(InputError, match="block_rows of 1 or more, received 0"):
        parse(table(flow_row()), 0)


def test_gathering_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="received none"):
        gather("x", [])


def test_kept_lines_keep_their_numbers() -> None:
    columns = [name_column("word", "letters", "^[a-z]+$")]
    lines, keep = pl.Series(["#", "a", "#", "b", "1"]), pl.Series([False, True, False, True, True])
    kept = read_kept(Place("x", 10), lines.head(4), keep.head(4), columns)
    assert kept.numbers.tolist() == [11, 13]
    assert kept.columns[0].to_list() == ["a", "b"]
    with pytest.raises(MalformedInput, match="line 14, column 1: expected word to be letters"):
        read_kept(Place("x", 10), lines, keep, columns)


def test_labels_become_plain_words() -> None:
    labels = pl.Series(["DoS slowloris", "FTP-Patator", " -- "])
    assert plain(labels).to_list() == ["dos_slowloris", "ftp_patator", ""]


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    with pytest.raises(MalformedInput) as caught:
        list(parse_flow_csv(BytesIO(b"x"), path, LAYOUT))
    assert caught.value.path == path

"""Rows are read exactly, whatever the blocks; what is wrong gives one error at its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import KDD41
from oddflow.datasets.kdd_rows import KddBlock, gather, read_kdd_rows

RowMaker = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write_file(content: str | bytes) -> Path:
        path = tmp_path / "rows.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


Write = Callable[[str | bytes], Path]


def same(one: KddBlock, other: KddBlock) -> bool:
    return (
        np.array_equal(one.features.numeric, other.features.numeric)
        and all(
            a.levels == b.levels and np.array_equal(a.codes, b.codes)
            for a, b in zip(one.features.categorical, other.features.categorical, strict=True)
        )
        and np.array_equal(np.asarray(one.attacks), np.asarray(other.attacks))
        and np.array_equal(np.asarray(one.difficulty), np.asarray(other.difficulty))
    )


def test_values_land_in_their_columns(write: Write, row: RowMaker) -> None:
    block = gather(read_kdd_rows(write(row({0: "12", 40: "0.25", 41: "neptune", 42: "7"}) + "\n")))
    assert block.features.value(0, "duration") == 12
    assert block.features.value(0, "protocol_type") == "tcp"
    assert block.features.value(0, "service") == "http"
    assert block.features.value(0, "flag") == "SF"
    assert block.features.value(0, "dst_bytes") == 5450
    assert block.features.value(0, "dst_host_srv_rerror_rate") == 0.25
    assert block.attacks is not None
    assert block.attacks.tolist() == ["neptune"]
    assert block.difficulty is not None
    assert block.difficulty.tolist() == [7]
    assert block.difficulty.dtype == np.int8


@pytest.mark.parametrize(
    ("width", "labelled", "rated"), [(41, False, False), (42, True, False), (43, True, True)]
)
def test_the_first_row_decides_the_width(
    write: Write, row: RowMaker, width: int, labelled: bool, rated: bool
) -> None:
    block = gather(read_kdd_rows(write(f"{row(width=width)}\n" * 3)))
    assert len(block.features) == 3
    assert (block.attacks is not None, block.difficulty is not None) == (labelled, rated)


def test_the_dot_of_kdd99_labels_is_dropped(write: Write, row: RowMaker) -> None:
    block = gather(read_kdd_rows(write(row({41: "smurf."}, width=42))))
    assert block.attacks is not None
    assert block.attacks.tolist() == ["smurf"]


@pytest.mark.parametrize("block_rows", [1, 2, 1000])
@pytest.mark.parametrize(
    "content",
    [
        "{row}\n{row}\n",
        "{row}\n{row}",
        "{row}\r\n{row}\r\n",
        "{row}\r\n{row}\r",
        "{row}\n{row}\n\n",
        "{row}\r\n{row}\r\n\r\n",
        "\ufeff{row}\n{row}\n",
        "{header}\n{row}\n{row}\n",
        "{HEADER}\r\n{row}\r\n{row}",
        "\ufeff{header},label,difficulty_level\n{row}\n{row}\n\n",
    ],
)
def test_line_ends_and_headers_make_no_difference(
    write: Write, row: RowMaker, content: str, block_rows: int
) -> None:
    header = ",".join(KDD41.names)
    text = content.format(row=row(), header=header, HEADER=header.upper())
    block = gather(read_kdd_rows(write(text), block_rows=block_rows))
    assert same(block, gather(read_kdd_rows(write(f"{row()}\n{row()}\n"))))


def test_blocks_say_where_they_start(write: Write, row: RowMaker) -> None:
    header = ",".join(KDD41.names)
    rows = [row({0: str(i)}) for i in range(5)]
    blocks = list(read_kdd_rows(write("\n".join([header, *rows])), block_rows=2))
    starts = [int(block.features.column("duration")[0]) for block in blocks]
    assert starts == [block.first_row for block in blocks]
    assert max(len(block.features) for block in blocks) <= 2
    assert sum(len(block.features) for block in blocks) == 5


# text of the faulty third line (None: the row as it is), one-based column, words of the message
BAD_VALUES = {
    "not a number": ({0: "abc"}, 1, "duration to be a finite number of 0 or more, received 'abc'"),
    "empty": ({4: ""}, 5, "src_bytes to be a finite number of 0 or more, received ''"),
    "nan": ({4: "nan"}, 5, "received 'nan'"),
    "infinite": ({5: "inf"}, 6, "received 'inf'"),
    "overflow": ({5: "1e999"}, 6, "received '1e999'"),
    "negative": ({22: "-1"}, 23, "count to be a finite number of 0 or more, received '-1'"),
    "blanks": ({22: " 1"}, 23, "received ' 1'"),
    "NUL": ({22: "1\0"}, 23, r"received '1\\x00'"),
    "other digits": ({22: "\u0661"}, 23, "count"),
    "rate above 1": ({24: "1.01"}, 25, "serror_rate to be a share between 0 and 1, received"),
    "rate below 0": ({40: "-0.01"}, 41, "dst_host_srv_rerror_rate"),
    "nan rate": ({40: "nan"}, 41, "dst_host_srv_rerror_rate"),
    "flag feature": ({11: "2"}, 12, "logged_in to be 0 or 1, received '2'"),
    "half a flag feature": ({6: "0.5"}, 7, "land to be 0 or 1"),
    "protocol": ({1: "sctp"}, 2, "protocol_type to be one of icmp, tcp, udp, received 'sctp'"),
    "flag": ({3: "SFX"}, 4, "flag to be one of OTH, REJ, .* received 'SFX'"),
    "service": ({2: "a b"}, 3, "service to be a name of 1 to 32 letters"),
    "empty service": ({2: ""}, 3, "service"),
    "long service": ({2: "a" * 33}, 3, "service"),
    "NUL in service": ({2: "http\0"}, 3, "service"),
    "label": ({41: "Neptune"}, 42, "the label to be an attack's name in lower case"),
    "dots": ({41: "smurf.."}, 42, "the label"),
    "difficulty": ({42: "22"}, 43, "the difficulty to be a whole number from 0 to 21"),
    "part difficulty": ({42: "2.5"}, 43, "the difficulty"),
    "carriage return": ({0: "0\r"}, 1, "duration"),
    "long value": ({0: "x" * 500}, 1, f"received '{'x' * 60}...';"),
}


@pytest.mark.parametrize("block_rows", [1, 3, 1000])
@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_wrong_value_is_reported_at_its_place(
    write: Write, row: RowMaker, case: str, block_rows: int
) -> None:
    replaced, column, words = BAD_VALUES[case]
    path = write("\n".join([row(), row(), row(replaced), row({0: "later fault"})]) + "\n")
    with pytest.raises(MalformedInput, match=words) as caught:
        list(read_kdd_rows(path, block_rows=block_rows))
    assert (caught.value.path, caught.value.line, caught.value.column) == (path, 3, column)
    assert "correct the row or remove it" in str(caught.value)


@pytest.mark.parametrize("block_rows", [1, 3, 1000])
@pytest.mark.parametrize(
    ("third_line", "words"),
    [
        ("{short}", "expected 43 fields as in the rows before, received 42 fields"),
        ("{row},1", "expected 43 fields as in the rows before, received 44 fields"),
        ("", "received an empty line"),
        ("\r", "received an empty line"),
        (" ", "received 1 fields"),
        ("{short}\n{short}", "received 42 fields"),
        ("\n", "received an empty line"),
        ("," * 60_000, "received 60001 fields"),
    ],
)
def test_a_row_of_another_width_is_reported(
    write: Write, row: RowMaker, third_line: str, words: str, block_rows: int
) -> None:
    third = third_line.format(row=row(), short=row(width=42))
    path = write("\n".join([row(), row(), third, row(), ""]))
    with pytest.raises(MalformedInput, match=words) as caught:
        list(read_kdd_rows(path, block_rows=block_rows))
    assert (caught.value.line, caught.value.column) == (3, None)


@pytest.mark.parametrize("block_rows", [1, 1000])
def test_the_first_fault_is_the_one_reported(write: Write, row: RowMaker, block_rows: int) -> None:
    lines = [row(), row({30: "x", 5: "y"}), row({0: "z"}), row(width=41), "\x00"]
    path = write("\n".join(lines).encode() + b"\n\xff\n")
    with pytest.raises(MalformedInput, match="'y'") as caught:
        list(read_kdd_rows(path, block_rows=block_rows))
    assert (caught.value.line, caught.value.column) == (2, 6)


def test_a_header_counts_as_a_line(write: Write, row: RowMaker) -> None:
    path = write("\n".join([",".join(KDD41.names), row(), row({0: "x"}), ""]))
    with pytest.raises(MalformedInput) as caught:
        list(read_kdd_rows(path))
    assert caught.value.line == 3


@pytest.mark.parametrize("content", ["", "\n", "\ufeff", ",".join(KDD41.names) + "\n"])
@pytest.mark.parametrize("block_rows", [1, 1000])
def test_a_file_without_records_is_refused(write: Write, content: str, block_rows: int) -> None:
    with pytest.raises(MalformedInput, match="expected at least one row of 41 features"):
        list(read_kdd_rows(write(content), block_rows=block_rows))


@pytest.mark.parametrize("block_rows", [1, 1000])
def test_an_empty_first_line_is_refused(write: Write, row: RowMaker, block_rows: int) -> None:
    with pytest.raises(MalformedInput, match=r"expected 41 features.* an empty line") as caught:
        list(read_kdd_rows(write(f"\n{row()}\n"), block_rows=block_rows))
    assert caught.value.line == 1


def test_a_first_row_of_unknown_width_is_refused(write: Write) -> None:
    with pytest.raises(MalformedInput, match=r"41 features, then perhaps.* received 3 fields"):
        list(read_kdd_rows(write("1,2,3\n")))


def test_columns_in_another_order_are_no_header(write: Write, row: RowMaker) -> None:
    path = write(",".join(reversed(KDD41.names)) + "\n" + row(width=41))
    with pytest.raises(MalformedInput) as caught:
        list(read_kdd_rows(path))
    assert (caught.value.line, caught.value.column) == (1, 1)


def test_right_blocks_are_given_out_before_the_fault(write: Write, row: RowMaker) -> None:
    blocks = read_kdd_rows(write("\n".join([row(), row(), "broken"])), block_rows=1)
    assert [next(blocks).first_row, next(blocks).first_row] == [0, 1]
    with pytest.raises(MalformedInput):
        next(blocks)


@pytest.mark.parametrize("block_rows", [0, -1])
def test_blocks_hold_at_least_one_row(write: Write, row: RowMaker, block_rows: int) -> None:
    with pytest.raises(InputError, match="block_rows of 1 or more"):
        list(read_kdd_rows(write(row()), block_rows=block_rows))


def test_gathering_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="received none"):
        gather([])

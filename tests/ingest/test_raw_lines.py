"""Lines are the same however the bytes are cut, and what cannot be read is counted."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.ingest.raw_lines import (
    Held,
    RawLines,
    TextLines,
    joined,
    raw_lines,
    split_lines,
    text_lines,
)
from oddflow.ingest.reading import NOT_UTF8, TOO_LONG
from oddflow.ingest.source import MAX_LINE_BYTES

LONG = b"x" * (MAX_LINE_BYTES + 1)


def read(data: bytes, n_bytes: int) -> tuple[list[bytes], int, int]:
    """The readable lines of a stream, how many were too long, and how many not UTF-8."""
    lines: list[bytes] = []
    n_long = n_not_utf8 = 0
    for raw in raw_lines(BytesIO(data), "x.log", n_bytes=n_bytes):
        text = text_lines(raw.data)
        check_ends(text)
        lines += text.data.split(b"\n")[:-1]
        n_long += raw.n_too_long + text.skipped.get(TOO_LONG, 0)
        n_not_utf8 += text.skipped.get(NOT_UTF8, 0)
    return lines, n_long, n_not_utf8


def check_ends(lines: TextLines) -> None:
    """Starts and ends say where the lines are."""
    cut = [lines.data[start:end] for start, end in zip(lines.starts, lines.ends, strict=True)]
    assert cut == [line + b"\n" for line in lines.data.split(b"\n")[:-1]]


def test_wrong_ends_would_be_noticed() -> None:
    right = text_lines(b"a\nbc\n")
    check_ends(right)
    with pytest.raises(AssertionError):
        check_ends(right._replace(ends=right.ends - 1))


PIECES = [b"a", b"b c", b"\n", b"\r\n", b"\n\n", b"\xff", "é".encode(), b" ", b"\t", b"#", LONG]


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(1, 7))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_size_of_pieces_changes_nothing(parts: list[bytes], n_bytes: int) -> None:
    data = b"".join(parts)
    if len(data) > MAX_LINE_BYTES:
        n_bytes *= 10_007
    assert read(data, n_bytes) == read(data, 1 << 24)


def test_lines_are_complete_and_their_ends_are_taken_off() -> None:
    assert read(b"\xef\xbb\xbfa\r\n\n \t\nb\rc\n\xc3\xa9", 3) == (
        [b"a", b"b\rc", "é".encode()],
        0,
        0,
    )


def test_a_bad_line_spoils_itself_alone() -> None:
    assert read(b"one\n\xff\n" + LONG + b"\ntwo\nthr\xe9e\nfour", 1 << 20) == (
        [b"one", b"two", b"four"],
        1,
        2,
    )


@pytest.mark.parametrize("n_bytes", [1000, MAX_LINE_BYTES, 1 << 20])
@pytest.mark.parametrize("n_over", [0, 1])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_longest_line(n_bytes: int, n_over: int, end: bytes) -> None:
    line = b"x" * (MAX_LINE_BYTES - 1 + n_over)
    lines, n_long, _ = read(b"a\n" + line + end + b"b\n", n_bytes)
    assert (lines == [b"a", b"b"]) == bool(n_over)
    assert n_long == n_over


def test_what_is_held_is_bounded() -> None:
    held = Held()
    for _ in range(100):
        held, lines = split_lines(held, b"x" * 10_000)
        assert lines.data == b""
        assert len(held.rest) <= MAX_LINE_BYTES
    assert held.is_long
    assert split_lines(held, b"y\nz\nw") == (Held(b"w"), RawLines(b"z\n"))


def test_parts_joined_are_the_whole() -> None:
    whole = text_lines(b"a\nbb\n\xc3\xa9\n")
    again = joined([whole.part(0, 1), whole.part(1, 1), whole.part(1, 3)])
    assert again.data == whole.data
    assert again.ends.tolist() == whole.ends.tolist()
    check_ends(again)

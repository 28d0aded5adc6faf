"""A log that is followed gives what it gives at once, whatever is done to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oddflow.ingest.reading import Parser
from oddflow.ingest.suricata import eve_parser
from oddflow.ingest.zeek import parse_zeek
from oddflow.ingest.zeek_tsv import Header
from tests.ingest import logs
from tests.ingest.following import Following
from tests.ingest.logs import FLOW, ROW, TYPES, jsonl, records, skipped
from tests.ingest.writing import COPY, PACK, RENAME, Writer, pack

STEP, RESTART = "step", "restart"
N_LINES = 15


FORMS: dict[str, tuple[bytes, list[bytes], Parser[Any], Any]] = {
    "tsv": (
        logs.header([*TYPES]).encode(),
        [logs.fields(ROW | {"ts": float(i), "uid": f"C{i}"}).encode() for i in range(N_LINES)],
        parse_zeek,
        Header(),
    ),
    "json": (
        b"",
        [jsonl([ROW | {"ts": float(i), "uid": f"C{i}"}]) for i in range(N_LINES)],
        parse_zeek,
        Header(),
    ),
    "eve": (b"", [jsonl([FLOW | {"flow_id": i}]) for i in range(N_LINES)], eve_parser(), None),
}


def followed(tmp: Path, form: str, deeds: list[str | int]) -> bytes:
    """What comes of following a log while it is written, rotated and left alone."""
    header, lines, _, _ = FORMS[form]
    path = tmp / "conn.log"
    writer, one = Writer(path, header), Following(path)
    one.drain()
    rest = b"".join(lines)
    for deed in deeds:
        if deed == STEP:
            one.drain()
        elif deed == RESTART:
            one.restart()
        elif isinstance(deed, int):
            writer.write(rest[:deed])
            rest = rest[deed:]
        else:
            end = rest.find(b"\n") + 1  # a sensor rotates between lines
            writer.write(rest[:end])
            rest = rest[end:]
            writer.rotate(str(deed))
    writer.write(rest)
    one.drain()
    one.tail.close()
    assert (one.n_lost, one.n_too_long) == (0, 0)
    return one.data


def check_same(form: str, data: bytes) -> None:
    """What came is the whole log: at once, line by line, and as it came."""
    header, lines, parse, state = FORMS[form]
    whole = logs.reads_in_pieces(parse, state, [header + b"".join(lines)])
    assert len(records(whole)) == len(lines)
    came = data.splitlines(keepends=True)
    for pieces in ([data], came, [header, *lines]):
        reads = logs.reads_in_pieces(parse, state, pieces)
        assert records(reads) == records(whole)
        assert skipped(reads) == {}


deed = st.sampled_from([STEP, RESTART, RENAME, PACK, COPY]) | st.integers(1, 900)


@given(form=st.sampled_from(sorted(FORMS)), deeds=st.lists(deed, max_size=14))
@example(form="eve", deeds=[500, RENAME, 500, RENAME, 500, PACK, 500, COPY, 500, COPY])
@example(form="tsv", deeds=[500, COPY, 500, PACK, 500, RESTART, RENAME])
@example(form="json", deeds=[500, COPY, RESTART, 500, COPY, PACK, 500, RENAME])
@settings(max_examples=60, deadline=None, derandomize=True)
def test_rotation_changes_nothing(
    form: str, deeds: list[str | int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    check_same(form, followed(tmp_path_factory.mktemp("tail"), form, deeds))


def test_a_tail_that_loses_or_repeats_a_line_would_be_noticed(tmp_path: Path) -> None:
    data = followed(tmp_path, "json", [700, STEP, RENAME])
    lines = data.splitlines(keepends=True)
    check_same("json", data)
    for wrong in (lines[1:], [lines[0], *lines], [lines[1], lines[0], *lines[2:]]):
        with pytest.raises(AssertionError):
            check_same("json", b"".join(wrong))


def test_half_a_line_is_held_back(log: Path, following: Following) -> None:
    assert following.drain() == b""  # there is no log yet
    writer = Writer(log)
    writer.write(b"one\ntw")
    assert following.drain() == b"one\n"
    assert following.place.offset == 4
    following.restart()
    assert following.drain() == b"one\n"
    writer.write(b"o\r\nthree")
    assert following.drain() == b"one\ntwo\r\n"


def test_the_last_line_of_a_rotated_log_needs_no_end(log: Path, following: Following) -> None:
    writer = Writer(log)
    writer.write(b"one\ntw")
    following.drain()
    writer.rotate(RENAME)
    assert following.drain() == b"one\n"  # its writer may not know yet, and go on there
    with log.with_name("conn.log.1").open("ab") as old:
        old.write(b"o")
    assert following.drain() == b"one\n"
    writer.write(b"three\n")
    assert following.drain() == b"one\ntwo\nthree\n"


@pytest.mark.parametrize("kind", [RENAME, PACK, COPY])
@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("restarts", [False, True])
def test_what_is_rotated_before_a_line_of_it_was_read_is_read(
    log: Path, following: Following, kind: str, is_there: bool, restarts: bool
) -> None:
    if is_there:
        Writer(log)
    assert following.drain() == b""  # an empty log, or none
    writer = Writer(log)
    for line in (b"one\n", b"two\n"):
        writer.write(line)
        writer.rotate(kind)
    if restarts:
        following.restart()
    assert following.drain() == b"one\ntwo\n"
    writer.write(b"three\n")
    assert following.drain() == b"one\ntwo\nthree\n"
    assert following.n_lost == 0


def test_what_was_rotated_before_the_first_step_is_left_alone(
    log: Path, following: Following
) -> None:
    writer = Writer(log)
    writer.write(b"old\n")
    writer.rotate(RENAME)
    assert following.drain() == b""
    pack(log.with_name("conn.log.1")).touch()  # late, and as if it had just been written
    assert following.drain() == b""
    writer.write(b"one\n")
    assert following.drain() == b"one\n"


def test_a_log_that_is_copied_and_not_yet_truncated_is_read_once(
    log: Path, following: Following
) -> None:
    writer = Writer(log)
    assert following.drain() == b""
    writer.write(b"one\n")
    copy = log.with_name("conn.log.1")
    copy.write_bytes(b"o")  # of which half is written
    assert following.drain() == b"one\n"
    copy.write_bytes(b"one\n")
    os.truncate(log, 0)
    writer.write(b"two\n")
    assert following.drain() == b"one\ntwo\n"
    assert following.n_lost == 0


def test_logs_behind_a_lost_one_are_read(log: Path, following: Following) -> None:
    writer = Writer(log)
    writer.write(b"one\n")
    following.drain()
    following.restart()
    writer.rotate(RENAME)
    log.with_name("conn.log.1").unlink()
    writer.write(b"two\n")
    writer.rotate(RENAME)
    writer.write(b"three\n")
    assert following.drain() == b"one\ntwo\nthree\n"
    assert following.n_lost == 1

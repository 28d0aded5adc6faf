"""A log that grows as connections, with checkpoints to start again at."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec
import pytest

from oddflow.core.connection import Connection
from oddflow.ingest.follow import LOST, Followed, follow
from oddflow.ingest.log_file import parsed
from oddflow.ingest.reading import NOT_JSON, TOO_LONG, Read
from oddflow.ingest.source import MAX_LINE_BYTES, PIECE_BYTES
from oddflow.ingest.tail import Place, Tail
from oddflow.ingest.zeek import parse_zeek
from oddflow.ingest.zeek_tsv import Header
from tests.ingest import logs
from tests.ingest.logs import ROW, TYPES, jsonl, records, skipped
from tests.ingest.writing import PACK, Writer

LINES = {
    "tsv": [logs.fields(ROW | {"ts": float(i)}).encode() for i in range(6)],
    "json": [jsonl([ROW | {"ts": float(i)}]) for i in range(6)],
}
HEADERS = {"tsv": logs.header([*TYPES]).encode(), "json": b""}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "conn.log"


STEPS = 10
"""More than there are logs here; each of them is read in one."""


def after(n_steps: int) -> Callable[[], bool]:
    """It is over after so many steps."""
    asked = count(1)
    return lambda: next(asked) >= n_steps


def follow_until_idle(
    path: Path, start: Followed[Header]
) -> tuple[Followed[Header], list[Connection], dict[str, int]]:
    reads: list[Read] = []
    reached = start
    for checkpoint, read in follow(path, parse_zeek, start, wait_s=0, is_over=after(STEPS)):
        reached = checkpoint
        reads.append(read)
    return reached, records(reads), skipped(reads)


@pytest.mark.parametrize("form", ["tsv", "json"])
def test_following_goes_on_at_a_checkpoint(log: Path, form: str) -> None:
    header, lines = HEADERS[form], LINES[form]
    writer = Writer(log, header)
    writer.write(b"".join(lines[:3]) + b"{bad\n" + lines[3])
    reached, read, bad = follow_until_idle(log, Followed(Place(), Header()))
    assert [one.start_s for one in read] == [0, 1, 2, 3]
    assert sum(bad.values()) == 1
    kept = msgspec.json.encode(reached)
    writer.write(lines[4])
    writer.rotate(PACK)
    writer.write(lines[5])
    start = msgspec.json.decode(kept, type=Followed[Header])
    _, read, bad = follow_until_idle(log, start)
    assert [one.start_s for one in read] == [4, 5]
    assert bad == {}


def test_lost_logs_and_long_lines_are_reported(log: Path) -> None:
    writer = Writer(log)
    writer.write(jsonl([ROW]))
    reached, _, _ = follow_until_idle(log, Followed(Place(), Header()))
    log.unlink()
    writer.write(b"x" * MAX_LINE_BYTES + b"y\n" + jsonl([ROW]) + b"z\n")
    _, read, bad = follow_until_idle(log, reached)
    assert len(read) == 1
    assert bad == {LOST: 1, TOO_LONG: 1, NOT_JSON: 1}


def test_a_checkpoint_is_never_ahead_of_what_was_yielded(log: Path) -> None:
    """Who stops after any of the reads of a step and starts again misses nothing."""
    header, lines = HEADERS["tsv"], LINES["tsv"]
    other = logs.header(["_node_name", *TYPES]).encode()
    log.write_bytes(header + lines[0] + other + b"n\t" + lines[1] + header + lines[2])
    checkpoints, reads = zip(
        *follow(log, parse_zeek, Followed(Place(), Header()), wait_s=0, is_over=lambda: True),
        strict=True,
    )
    assert len(reads) == 3
    for n_seen, checkpoint in enumerate(checkpoints, start=1):
        seen = [one.start_s for one in records(reads[:n_seen])]
        again = [one.start_s for one in follow_until_idle(log, checkpoint)[1]]
        assert {*seen, *again} == {0, 1, 2}
    assert again == []


def test_a_log_that_grows_faster_than_it_is_read_can_be_left(log: Path) -> None:
    """And who goes on at the checkpoint misses nothing."""
    line = jsonl([ROW])
    per_step = PIECE_BYTES // len(line) + 1
    log.write_bytes(line * per_step)
    seen: list[int] = []
    reached = Followed(Place(), Header())
    for checkpoint, read in follow(log, parse_zeek, reached, wait_s=0, is_over=after(2)):
        with log.open("ab") as growing:
            growing.write(line * read.n_records)
        seen.append(read.n_records)
        reached = checkpoint
        assert len(seen) < 20, "it does not end"
    _, rest, _ = follow_until_idle(log, reached)
    assert sum(seen) + len(rest) == log.stat().st_size // len(line)


def test_parsed_counts_what_was_too_long() -> None:
    lines = Tail(Path("x")).step(Place())[1].lines._replace(n_too_long=2)
    assert skipped(parsed(parse_zeek, Header(), lines)[1]) == {TOO_LONG: 2}

"""A log that is followed and moved, lost, damaged, cut or too long."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.core.errors import InputError
from oddflow.ingest.rotated import has_rotated_name
from oddflow.ingest.source import MAX_LINE_BYTES
from oddflow.ingest.tail import MAX_DONE, Place, Tail
from tests.ingest.following import Following
from tests.ingest.writing import COPY, PACK, RENAME, Writer, pack


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_log_may_be_moved_to_another_folder(
    log: Path, following: Following, is_packed: bool
) -> None:
    writer = Writer(log)
    writer.write(b"one\n")
    following.drain()
    writer.write(b"two\n")
    writer.rotate(PACK if is_packed else RENAME)
    for file in log.parent.glob("conn.log.*"):
        file.rename(log.parent / f"archive-{file.name}")
    writer.write(b"three\n")
    assert following.drain() == b"one\ntwo\nthree\n"
    assert following.n_lost == 0


def test_a_log_that_is_gone_is_counted(log: Path, following: Following) -> None:
    writer = Writer(log)
    writer.write(b"one\n")
    following.drain()
    following.restart()
    log.unlink()
    assert following.drain() == b"one\n"
    writer.write(b"two\n")
    assert following.drain() == b"one\ntwo\n"
    assert following.n_lost == 1


def test_a_damaged_archive_is_a_lost_log(log: Path, following: Following) -> None:
    writer = Writer(log)
    writer.write(b"one\n" + bytes(range(1, 9)) * 4000)
    following.drain()
    following.restart()
    writer.rotate(PACK)
    archive = log.with_name("conn.log.1.gz")
    archive.write_bytes(archive.read_bytes()[:-8])
    writer.write(b"two\n")
    assert following.drain() == b"one\ntwo\n"
    assert following.n_lost == 1


def test_a_log_packed_late_is_not_read_again(log: Path, following: Following) -> None:
    writer = Writer(log)
    for line in (b"one\n", b"two\n"):
        writer.write(line)
        following.drain()
        writer.rotate(RENAME)
    writer.write(b"three\n")
    following.drain()
    pack(log.with_name("conn.log.1")).touch()
    pack(log.with_name("conn.log.2")).touch()
    following.restart()
    writer.rotate(RENAME)
    writer.write(b"four\n")
    assert following.drain() == b"one\ntwo\nthree\nfour\n"


def test_the_logs_that_a_place_remembers_are_bounded(log: Path, following: Following) -> None:
    writer = Writer(log)
    for number in range(MAX_DONE + 5):
        writer.write(b"%d\n" % number)
        following.drain()
        writer.rotate(RENAME)
    writer.write(b"last\n")
    following.drain()
    assert len(following.place.done) == MAX_DONE
    assert len(following.data.split()) == MAX_DONE + 6


def test_truncated_and_longer_than_before(log: Path, following: Following) -> None:
    writer = Writer(log)
    writer.write(b"one\n")
    following.drain()
    writer.rotate(COPY)
    writer.write(b"two is longer than one\n")
    assert following.drain() == b"one\ntwo is longer than one\n"


def test_a_long_line_is_counted_once(log: Path, following: Following) -> None:
    writer = Writer(log)
    writer.write(b"one\n")
    for _ in range(4):
        writer.write(b"x" * MAX_LINE_BYTES)
        following.drain()
        following.restart()
    writer.write(b"\ntwo\n")
    assert following.drain() == b"one\ntwo\n"
    assert following.n_too_long == 1


def test_a_byte_order_mark_is_dropped(log: Path, following: Following) -> None:
    Writer(log).write(b"\xef\xbb\xbfone\n")
    assert following.drain() == b"one\n"


def test_what_cannot_be_read_is_named(log: Path) -> None:
    log.mkdir()
    with Tail(log) as tail, pytest.raises(InputError, match="expected a log that may be read"):
        tail.step(Place())


@pytest.mark.parametrize(
    ("name", "is_rotated"),
    [
        ("conn.log.1", True),
        ("conn.log.12.gz", True),
        ("conn.log.12.zst", True),
        ("conn.log-20240420", True),
        ("conn.2024-04-20-00-00-00.log", True),
        ("conn.00:00:00-01:00:00.log.gz", True),
        ("conn-24-04-20_00.00.00.log", True),
        ("conn__2024-04-20-00-00-00__2024-04-20-01-00-00__.log", True),
        ("conn.log", False),
        ("conn-summary.00:00:00-01:00:00.log.gz", False),
        ("conn.log.bak", False),
        ("conn.log.1.tmp", False),
        ("dns.log.1", False),
    ],
)
def test_names_of_rotated_logs(name: str, is_rotated: bool) -> None:
    assert has_rotated_name(Path("conn.log"), Path(name)) == is_rotated

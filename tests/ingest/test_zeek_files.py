"""Files and folders of Zeek: packed, rotated, and what is no log of connections."""

from __future__ import annotations

import gzip
import lzma
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from oddflow.core.errors import InputError, MalformedInput
from oddflow.ingest.reading import Read
from oddflow.ingest.zeek import read_zeek, zeek_logs
from tests.ingest import logs
from tests.ingest.logs import CONNECTION, ROW, TYPES, jsonl, records, tsv

Written = Callable[[list[dict[str, Any]]], bytes]
FORMS = pytest.mark.parametrize("form", [tsv, jsonl], ids=["tsv", "json"])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, zstd.compress])
@FORMS
def test_files_may_be_packed(tmp_path: Path, form: Written, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(pack(b"\xef\xbb\xbf" + form([ROW])))
    assert records(read_zeek(path)) == [CONNECTION]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "received no record"),
        (b"\n\n", "received no record"),
        (tsv([]), "received no record"),
        (b"hello\nworld\n", r"received 2 lines of which none is one: no JSON object \(2\)"),
        (logs.fields(ROW).encode(), r"none is one: no JSON object \(1\)"),
        (tsv([ROW], [name for name in TYPES if name != "conn_state"]), "a log without conn_state"),
        (b'{"ts":1}\n', r"none is one: no id.orig_h \(1\)"),
        (tsv([ROW | {"ts": -1.0}]), r"wrong start_s \(1\)"),
    ],
)
def test_what_is_no_log_of_connections_is_refused(
    tmp_path: Path, content: bytes, match: str
) -> None:
    path = tmp_path / "conn.log"
    path.write_bytes(content)
    with pytest.raises(MalformedInput, match=match) as caught:
        list(read_zeek(path))
    assert caught.value.path == path


def test_a_cut_archive_is_refused_behind_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "conn.log.gz"
    noise = random.Random(1).randbytes(20_000).hex()  # so that it stays long
    rows = [ROW | {"uid": noise[at : at + 18]} for at in range(0, 40_000, 18)]
    path.write_bytes(gzip.compress(tsv(rows))[:-3000])
    reads: list[Read] = []
    with pytest.raises(MalformedInput, match="cut short or damaged"):
        reads.extend(read_zeek(path, n_bytes=4096))
    assert len(records(reads)) > 100


def test_a_header_of_many_columns_costs_little(tmp_path: Path) -> None:
    """It took a second for each of its lines."""
    path = tmp_path / "conn.log"
    columns = [*TYPES, *(f"c{i}" for i in range(9000))]
    path.write_bytes(b"".join(tsv([ROW], columns) for _ in range(10)))
    began_s = time.process_time()
    assert records(read_zeek(path)) == [CONNECTION] * 10
    assert time.process_time() - began_s < 2


def test_a_folder_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    day = tmp_path / "2018-12-21"
    day.mkdir()
    (tmp_path / "stats").mkdir()
    for place, name, uid in [
        (tmp_path, "conn.log", "last"),
        (tmp_path, "conn.2018-12-22-00-00-00.log", "third"),
        (day, "conn.01:00:00-02:00:00.log.gz", "being packed"),
        (day, "conn.00:00:00-01:00:00.log.xz", "first"),
        (day, "conn.01:00:00-02:00:00.log", "second"),
        (day, "conn.02:00:00-03:00:00.log.zst", "packed"),
        (day, "conn-summary.00:00:00-01:00:00.log", "no conn.log"),
        (day, "dns.00:00:00-01:00:00.log", "no conn.log"),
        (tmp_path / "stats", "conn.2018.log", "not of a day"),
    ]:
        content = tsv([ROW | {"uid": uid}])
        if name.endswith(".gz"):
            content = gzip.compress(content)
        elif name.endswith(".xz"):
            content = lzma.compress(content)
        elif name.endswith(".zst"):
            content = zstd.compress(content)
        (place / name).write_bytes(content)
    uids = [record.uid for record in records(read_zeek(tmp_path))]
    assert uids == ["first", "second", "packed", "third", "last"]


def test_a_folder_without_logs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected logs named conn\.\*\.log"):
        zeek_logs(tmp_path)


def test_an_empty_log_among_others_is_none(tmp_path: Path) -> None:
    (tmp_path / "conn.1.log").write_bytes(tsv([ROW]))
    (tmp_path / "conn.log").write_bytes(b"")
    assert records(read_zeek(tmp_path)) == [CONNECTION]


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file"):
        list(read_zeek(tmp_path / "missing.log"))

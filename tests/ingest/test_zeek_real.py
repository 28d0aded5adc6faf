"""Every log of Zeek at hand, value by value as a plain reading of its lines gives it."""

from __future__ import annotations

import gzip
import json
import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oddflow.core.connection import Connection
from oddflow.core.errors import MalformedInput
from oddflow.ingest.zeek import read_zeek
from oddflow.ingest.zeek_columns import COLUMNS, OTHER_NAMES
from tests.ingest.logs import records, skipped

pytestmark = pytest.mark.data

LOGS = {
    "zeek/zat__conn.log": 360,
    "zeek/slips_test9-mixed-zeek-dir__conn.log": 576,
    "zeek/rita_missing_host__conn.2024-04-20.log.gz": 39_073,
    "iot-23/CTU-IoT-Malware-Capture-34-1.conn.log.labeled.xz": 23_145,
}
"""Logs of connections and their records."""
OTHERS = ["dns", "http", "ssl", "notice"]
"""Logs of Zeek beside them that are of other things."""

MASKED = b"XXXXXXXXXX.XXXXXX"
"""What Zeek's baselines have in place of a time."""
N_READ, N_RECORDS, N_EXCERPTS = 61, 317, 24


def plain_rows(content: bytes) -> Iterator[dict[str, Any]]:
    """Lines of a log as mappings, values as text or as JSON has them."""
    columns: list[str] = []
    for line in content.decode().splitlines():
        values = line.split("\t")
        if values[0] == "#fields":
            columns = [OTHER_NAMES.get(name, name) for name in values[1:]]
        elif line.startswith("{"):
            yield {name: value for name, value in json.loads(line).items() if value != ""}
        elif not line.startswith("#"):
            yield {
                name: value
                for name, value in zip(columns, values, strict=True)
                if value not in {"-", "(empty)"}
            }


def plain_connection(row: dict[str, Any]) -> Connection:
    """The connection that a row is."""
    values = {ours: row[zeeks] for zeeks, ours in COLUMNS.items() if zeeks in row}
    for name, value in values.items():
        if name in {"start_s", "duration_s"}:
            values[name] = float(value)
        elif name.endswith(("_p", "_bytes", "_pkts")):
            values[name] = int(value)
    return Connection(**values)


def check_log(path: Path, content: bytes, n_rows: int) -> None:
    """A log is read whole, in order and value by value."""
    reads = [*read_zeek(path, n_bytes=1 << 20)]
    assert skipped(reads) == {}
    assert records(reads) == [plain_connection(row) for row in plain_rows(content)]
    assert len(records(reads)) == n_rows


def unpacked(path: Path) -> bytes:
    pack = {".gz": gzip.decompress, ".xz": lzma.decompress}.get(path.suffix, bytes)
    return pack(path.read_bytes())


@pytest.mark.parametrize("name", LOGS)
def test_every_record_is_as_written(corpora: Path, name: str) -> None:
    path = corpora / name
    check_log(path, unpacked(path), LOGS[name])


def test_one_other_value_would_be_noticed(corpora: Path) -> None:
    path = corpora / "zeek/zat__conn.log"
    content = unpacked(path)
    with pytest.raises(AssertionError):
        check_log(path, content.replace(b"\t1489\t", b"\t1490\t"), 360)
    with pytest.raises(AssertionError):
        check_log(path, content, 361)


@pytest.mark.parametrize("name", OTHERS)
def test_logs_of_other_things_are_refused(corpora: Path, name: str) -> None:
    with pytest.raises(MalformedInput, match=r"none is one: no \w"):
        list(read_zeek(corpora / f"zeek/slips_test9-mixed-zeek-dir__{name}.log"))


def test_the_baselines_of_zeek(corpora: Path, tmp_path: Path) -> None:
    """Whole logs are read, two of them with columns renamed; the rest are excerpts."""
    n_read = n_records = n_refused = 0
    with tarfile.open(corpora / "zeek-oracle/conn-logs.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        content = path.read_bytes().replace(MASKED, f"{number}.5".encode())
        path.write_bytes(content)
        try:
            read = records(read_zeek(path))
        except MalformedInput:
            assert b"#fields" not in content
            n_refused += 1
            continue
        assert read == [plain_connection(row) for row in plain_rows(content)]
        n_read, n_records = n_read + 1, n_records + len(read)
    assert (n_read, n_records, n_refused) == (N_READ, N_RECORDS, N_EXCERPTS)

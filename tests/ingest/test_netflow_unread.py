"""What the NetFlow library passes over in silence is counted; padding is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.ingest.netflow import parse_messages, read_netflow
from oddflow.ingest.netflow_records import UNREAD, Templates
from oddflow.ingest.reading import Read
from tests.ingest import exports
from tests.ingest.logs import records, skipped

RECORD = exports.record(exports.V9_FIELDS, {})
V9_LAYOUT = exports.a_set(0, exports.template(256, exports.V9_FIELDS))
TEXT_FIELDS = [*exports.FIELDS, (82, 0xFFFF)]
TEXT_LAYOUT = exports.a_set(2, exports.template(256, TEXT_FIELDS))
TEXT = exports.record(exports.FIELDS, {})


def reads_of(message: bytes) -> list[Read]:
    return [*parse_messages([(message, "192.0.2.1")], Templates())]


@pytest.mark.parametrize(
    ("message", "n_flows"),
    [
        (exports.v5([{}, {}, {}], count=1), 1),
        (exports.v9([V9_LAYOUT, exports.a_set(256, RECORD), b"\1\0\0\0" + RECORD]), 1),
        (exports.v9([V9_LAYOUT, exports.a_set(256, RECORD + RECORD[:-1])]), 1),
        (exports.v9([V9_LAYOUT, exports.a_set(200, RECORD)]), 0),
        (exports.v9([V9_LAYOUT, exports.a_set(256, RECORD)]) + b"\1", 1),
        (exports.ipfix([V9_LAYOUT]), 0),
        (exports.ipfix([exports.a_set(256, RECORD)], length=3), 0),
        (exports.ipfix_flows([{}]) + exports.ipfix_flows([{}]), 1),
        (exports.ipfix([TEXT_LAYOUT, exports.a_set(256, TEXT + b"\2ab" + TEXT + b"\x09a")]), 1),
        (exports.ipfix([TEXT_LAYOUT, exports.a_set(256, TEXT + b"\xff\0\1a" + TEXT)]), 1),
    ],
    ids=range(10),
)
def test_what_the_library_passes_over_is_counted(message: bytes, n_flows: int) -> None:
    """Flows vanished without a trace, with the rest of a file behind them."""
    reads = reads_of(message)
    assert skipped(reads) == {UNREAD: 1}
    assert len(records(reads)) == n_flows


@pytest.mark.parametrize(
    ("message", "n_flows"),
    [
        (exports.v5([{}]) + bytes(10), 1),
        (exports.v9([V9_LAYOUT, exports.a_set(256, RECORD + bytes(3))]), 1),
        (exports.v9([V9_LAYOUT, exports.a_set(256, RECORD)]) + bytes(6), 1),
        (exports.ipfix([TEXT_LAYOUT, exports.a_set(256, TEXT + b"\2ab" + bytes(3))]), 1),
        (exports.ipfix([TEXT_LAYOUT, exports.a_set(256, TEXT + b"\xff\0\2ab" + TEXT + b"\0")]), 2),
    ],
    ids=range(5),
)
def test_padding_is_nothing_lost(message: bytes, n_flows: int) -> None:
    reads = reads_of(message)
    assert skipped(reads) == {}
    assert len(records(reads)) == n_flows


def test_the_rest_of_a_file_is_not_lost_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "flows"
    good = exports.v9_flows([{}])
    damaged = bytearray(good)
    damaged[22:24] = b"\0\1"  # length of the first set
    path.write_bytes(good + damaged + good * 9)
    reads = [*read_netflow(path)]
    assert len(records(reads)) == 1
    assert skipped(reads) == {UNREAD: 1}

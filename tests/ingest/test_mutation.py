"""Mutations are made of numbers, hit what they aim at, and leave something to read."""

from __future__ import annotations

import random
import struct
from collections import Counter

import pytest

from tests.ingest import exports, mutation, originals, packing
from tests.ingest.counting import Layout, Span, layout_of, n_lines, n_zeek_lines
from tests.ingest.frames import Timed, ethernet, ipv4, pcap, section, tcp
from tests.ingest.log_mutation import mutated_log, mutated_message
from tests.ingest.logs import ROW, tsv
from tests.ingest.mutation import CHANGES, Change, mutated
from tests.ingest.netflow_counting import CUT, FLOWS, NONE, OPTIONS, UNKNOWN, UNREAD, Counting

CAPTURES = [
    *originals.plain_captures(),
    pcap([Timed(i, ethernet(ipv4(tcp("A", b"x" * i), 6))) for i in range(20)], order=">"),
]


def layout(content: bytes) -> Layout:
    found = layout_of(content)
    assert found is not None
    return found


def test_a_number_makes_the_same_mutation_everywhere() -> None:
    made = [mutated(CAPTURES[i % 3], CAPTURES, random.Random(f"captures 0 {i}")) for i in range(90)]
    again = [
        mutated(CAPTURES[i % 3], CAPTURES, random.Random(f"captures 0 {i}")) for i in range(90)
    ]
    others = [
        mutated(CAPTURES[i % 3], CAPTURES, random.Random(f"captures 1 {i}")) for i in range(90)
    ]
    assert made == again
    assert sum(one != other for one, other in zip(made, others, strict=True)) > 80
    assert all(len(one) <= 7 * mutation.MAX_BYTES for one in made)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.__name__))
def test_each_change_changes_something(change: Change) -> None:
    n_changed = 0
    for i in range(60):
        data = bytearray(CAPTURES[i % 3])
        change(data, random.Random(i), CAPTURES)
        n_changed += data != CAPTURES[i % 3]
    assert n_changed > 40


@pytest.mark.parametrize("change", mutation.OF_PACKETS, ids=lambda change: str(change.__name__))
def test_changes_of_packets_leave_records_alone(change: Change) -> None:
    for i in range(60):
        data = bytearray(CAPTURES[i % 3])
        change(data, random.Random(i), CAPTURES)
        assert layout(bytes(data)) == layout(CAPTURES[i % 3])


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(change.__name__))
def test_changes_take_what_is_no_capture(change: Change) -> None:
    for content in (b"x", b"no capture at all" * 3, CAPTURES[0][:30]):
        for i in range(20):
            change(bytearray(content), random.Random(i), CAPTURES)


def test_most_mutations_are_captures_still() -> None:
    rng = random.Random(0)
    made = [layout_of(mutated(rng.choice(CAPTURES), CAPTURES, rng)) for _ in range(500)]
    n_whole = sum(one is not None and one.is_whole for one in made)
    n_damaged = sum(one is not None and not one.is_whole for one in made)
    assert n_whole > 100
    assert n_damaged > 100


def test_records_are_counted_by_their_headers() -> None:
    plain = pcap([Timed(1.0, b"abc"), Timed(2.0, b"")])
    assert layout(plain) == Layout("<", [Span(24, 40, 43), Span(43, 59, 59)], is_whole=True)
    assert not layout(plain + b"\0").is_whole
    assert not layout(plain[:-1]).is_whole
    assert len(layout(plain[:-1]).packets) == 1
    block = struct.pack("<IIII", 6, 16, 0, 16)  # too short for a packet, and one all the same
    ng = section("<") + block + section(">")
    assert layout(ng) == Layout(">", [Span(28, 56, 44)], is_whole=True)
    assert not layout(ng + struct.pack(">III", 6, 1 << 21, 0)).is_whole
    assert [layout_of(one) for one in (b"", b"GIF89a", plain[:20], ng[:8])] == [None] * 4


def test_lines_are_counted() -> None:
    text = b"\xef\xbb\xbf#a\r\n\r\n  \n x \n#\xff\n" + b"y" * 70_000
    assert n_lines(text) == 4
    assert n_zeek_lines(text) == 3


def test_records_of_netflow_are_counted() -> None:
    count = Counting().count
    layout_of_flows = exports.a_set(0, exports.template(256, exports.V9_FIELDS))
    record = exports.record(exports.V9_FIELDS, {})
    assert count(exports.v5([{}, {}])) == {FLOWS: 2}
    assert count(exports.v5([{}, {}])[:-1]) == {FLOWS: 1, CUT: 1}
    assert count(exports.v5([{}, {}], count=1)) == {FLOWS: 1, UNREAD: 1}
    assert count(b"garbage") == {NONE: 1}
    assert count(exports.v9([exports.a_set(256, record)])) == {UNKNOWN: 1}
    assert count(exports.v9([layout_of_flows, exports.a_set(256, record * 3)])) == {FLOWS: 3}
    assert count(exports.v9([exports.a_set(256, record + record[:9])])) == {FLOWS: 1, UNREAD: 1}
    assert count(exports.v9([exports.a_set(256, record)]) + b"\0\0\0") == {FLOWS: 1}
    assert count(exports.v9([exports.a_set(256, record)]) + b"\1\1\0\1") == {FLOWS: 1, UNREAD: 1}
    assert count(exports.v9([exports.a_set(99, record)])) == {UNREAD: 1}


def test_all_that_is_exported_is_counted() -> None:
    counting, counts = Counting(), Counter[str]()
    for message in originals.exported():
        counts.update(counting.count(message))
    assert counts == {FLOWS: 12, OPTIONS: 1}


def test_logs_and_messages_are_mutated() -> None:
    rng, log = random.Random(3), tsv([ROW] * 3)
    logs = [mutated_log(log, [log], rng) for _ in range(200)]
    messages = [mutated_message(exports.v5([{}]), [log], rng) for _ in range(200)]
    assert len({*logs}) > 190
    assert len({*messages}) > 190


def test_some_contents_are_packed_and_some_of_them_damaged() -> None:
    rng, content = random.Random(4), originals.plain_captures()[0]
    made = [packing.packed(content, rng) for _ in range(600)]
    packed = [one for one in made if one.data != content]
    assert 30 < len(packed) < 120
    assert 10 < sum(one.is_whole for one in packed) < len(packed) - 10
    assert all(packing.looks_packed(one.data) for one in packed if one.is_whole)
    assert not packing.looks_packed(content)

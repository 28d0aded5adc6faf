"""20,000 damaged logs and messages: nothing is raised, and nothing vanishes uncounted.

Small inputs, each damaged in one to four places; some are read together, as logs get concatenated.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
import pytest

from oddflow.core.connection import COUNTS, UNKNOWN
from oddflow.ingest.conn_columns import MAX_COUNT, MAX_NAME_CHARS, MAX_PORT
from oddflow.ingest.iso_time import MAX_S
from oddflow.ingest.netflow import parse_messages
from oddflow.ingest.netflow_messages import messages
from oddflow.ingest.netflow_records import Templates, flows_of
from oddflow.ingest.reading import Read, nothing_but
from oddflow.ingest.source import MAX_LINE_BYTES
from tests.ingest import exports, logs
from tests.ingest.logs import ALERT, FLOW, ROW, TYPES, UNSET, jsonl, tsv

Outcome = tuple[list[Read], int]
"""What was read, and how many records there were."""

TOGETHER = 4
"""Inputs that are read in one go."""

TOKENS = [
    *(b"\n", b"\r\n", b"\t", b"#", b"#fields\t", b"#separator ", b"-", b"(empty)", b"\xff", b"\0"),
    *(b'"', b"{", b"}", b"}{", b"[", b",", b":", b"null", b"1e999", b"NaN", b"inf", b"-1"),
    *(
        b"9" * 30,
        b"\\ud800",
        b"\\u0000",
        b"\xef\xbb\xbf",
        b"\x1b[31m",
        b"::",
        b"A" * 70,
        b"[" * 2000,
    ),
    *(b"\xff\xff", b"\0\x05", b"\0\x09", b"\0\x0a", b"\x80\x01", b"\0\0\0\0"),
]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A content with one to four places changed, cut, doubled or filled with something odd."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + rng.choice([0, 1, 2, 8, 60]))
        put = rng.choice(
            [rng.choice(TOKENS), rng.randbytes(rng.randint(0, 4)), content[at:end] * 2]
        )
        content = content[:at] + put + content[end:]
        if rng.random() < 0.002:
            content = content[:at] + b"x" * MAX_LINE_BYTES + content[at:]
        if rng.random() < 0.05:
            content = content[:at]
    return content


def n_lines(content: bytes) -> int:
    """Records that are in some lines, told in the plainest way; comments are for `zeek` to take."""
    return sum(bool(line.strip()) for line in content.split(b"\n"))


def n_zeek(content: bytes) -> int:
    """The same without comments, as long as they can be read at all."""
    count = n_lines(content)
    for line in content.split(b"\n"):
        if line.startswith(b"#") and len(line) < MAX_LINE_BYTES and is_utf8(line):
            count -= 1
    return count


def is_utf8(line: bytes) -> bool:
    return line.decode(errors="replace").encode() == line


def zeek_outcome(contents: Sequence[bytes]) -> Outcome:
    content = b"".join(contents)
    return logs.zeek_reads(content + b"\n"), n_zeek(content)


def eve_outcome(contents: Sequence[bytes]) -> Outcome:
    content = b"".join(contents)
    return logs.eve_reads(content + b"\n"), n_lines(content)


def netflow_outcome(contents: Sequence[bytes]) -> Outcome:
    """Datagrams and, behind them, a file of them; flows are counted before they are read."""
    sent = [*contents, *messages(BytesIO(b"".join(contents)), "x")]
    templates, count = Templates(), 0
    for message in sent:
        flows = flows_of(message, "x", templates)
        count += len(flows.records) + sum(flows.skipped.values())
    return [*parse_messages(((message, "x") for message in sent), Templates())], count


class Subject(NamedTuple):
    """What is damaged, how often, and what reads it."""

    contents: Sequence[bytes]
    n_inputs: int
    outcome: Callable[[Sequence[bytes]], Outcome]


ROWS = [ROW, ROW | UNSET, ROW | {"id.resp_h": "10.0.0.9", "uid": "C9"}]
ICMP = FLOW | {"proto": "ICMP", "icmp_type": 8, "icmp_code": 0, "src_ip": "fe80::1"}
SUBJECTS = {
    "tsv": Subject(
        [tsv(ROWS), tsv([ROW], ["_node_name", *reversed(TYPES)]), tsv(ROWS, [*TYPES][:12])],
        5_000,
        zeek_outcome,
    ),
    "json": Subject(
        [jsonl(ROWS), jsonl([ROW | {"ts": "2018-12-21T14:50:16Z"}])], 5_000, zeek_outcome
    ),
    "eve": Subject([jsonl([FLOW, ALERT, ICMP]), jsonl([FLOW])], 4_000, eve_outcome),
    "netflow": Subject(
        [exports.v5([{}] * 2), exports.v9_flows([{}] * 2), exports.ipfix_flows([{}] * 3)],
        6_000,
        netflow_outcome,
    ),
}


def check_bounds(read: Read) -> None:
    """Whatever was read, it is within the bounds that were promised."""
    many = read.connections
    assert ((many.start_s >= 0) & (many.start_s <= MAX_S)).all()
    assert (np.isnan(many.duration_s) | (many.duration_s >= 0)).all()
    for port in (many.orig_p, many.resp_p):
        assert ((port >= 0) & (port <= MAX_PORT)).all()
    for name in COUNTS:
        assert ((many.counts[name] >= UNKNOWN) & (many.counts[name] <= MAX_COUNT)).all()
    for names in many.names.values():
        assert all(len(name) <= MAX_NAME_CHARS and name.isascii() for name in names.levels)
        assert all(name.isprintable() for name in names.levels)
        assert len(set(names.levels)) == len(names.levels)
    assert all(why.isprintable() and len(why) < 120 for why in read.skipped)


def check_subject(subject: Subject, n_inputs: int, seed: int) -> Counter[str]:
    """Nothing is raised, and records read = connections + skipped; how many of each."""
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(0, n_inputs, TOGETHER):
        contents = [damaged(rng.choice(subject.contents), rng) for _ in range(TOGETHER)]
        reads, expected = subject.outcome(contents)
        assert logs.n_records(reads) == expected, contents
        for read in reads:
            check_bounds(read)
            seen.update(read.skipped)
            seen["connections"] += len(read.connections)
    return seen


def test_there_are_twenty_thousand() -> None:
    assert sum(subject.n_inputs for subject in SUBJECTS.values()) == 20_000


@pytest.mark.parametrize("name", SUBJECTS)
def test_nothing_is_raised_and_nothing_vanishes(name: str) -> None:
    seen = check_subject(SUBJECTS[name], SUBJECTS[name].n_inputs, seed=20_261)
    assert seen["connections"] > SUBJECTS[name].n_inputs / 4
    assert len(seen) > 4, "the damage is all of one kind"


def swallows(contents: Sequence[bytes]) -> Outcome:
    """Leaves out what it skipped."""
    reads, expected = zeek_outcome(contents)
    return [Read(read.connections) for read in reads], expected


def raises(contents: Sequence[bytes]) -> Outcome:
    """Takes text to be always UTF-8."""
    n_chars = sum(len(content.decode()) for content in contents)
    return nothing_but({"x": n_chars}), n_chars


def lets_negative_ports_through(contents: Sequence[bytes]) -> Outcome:
    reads, expected = zeek_outcome(contents)
    for read in reads:
        read.connections.orig_p[:1] = -5
    return reads, expected


@pytest.mark.parametrize("broken", [swallows, raises, lets_negative_ports_through])
def test_broken_readers_are_noticed(broken: Callable[[Sequence[bytes]], Outcome]) -> None:
    subject = SUBJECTS["tsv"]._replace(outcome=broken)
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        check_subject(subject, 200, seed=1)

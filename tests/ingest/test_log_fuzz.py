"""20,000 damaged logs and messages: nothing is raised, and nothing vanishes uncounted.

Small inputs, each damaged in one to four places; some are read together, as logs get concatenated.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple

import pytest

from oddflow.ingest.netflow import parse_messages
from oddflow.ingest.netflow_messages import messages
from oddflow.ingest.netflow_records import Templates
from oddflow.ingest.reading import Read, nothing_but
from tests.ingest import logs, originals
from tests.ingest.counting import n_lines, n_zeek_lines
from tests.ingest.hostile import check_read
from tests.ingest.log_mutation import damaged
from tests.ingest.subjects import n_records

Outcome = tuple[list[Read], int]
"""What was read, and how many records there were."""

TOGETHER = 4
"""Inputs that are read in one go."""


def zeek_outcome(contents: Sequence[bytes]) -> Outcome:
    content = b"".join(contents) + b"\n"
    return logs.zeek_reads(content), n_zeek_lines(content)


def eve_outcome(contents: Sequence[bytes]) -> Outcome:
    content = b"".join(contents) + b"\n"
    return logs.eve_reads(content), n_lines(content)


def netflow_outcome(contents: Sequence[bytes]) -> Outcome:
    """Datagrams and, behind them, a file of them; flows are counted by their headers alone."""
    sent = [*contents, *messages(BytesIO(b"".join(contents)), "x")]
    return [*parse_messages(((message, "x") for message in sent), Templates())], n_records(sent)


class Subject(NamedTuple):
    """What is damaged, how often, and what reads it."""

    contents: Sequence[bytes]
    n_inputs: int
    outcome: Callable[[Sequence[bytes]], Outcome]


SUBJECTS = {
    "tsv": Subject(originals.FIELDS_LOGS, 5_000, zeek_outcome),
    "json": Subject(originals.JSON_LOGS, 5_000, zeek_outcome),
    "eve": Subject(originals.EVE_LOGS, 4_000, eve_outcome),
    "netflow": Subject(originals.exported()[:3], 6_000, netflow_outcome),
}


def check_subject(subject: Subject, n_inputs: int, seed: int) -> Counter[str]:
    """Nothing is raised, and records read = connections + skipped; how many of each."""
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(0, n_inputs, TOGETHER):
        contents = [damaged(rng.choice(subject.contents), rng) for _ in range(TOGETHER)]
        reads, expected = subject.outcome(contents)
        assert logs.n_records(reads) == expected, contents
        for read in reads:
            check_read(read)
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

"""Captures made to break readers, and mutations of them: nothing raises, all is counted."""

from __future__ import annotations

import gzip
import random
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from oddflow.core.errors import InputError
from oddflow.ingest.capture import packets_of
from oddflow.ingest.ended import connections_of
from oddflow.ingest.fields import Reason
from oddflow.ingest.flows import Ended, finish, new_ended, see
from oddflow.ingest.table import new_table

N_CAPTURES = 1684
N_MUTATIONS = 2000
MAX_S = 2.0
MAX_BYTES = 20_000


def captures(corpora: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(corpora / "hostile/captures.tar.xz") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                content = file.read()
                is_packed = member.name.endswith(".gz")
                yield member.name, gzip.decompress(content) if is_packed else content


def first(ended: Ended, n: int) -> Ended:
    return Ended(ended.rows[:n], ended.histories[:n], ended.contents[:n])


def check_all_is_counted(content: bytes) -> None:
    """Read all connections; packets read are those decoded and those skipped for a reason."""
    table, ended = new_table(capacity=512), new_ended()
    n_frames = n_connections = 0
    found: Counter[str] = Counter()
    for block in packets_of(BytesIO(content), "a capture"):
        n_frames += len(block.frames)
        at = 0
        while at < len(block.frames):
            at, n = see(table, block.data, block.frames, at, ended, 0)
            n_connections += len(connections_of(first(ended, n)))
    while n := finish(table, ended):
        made = connections_of(first(ended, n))
        n_connections += len(made)
        found.update(one.conn_state for one in made)
    assert table.counts[: len(Reason)].sum() == n_frames
    assert (table.counts >= 0).all()
    assert (n_connections > 0) == (table.counts[Reason.DECODED] > 0)


def mutated(content: bytes, rng: random.Random) -> bytes:
    """A copy with a few bytes changed, cut out, doubled or set to an extreme."""
    data = bytearray(content[:MAX_BYTES])
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(24 if rng.random() < 0.9 else 0, max(len(data), 25))
        kind = rng.randrange(5)
        if kind == 0:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            data[at : at + 4] = rng.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"])
        elif kind == 2:
            del data[at : at + rng.randrange(64)]
        elif kind == 3:
            data[at:at] = data[at : at + rng.randrange(64)]
        else:
            data[at : at + 2] = rng.randrange(65536).to_bytes(2, "big")
    return bytes(data)


@pytest.mark.data
def test_no_capture_of_test_suites_breaks_the_reader(corpora: Path) -> None:
    names: list[str] = []
    for name, content in captures(corpora):
        start_s = time.process_time()
        try:
            check_all_is_counted(content)
        except InputError as error:
            pytest.fail(f"{name}: {error}")
        if names:  # the first one waits for the compiler
            assert time.process_time() - start_s < MAX_S, name
        names.append(name)
    assert len(names) == N_CAPTURES


@pytest.mark.data
def test_no_mutation_of_them_does(corpora: Path) -> None:
    rng = random.Random(0)
    contents = [content for _, content in captures(corpora) if len(content) > 24]
    n_refused = 0
    for _ in range(N_MUTATIONS):
        try:
            check_all_is_counted(mutated(rng.choice(contents), rng))
        except InputError:
            n_refused += 1
    assert n_refused < N_MUTATIONS / 5

"""Whatever the bytes: connections or one OddflowError, and the same for every size of block."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.core.conn import CONN
from oddflow.core.errors import OddflowError
from oddflow.core.matrix import concatenate
from tests.datasets.conn_lines import csv, csv_row, parse, zeek, zeek_row


@given(st.binary(max_size=300), st.sampled_from([b"", b"#", zeek(), csv()]))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_arbitrary_bytes_raise_nothing_unplanned(content: bytes, head: bytes) -> None:
    with pytest.raises(OddflowError, match=r"x\.log"):
        parse(head + content)


def outcome(content: bytes, block_rows: int) -> str:
    """Everything that was read, or that it was refused, as text."""
    try:
        blocks = parse(content, block_rows)
    except OddflowError:
        return "refused"
    features = concatenate([block.features for block in blocks])
    assert np.isfinite(features.numeric).all()
    assert (features.numeric >= 0).all()
    rest = [
        (block.start_s.tolist(), block.orig_h.tolist(), block.label.tolist(), block.detail.tolist())
        for block in blocks
    ]
    joined = [[*chain.from_iterable(part)] for part in zip(*rest, strict=True)]
    n_blanks = sum(block.n_blanks for block in blocks)
    return repr(([features.column(name).tolist() for name in CONN.names], joined, n_blanks))


PIECES = [b"\n", b"\r\n", b"\xff", b",", b"\t", b"   ", b"#", b"\n#", b"-", b"-1", b"nan", b"\0"]
WHOLES = {
    "zeek": zeek(*(zeek_row({"ts": str(i)}) for i in range(4))),
    "csv": csv(*(csv_row({"ts": str(i)}) for i in range(4))),
}


@given(
    form=st.sampled_from(sorted(WHOLES)),
    at=st.integers(0, 1000),
    n_lost=st.integers(0, 12),
    put=st.sampled_from(PIECES),
    block_rows=st.integers(1, 6),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_blocks_do_not_change_what_is_read(
    form: str, at: int, n_lost: int, put: bytes, block_rows: int
) -> None:
    content = WHOLES[form][:at] + put + WHOLES[form][at + n_lost :]
    assert outcome(content, block_rows) == outcome(content, 1000)


def test_right_files_are_not_refused() -> None:
    """Else the test before would compare refusals alone."""
    assert "refused" not in {outcome(content, 2) for content in WHOLES.values()}

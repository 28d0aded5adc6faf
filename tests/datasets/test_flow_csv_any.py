"""Whatever the bytes: flows or one OddflowError, and the same for every size of block."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.core.errors import OddflowError
from oddflow.datasets import flow_csv
from oddflow.datasets.cicids2017 import CICIDS2017
from oddflow.datasets.latin1 import latin1_as_utf8
from oddflow.ingest.source import line_blocks
from tests.datasets.flow_rows import HEADER, flow_row, parse, table

EACH = settings(max_examples=80, deadline=None, derandomize=True)


@given(st.binary(max_size=300), st.integers(1, 7))
@EACH
def test_latin1_takes_every_byte(data: bytes, n_bytes: int) -> None:
    with latin1_as_utf8(BytesIO(data)) as text:
        read = b"".join(iter(lambda: text.read(n_bytes), b""))
    assert read.decode() == data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


@pytest.mark.parametrize("n_bytes", [1, 3, 8_191, 65_536, 1_000_000])
def test_latin1_loses_nothing_at_the_end_of_a_buffer(n_bytes: int) -> None:
    data = bytes(range(255, -1, -1)) * 600  # most of it takes two bytes in UTF-8
    with latin1_as_utf8(BytesIO(data)) as text:
        read = b"".join(iter(lambda: text.read(n_bytes), b""))
    assert read == data.decode("latin-1").encode()


def outcome(content: bytes, block_rows: int) -> str:
    """Everything that was read, or the error, as text."""
    try:
        corpus = parse(content, block_rows)
    except OddflowError as error:
        return str(error)
    assert np.isfinite(corpus.features.numeric).all()
    assert (corpus.features.numeric >= 0).all()
    values = [corpus.features.column(name).tolist() for name in CICIDS2017.names]
    return repr((values, corpus.labels.attack.tolist(), sorted(corpus.defects.items())))


@given(st.binary(max_size=300))
@EACH
def test_arbitrary_bytes_raise_nothing_unplanned(content: bytes) -> None:
    assert "x.csv" in outcome(content, 2)  # chance does not write 78 names
    with pytest.raises(OddflowError):
        parse(HEADER.encode() + b"\n" + content + b"\n,")


PIECES = [b"\n", b"\r\n", b"\xff", b",", b"x", b"\n\n", b"\0", b"-1", b"1e999", b"nan", b"\x96"]
PIECES += [b"Infinity", b"\n" + HEADER.encode() + b"\n", b"\n" + b"," * 77 + b"\n"]
WHOLE = table(*(flow_row({"Flow Duration": str(i)}, "Bot") for i in range(4))).encode()


@given(
    at=st.integers(0, len(WHOLE)),
    n_lost=st.integers(0, 12),
    put=st.sampled_from(PIECES),
    block_rows=st.integers(1, 5),
)
@settings(max_examples=250, deadline=None, derandomize=True)
def test_blocks_change_neither_records_nor_error(
    at: int, n_lost: int, put: bytes, block_rows: int
) -> None:
    content = WHOLE[:at] + put + WHOLE[at + n_lost :]
    assert outcome(content, block_rows) == outcome(content, 1000)


def test_the_block_check_notices_rows_that_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(*arguments: object, **options: object) -> Iterator[object]:
        yield from list(line_blocks(*arguments, **options))[:2]  # type: ignore[arg-type]

    assert outcome(WHOLE, 2) == outcome(WHOLE, 1000)
    monkeypatch.setattr(flow_csv, "line_blocks", forgetful)
    assert outcome(WHOLE, 2) != outcome(WHOLE, 1000)

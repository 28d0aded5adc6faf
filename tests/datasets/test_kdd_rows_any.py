"""Whatever the bytes: records or one OddflowError, and the same for every size of block."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oddflow.core.errors import OddflowError
from oddflow.datasets.kdd_rows import gather, parse_kdd_rows, read_kdd_rows

RowMaker = Callable[..., str]

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": lambda data: gzip.compress(data, mtime=0),
    "xz": lzma.compress,
}
SMALL = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def outcome(content: bytes, block_rows: int) -> str:
    """Everything that was read, or the error, as text."""
    try:
        block = gather(parse_kdd_rows(BytesIO(content), "x", block_rows=block_rows))
    except OddflowError as error:
        return str(error)
    names = [column.names().tolist() for column in block.features.categorical]
    attacks, difficulty = np.asarray(block.attacks).tolist(), np.asarray(block.difficulty).tolist()
    return repr((block.features.numeric.tolist(), names, attacks, difficulty))


@SMALL
@given(st.binary(max_size=400), st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"\xfd7zXZ\x00\x00"]))
def test_arbitrary_bytes_raise_nothing_unplanned(
    tmp_path: Path, content: bytes, magic: bytes
) -> None:
    path = tmp_path / "any"
    path.write_bytes(magic + content)
    with pytest.raises(OddflowError):  # chance does not write 41 right fields
        gather(read_kdd_rows(path))


@SMALL
@given(
    st.sampled_from(sorted(PACKERS)),
    st.integers(0, 600),
    st.integers(0, 40),
    st.binary(max_size=40),
)
def test_damaged_files_raise_nothing_unplanned(
    tmp_path: Path, row: RowMaker, packer: str, at: int, n_lost: int, put: bytes
) -> None:
    whole = PACKERS[packer]("".join(f"{row({0: str(i)})}\n" for i in range(4)).encode())
    path = tmp_path / "damaged"
    path.write_bytes(whole[:at] + put + whole[at + n_lost :])
    try:
        block = gather(read_kdd_rows(path))
    except OddflowError as error:
        message = str(error)
    else:
        assert np.isfinite(block.features.numeric).all()
        assert (block.features.numeric >= 0).all()
        return
    assert str(path) in message


PIECES = st.sampled_from(
    [b"\n", b"\r\n", b"\xff", b",", b"x", b"\n\n", b"\0", b"tcp", b"0.00", b"\xef\xbb\xbf", b"-1"]
)


@SMALL
@given(st.integers(0, 600), st.integers(0, 8), PIECES, st.integers(1, 5))
@example(at=139, n_lost=1, put=b"\n\n", block_rows=1)
def test_blocks_change_neither_records_nor_error(
    row: RowMaker, at: int, n_lost: int, put: bytes, block_rows: int
) -> None:
    whole = "".join(f"{row({0: str(i), 2: f's{i}'})}\n" for i in range(4)).encode()
    content = whole[:at] + put + whole[at + n_lost :]
    assert outcome(content, block_rows) == outcome(content, 1000)

"""Files are unpacked by their first bytes, within bounded memory, and damage is named."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from backports import zstd

from oddflow.core.errors import InputError, MalformedInput
from oddflow.ingest import source
from oddflow.ingest.source import (
    MAX_LINE_BYTES,
    PIECE_BYTES,
    LineBlock,
    line_blocks,
    open_stream,
    read_piece,
)

TEXT = "".join(f"line {i}\n" for i in range(1, 1001)).encode()
NOISE = bytes((i * i >> 3) & 0xFF for i in range(50_000))


def zst(data: bytes) -> bytes:
    """With a checksum, as the command `zstd` writes it."""
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "two gz": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "two xz": lambda data: lzma.compress(data[:100]) + lzma.compress(data[100:]),
    "padded xz": lambda data: (
        lzma.compress(data[:100]) + b"\0" * 400_000 + lzma.compress(data[100:])
    ),
    "padded end": lambda data: lzma.compress(data) + b"\0" * 8,
    "zst": zst,
    "two zst": lambda data: zst(data[:100]) + zst(data[100:]),
    "zst of pzstd": lambda data: passed_over(4) + zst(data) + passed_over(200_000),
    "empty zst first": lambda data: zst(b"") * 300 + zst(data),
}
ARCHIVES = ["gz", "xz", "zst"]


def passed_over(n_bytes: int) -> bytes:
    """A frame of .zst that is no text; pzstd and seekable archives have such."""
    return struct.pack("<II", 0x184D2A50, n_bytes) + b"x" * n_bytes


def zst_of_window(log: int) -> bytes:
    """A frame that holds four bytes and asks for 2 ** `log` bytes of memory (RFC 8878)."""
    block = (len(TEXT[:4]) << 3 | 1).to_bytes(3, "little") + TEXT[:4]
    return struct.pack("<IBB", 0xFD2FB528, 0, (log - 10) << 3) + block


def zst_of_content(n_bytes: int) -> bytes:
    """A frame that promises so much in one piece, for which memory is needed at once."""
    return struct.pack("<IBI", 0xFD2FB528, 0xA0, n_bytes) + b"\x21\0\0line"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "named.csv"


def read_into(lines: list[str], path: Path, max_lines: int) -> None:
    with open_stream(path) as stream:
        for block in line_blocks(stream, path, max_lines=max_lines):
            lines += block.lines


def read_lines(path: Path, max_lines: int = 100) -> list[LineBlock]:
    with open_stream(path) as stream:
        return list(line_blocks(stream, path, max_lines=max_lines))


@contextmanager
def memory_below(n_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < n_bytes, f"expected a peak below {n_bytes:,} bytes, reached {peak:,}"


@pytest.mark.parametrize("packer", PACKERS)
def test_content_not_name_says_how_a_file_is_packed(path: Path, packer: str) -> None:
    path.write_bytes(PACKERS[packer](TEXT))
    with open_stream(path) as stream:
        assert read_piece(stream, path, len(TEXT) + 1) == TEXT


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("max_lines", [1, 7, 1000, 5000])
def test_lines_are_complete_and_numbered(path: Path, packer: str, max_lines: int) -> None:
    path.write_bytes(PACKERS[packer](TEXT))
    blocks = read_lines(path, max_lines)
    assert [line for block in blocks for line in block.lines] == TEXT.decode().split("\n")[:-1]
    for block in blocks:
        assert 1 <= len(block.lines) <= max_lines
        assert block.lines[0] == f"line {block.first_line}"


@pytest.mark.parametrize("piece_bytes", [1, 2, 5, 64])
def test_the_size_of_pieces_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    path.write_bytes("a\r\nb\u00e9\n\nc\rd\ne".encode())
    monkeypatch.setattr(source, "PIECE_BYTES", piece_bytes)
    lines = [line for block in read_lines(path) for line in block.lines]
    assert lines == ["a", "b\u00e9", "", "c\rd", "e"]


@pytest.mark.parametrize("packer", ARCHIVES)
@pytest.mark.parametrize("kept", [0.999, 0.5, 0.01])
def test_a_cut_archive_is_named(path: Path, packer: str, kept: float) -> None:
    whole = PACKERS[packer](NOISE)
    path.write_bytes(whole[: max(8, int(len(whole) * kept))])
    with pytest.raises(MalformedInput, match=r"named\.csv: expected a whole archive") as caught:
        read_lines(path)
    assert caught.value.path == path


@pytest.mark.parametrize("packer", ARCHIVES)
@pytest.mark.parametrize("at", [20, -300, -6])
def test_a_damaged_archive_is_named(path: Path, packer: str, at: int) -> None:
    damaged = bytearray(PACKERS[packer](TEXT))
    damaged[at] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(MalformedInput, match="cut short or damaged"):
        read_lines(path)


@pytest.mark.parametrize("packer", ARCHIVES)
def test_rubbish_after_an_archive_is_named(path: Path, packer: str) -> None:
    path.write_bytes(PACKERS[packer](TEXT) + b"rubbish and more rubbish")
    with pytest.raises(MalformedInput, match="cut short or damaged"):
        read_lines(path)


@pytest.mark.parametrize(
    ("magic", "kind"),
    [(b"PK\x03\x04", "zip"), (b"7z\xbc\xaf", "7z")],
)
def test_other_archives_are_to_be_unpacked(path: Path, magic: bytes, kind: str) -> None:
    path.write_bytes(magic + NOISE)
    with pytest.raises(MalformedInput, match=f"received a {kind} archive; unpack it"):
        read_lines(path)


def test_unknown_archives_are_no_text(path: Path) -> None:
    path.write_bytes(bz2.compress(NOISE))
    with pytest.raises(MalformedInput, match="expected UTF-8 text"):
        read_lines(path)


@pytest.mark.parametrize("max_lines", [1, 2, 100])
def test_other_encodings_are_reported_with_their_line(path: Path, max_lines: int) -> None:
    path.write_bytes(b"one\ntwo\nthr\xe9e\nfour\n")
    seen: list[str] = []
    with pytest.raises(
        MalformedInput, match="expected UTF-8 text, received the byte 0xe9"
    ) as caught:
        read_into(seen, path, max_lines)
    assert caught.value.line == 3
    assert seen == ["one", "two"]


@pytest.mark.parametrize("n_before", [0, 3])
@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("n_bytes", [MAX_LINE_BYTES + 1, 1 << 20, PIECE_BYTES + 1])
def test_a_long_line_is_refused(path: Path, n_before: int, end: bytes, n_bytes: int) -> None:
    path.write_bytes(b"ok\n" * n_before + b"x" * n_bytes + end)
    with pytest.raises(MalformedInput, match="at most 65,536 bytes") as caught:
        read_lines(path)
    assert caught.value.line == n_before + 1


def test_the_longest_line_is_read(path: Path) -> None:
    path.write_bytes(b"x" * (MAX_LINE_BYTES - 1) + b"\n" + b"y" * MAX_LINE_BYTES)
    assert [len(line) for block in read_lines(path) for line in block.lines] == [65_535, 65_536]


@pytest.mark.parametrize("packer", ARCHIVES)
def test_a_bomb_costs_no_more_than_one_piece(path: Path, packer: str) -> None:
    path.write_bytes(PACKERS[packer](b"\0" * (128 << 20)))
    assert path.stat().st_size < 200_000
    with memory_below(8 * PIECE_BYTES), pytest.raises(MalformedInput, match="at most 65,536 bytes"):
        read_lines(path)


@pytest.mark.parametrize("packer", ["plain", *ARCHIVES])
def test_memory_does_not_grow_with_the_file(path: Path, packer: str) -> None:
    rows = (b"x" * 150 + b"\n") * 400_000
    path.write_bytes(lzma.compress(rows, preset=0) if packer == "xz" else PACKERS[packer](rows))
    n_lines = 0
    with memory_below(8 * PIECE_BYTES), open_stream(path) as stream:
        for block in line_blocks(stream, path, max_lines=1000):
            n_lines += len(block.lines)
    assert n_lines == 400_000


def test_an_archive_may_not_ask_for_any_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(lzma.compress(TEXT, preset=6))
    monkeypatch.setattr(source, "_XZ_MEMORY_BYTES", 4 << 20)
    with pytest.raises(MalformedInput, match=r"[Mm]emory"):
        read_lines(path)


def test_the_strongest_usual_xz_is_read(path: Path) -> None:
    path.write_bytes(lzma.compress(TEXT, preset=9 | lzma.PRESET_EXTREME))
    assert len(read_lines(path, 1000)[0].lines) == 1000


@pytest.mark.parametrize("content", [zst_of_window(28), zst_of_window(41), zst_of_content(1 << 29)])
def test_nor_may_a_zst(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(MalformedInput, match=r"cut short or damaged .*memory"):
        read_lines(path)


@pytest.mark.parametrize("level", [1, 19, 22])
def test_the_strongest_usual_zst_is_read(path: Path, level: int) -> None:
    path.write_bytes(zstd.compress(TEXT, level))
    assert len(read_lines(path, 1000)[0].lines) == 1000
    path.write_bytes(zst_of_window(27))
    assert read_lines(path)[0].lines == ["line"]


@pytest.mark.parametrize("flaw", ["cut", "dictionary", "kind"])
def test_a_zst_that_cannot_be_read_is_named(path: Path, flaw: str) -> None:
    words = zstd.ZstdDict(TEXT, is_raw=True)
    contents = {
        "cut": passed_over(8)[:-1],
        "dictionary": zstd.compress(TEXT, zstd_dict=words),
        "kind": zst(TEXT) + gzip.compress(TEXT),
    }
    path.write_bytes(contents[flaw])
    with pytest.raises(MalformedInput, match=r"named\.csv: expected a whole archive"):
        read_lines(path)


@pytest.mark.parametrize("name", ["missing.csv", "", "a\0b"])
def test_what_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="expected a readable file"):
        read_lines(tmp_path / name)


def test_a_failing_disk_is_named(path: Path) -> None:
    class Failing(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, f"Input/output error after {size}")

    with pytest.raises(InputError, match=r"named\.csv: expected a readable file.*Input/output"):
        read_piece(Failing(), path, 10)

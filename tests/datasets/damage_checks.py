"""What every loader promises of files that are not as published: a refusal, never a crash.

Loaders verify hashes, so that damage only reaches their parsers when the catalog is made to expect
it: `read_as_published` does that.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from oddflow.core.errors import MalformedInput, OddflowError
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.catalog import CorpusFile
from oddflow.datasets.corpora import ReadableCorpus
from oddflow.ingest.source import open_stream
from tests.datasets.contract_checks import Check, Sample, SubjectCheck

HEAD_LINES = 120
EACH = settings(
    max_examples=40, deadline=None, database=None, derandomize=True, report_multiple_bugs=False
)


def check_an_altered_copy_is_refused(sample: Sample) -> None:
    """One digit is another: every row may still parse, and yet it is not the published file."""
    with open_stream(sample.path) as stream:
        content = bytearray(stream.read(sample.file.n_bytes))
    at = next(i for i in range(len(content) // 2, len(content)) if chr(content[i]).isdigit())
    content[at] = ord("1") if content[at] != ord("1") else ord("2")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / sample.file.file_name).write_bytes(content)
        with _refused("an altered copy", saying=sample.file.sha256):
            sample.subject.load(sample.file.name, data_dir=Path(folder))


def check_damage_is_named(sample: Sample) -> None:
    """The head of the file is read; the same cut, emptied or with other columns is refused."""
    head = head_of(sample.path)
    lines = head.splitlines(keepends=True)
    data_line = next(line for line in reversed(lines) if line.strip() and line[:1] != b"#")
    n_data_lines = max(i for i, line in enumerate(lines) if line == data_line) + 1
    lines = lines[:n_data_lines]
    read_as_published(sample.subject, sample.file, b"".join(lines), n_rows=None)
    half = b"".join(lines[:-1]) + data_line[: len(data_line) // 2]
    separator = b"\t" if b"\t" in data_line else b","
    damages = {
        "cut within a row": half,
        "nothing": b"",
        "an empty line": b"\n",
        "no text": bytes(range(256)) * 20,
        "an archive": b"PK\x03\x04" + head,
        "a page": b"<!DOCTYPE html>\n<html><body>404</body></html>\n",
        "a column less": b"".join(_without_column(line, separator) for line in lines),
        "a field more in a row": b"".join(lines[:-1]) + b"1" + separator + data_line,
        "words for a number": head.replace(b"0", b"zero"),
    }
    for damage, content in damages.items():
        with _refused(damage):
            read_as_published(sample.subject, sample.file, content, n_rows=None)


def _without_column(line: bytes, separator: bytes) -> bytes:
    """A row or header without a column in its middle; other comment lines as they are."""
    if line.startswith(b"#") and not line.startswith((b"#fields", b"#types")):
        return line
    fields = line.split(separator)
    del fields[len(fields) // 2]
    return separator.join(fields)


def check_changed_heads_load_or_are_refused(sample: Sample) -> None:
    """Any bytes in place of others: records or an error of ours, never a crash."""
    head = head_of(sample.path)

    @EACH
    @given(
        at=st.integers(0, len(head)),
        n_lost=st.integers(0, 30),
        put=st.one_of(
            st.binary(max_size=8), st.sampled_from([b"nan", b"-1", b"inf", b"1e999", b",\n", b"\t"])
        ),
    )
    def read(at: int, n_lost: int, put: bytes) -> None:
        _read_or_refuse(sample.subject, sample.file, head[:at] + put + head[at + n_lost :])

    read()


def check_any_bytes_are_refused_or_read(subject: ReadableCorpus) -> None:
    """Arbitrary bytes in place of a published file: records or an error of ours."""

    @EACH
    @given(
        content=st.one_of(
            st.binary(max_size=200),
            st.lists(st.text(max_size=8), max_size=60).map(lambda texts: ",".join(texts).encode()),
            st.lists(st.integers(), max_size=90).map(lambda v: ",".join(map(str, v)).encode()),
        )
    )
    def read(content: bytes) -> None:
        for file in subject.files[:1]:
            _read_or_refuse(subject, file, content)

    read()


def head_of(path: Path) -> bytes:
    """The first lines of a file."""
    with open_stream(path) as stream:
        return b"".join(islice(stream, HEAD_LINES))


def read_as_published(
    subject: ReadableCorpus, file: CorpusFile, content: bytes, *, n_rows: int | None
) -> LabelledMatrix:
    """What a loader makes of any bytes under the name of a file, as if they were published so.

    Args:
        subject: whose loader.
        file: in whose place they stand.
        content: the bytes.
        n_rows: records that the catalog promises; None to promise as many as there are.
    """
    made_up = replace(
        file,
        sha256=hashlib.sha256(content).hexdigest(),
        n_bytes=len(content),
        n_rows=_AnyNumber() if n_rows is None else n_rows,
        urls=(),
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / file.file_name).write_bytes(content)
        with mock.patch.object(sys.modules[subject.load.__module__], "FILES", (made_up,)):
            return subject.load(file.name, data_dir=Path(folder))


def _read_or_refuse(subject: ReadableCorpus, file: CorpusFile, content: bytes) -> None:
    with suppress(OddflowError):
        assert len(read_as_published(subject, file, content, n_rows=None)) > 0


class _AnyNumber(int):
    """A number of rows that is equal to every other."""

    __hash__ = int.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


@contextmanager
def _refused(what: str, *, saying: str = "") -> Iterator[None]:
    message = ""
    try:
        yield
    except MalformedInput as error:
        message = str(error)
    assert message, f"{what} was read as if it were the published file"
    assert saying in message, f"{what}: expected an error with {saying!r}, received {message!r}"
    assert len(message) > 40, f"{what}: an error that says too little"


FOR_FILES: tuple[Check, ...] = (
    check_an_altered_copy_is_refused,
    check_damage_is_named,
    check_changed_heads_load_or_are_refused,
)
"""Promises that are checked with a file at hand."""

FOR_CORPORA: tuple[SubjectCheck, ...] = (check_any_bytes_are_refused_or_read,)
"""Promises that need no file."""

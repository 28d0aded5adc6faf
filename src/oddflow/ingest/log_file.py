"""A whole log from a file, plain or packed, through the parser of its lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from oddflow.core.errors import MalformedInput
from oddflow.ingest.raw_lines import RawLines, raw_lines
from oddflow.ingest.reading import TOO_LONG, Parser, Read, nothing_but
from oddflow.ingest.source import PIECE_BYTES, open_stream

S = TypeVar("S")

_SHOWN_REASONS = 5


def read_logs(
    paths: Sequence[Path],
    parse: Parser[S],
    state: S,
    *,
    expected: str,
    n_bytes: int = PIECE_BYTES,
) -> Iterator[Read]:
    """The records of some files, in their order.

    Args:
        paths: at least one; each begins anew, with its own header.
        parse: what turns lines into records.
        state: what it knows at the beginning of a file.
        expected: what the files should hold, for the error message.
        n_bytes: that are read at once; memory grows with it, results do not change.

    Raises:
        InputError: a file cannot be read.
        MalformedInput: a damaged archive, or no right record in any of the files; the latter is
            raised after the last `Read`.
    """
    skipped: Counter[str] = Counter()
    n_right = 0
    for path in paths:
        for read in _read_one(path, parse, state, n_bytes):
            n_right += read.n_right
            skipped.update(read.skipped)
            yield read
    if not n_right:
        raise MalformedInput(
            paths[-1], f"expected {expected}, received {_in_words(skipped)}; give such a log"
        )


def _read_one(path: Path, parse: Parser[S], state: S, n_bytes: int) -> Iterator[Read]:
    with open_stream(path) as stream:
        for lines in raw_lines(stream, path, n_bytes=n_bytes):
            state, reads = parsed(parse, state, lines)
            yield from reads


def parsed(parse: Parser[S], state: S, lines: RawLines) -> tuple[S, list[Read]]:
    """What is known after some complete lines, and what they hold."""
    state, reads = parse(state, lines.data)
    return state, [*reads, *nothing_but({TOO_LONG: lines.n_too_long})]


def _in_words(skipped: Counter[str]) -> str:
    if not skipped:
        return "no record"
    reasons = [f"{why} ({n:,})" for why, n in skipped.most_common(_SHOWN_REASONS)]
    return f"{skipped.total():,} lines of which none is one: {', '.join(reasons)}"

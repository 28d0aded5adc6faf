"""A file of export messages, one after the other, as its messages.

So are IPFIX files (RFC 5655), and what a plain UDP listener writes (`nc -lu 2055 > flows`).
NetFlow v9 says nowhere how long a message is; where the next one begins shows, since the numbers of
versions are no identifiers of sets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

from oddflow.ingest.source import read_piece

MAX_MESSAGE_BYTES = 65_535
"""The longest message, as UDP and IPFIX allow it."""

V5, V9, IPFIX = 5, 9, 10
_V5_HEADER, _V5_RECORD, _V9_HEADER, _IPFIX_HEADER, _SET_HEADER = 24, 48, 20, 16, 4
_PAIR = struct.Struct("!HH")


def messages(
    stream: BufferedIOBase, path: str | Path, *, n_bytes: int = MAX_MESSAGE_BYTES
) -> Iterator[bytes]:
    """Each message in order; what cannot be told apart, up to the end of the file, as one of it.

    Args:
        stream: uncompressed bytes.
        path: where they come from, for error messages.
        n_bytes: that are read at once.

    Raises:
        InputError: the file cannot be read.
        MalformedInput: a damaged archive.
    """
    held, is_end = b"", False
    while held or not is_end:
        while not is_end and len(held) < MAX_MESSAGE_BYTES + _SET_HEADER:
            piece = read_piece(stream, path, n_bytes)
            held, is_end = held + piece, not piece
        length = message_bytes(held)
        if not length:
            break
        yield held[:length]
        held = held[length:]
    if held:
        yield held[:MAX_MESSAGE_BYTES]


def message_bytes(data: bytes) -> int:
    """Length of the message that some bytes begin with; 0 where they begin with none.

    Args:
        data: at least `MAX_MESSAGE_BYTES` and a few, or all up to the end.
    """
    if len(data) < _PAIR.size:
        return 0
    version, second = _PAIR.unpack_from(data)
    if version == V5:
        length = _V5_HEADER + second * _V5_RECORD
    elif version == IPFIX:
        length = second if second >= _IPFIX_HEADER else 0
    else:
        length = _v9_bytes(data) if version == V9 else 0
    return length if length <= min(len(data), MAX_MESSAGE_BYTES) else 0


def _v9_bytes(data: bytes) -> int:
    at = _V9_HEADER
    while at + _SET_HEADER <= len(data):
        set_id, length = _PAIR.unpack_from(data, at)
        if set_id in (V5, V9, IPFIX):
            return at
        if length < _SET_HEADER:
            return 0
        at += length
    return at

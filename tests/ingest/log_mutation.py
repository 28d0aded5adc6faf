"""What a mutation of a log or of a NetFlow message is: one to four places of it are damaged."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.ingest.counting import MAX_LINE_BYTES
from tests.ingest.mutation import extreme

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
MAX_SPLICED_BYTES = 500


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


def mutated_log(content: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """The same, with pieces of other logs and bits flipped now and then."""
    content = damaged(content, rng)
    if rng.random() < 0.2:
        other, at = rng.choice(others), rng.randrange(len(content) + 1)
        start = rng.randrange(len(other))
        content = content[:at] + other[start : start + MAX_SPLICED_BYTES] + content[at:]
    return _with_flipped_bit(content, rng) if content and rng.random() < 0.2 else content


def mutated_message(content: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """The same for messages, where a number of 16 bits may be an extreme one: they say lengths."""
    data = bytearray(mutated_log(content, others, rng))
    for _ in range(rng.choice([0, 0, 1, 3])):
        at = 2 * rng.randrange(len(data) // 2 + 1)
        data[at : at + 2] = rng.choice([extreme(rng, 2), rng.randrange(300)]).to_bytes(2, "big")
    return bytes(data)


def _with_flipped_bit(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]

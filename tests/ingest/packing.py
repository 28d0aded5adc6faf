"""Contents packed as archives, some of them damaged."""

from __future__ import annotations

import gzip
import lzma
import random
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from backports import zstd

from tests.ingest.mutation import ANYWHERE

PACKERS: list[Callable[[bytes], bytes]] = [
    partial(gzip.compress, compresslevel=1),
    partial(lzma.compress, preset=0),
    partial(zstd.compress, options={zstd.CompressionParameter.checksum_flag: 1}),
]
SIGNS = (b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"7z\xbc\xaf")
_SHARE = 0.1


class Packed(NamedTuple):
    """Bytes of a file, and whether they can be unpacked to what was given."""

    data: bytes
    is_whole: bool


def packed(content: bytes, rng: random.Random) -> Packed:
    """A content as it is, or now and then packed, in one or two parts; half of those damaged."""
    if rng.random() >= _SHARE:
        return Packed(content, not looks_packed(content))
    pack, at = rng.choice(PACKERS), rng.randrange(len(content) + 1)
    data = bytearray(pack(content[:at]) + pack(content[at:]))
    if rng.random() < 0.5:
        return Packed(bytes(data), is_whole=True)
    for change in rng.choices(ANYWHERE, k=rng.randint(1, 3)):
        if data:
            change(data, rng, ())
    return Packed(bytes(data), is_whole=False)


def looks_packed(content: bytes) -> bool:
    """True for what begins as an archive does."""
    is_passed_over = content[1:4] == b"\x2a\x4d\x18" and content[0] >> 4 == 5
    return content.startswith(SIGNS) or is_passed_over

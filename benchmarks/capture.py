"""A capture of any length, made of the one in `examples/`, repeated with later times."""

from __future__ import annotations

import struct
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "lab.pcap"
GAP_S = 400
"""Between two repetitions, so that all connections of the one before have ended."""
_HEADER, _RECORD = 24, struct.Struct("<IIII")


def write_capture(path: Path, n_packets: int, source: Path = EXAMPLE) -> int:
    """Write at least so many packets; how many it became.

    Args:
        path: of the new capture.
        n_packets: at least.
        source: a pcap with the least significant byte first.
    """
    content = source.read_bytes()
    records = []
    at = _HEADER
    while at < len(content):
        seconds, part, captured, length = _RECORD.unpack_from(content, at)
        end = at + _RECORD.size + captured
        records.append((seconds, part, captured, length, content[at + _RECORD.size : end]))
        at = end
    span_s = records[-1][0] - records[0][0] + GAP_S
    n_rounds = -(-n_packets // len(records))
    with path.open("wb") as file:
        file.write(content[:_HEADER])
        for number in range(n_rounds):
            for seconds, *head, frame in records:
                file.write(_RECORD.pack(seconds + number * span_s, *head) + frame)
    return n_rounds * len(records)

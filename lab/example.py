"""Cuts a small capture from a recording: whole connections from a stretch of its time."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.addresses import NORMAL
from lab.labels import Labels, read_labels
from lab.pcap import FILE_HEAD, PACKET_HEAD, Ends, ends_of, read_packets, write_packets

log = logging.getLogger("lab")
MAX_BYTES = 3_000_000
MAX_CONVERSATION_BYTES = 30_000
"""Longer ones, such as downloads, are left out whole."""
SHARE_OF_ADDRESSES = 3
"""Normal connections of one originator in so many are kept, so that more time fits."""
STEP_S, MIN_CONVERSATIONS = 5.0, 15


@dataclass(slots=True)
class Conversation:
    """All packets between two ends.

    Attributes:
        first_s: time of the first one, seconds since 1970.
        kind: an attack's, or normal.
        originator: who sent the first one.
        n_bytes: size in a capture file.
    """

    first_s: float
    kind: str
    originator: str
    n_bytes: int = 0


def cut_example(recording: Path, path: Path) -> None:
    """Write the stretch of a recording that shows the most kinds in at most `MAX_BYTES`."""
    capture = recording / "capture.pcap"
    found = conversations(capture, read_labels(recording / "labels.json"))
    chosen = best_stretch(found)
    write_packets(
        path, (packet for packet in read_packets(capture) if _key(packet.frame) in chosen)
    )
    kinds = Counter(found[ends].kind for ends in chosen)
    log.info("%s: %d bytes, %s", path, path.stat().st_size, dict(kinds.most_common()))


def conversations(capture: Path, labels: Labels) -> dict[Ends, Conversation]:
    """All conversations of a capture in order of their first packets."""
    found: dict[Ends, Conversation] = {}
    for packet in read_packets(capture):
        ends = ends_of(packet.frame)
        if ends is None:
            continue
        key = ends.conversation
        if key not in found:
            kind = labels.of(ends.source, ends.target)
            found[key] = Conversation(packet.time_s, kind, ends.source)
        found[key].n_bytes += PACKET_HEAD.size + len(packet.frame)
    return found


def best_stretch(found: dict[Ends, Conversation]) -> set[Ends]:
    """The conversations of the stretch that shows the most kinds of attack, the longest of those.

    Raises:
        ValueError: there are none that an example may show.
    """
    fitting = [(ends, talk) for ends, talk in found.items() if _is_fitting(talk)]
    if not fitting:
        raise ValueError("expected a recording with short connections, received none; record again")
    first_s, last_s = fitting[0][1].first_s, fitting[-1][1].first_s
    best = _until_full(fitting)
    for step in range(int((last_s - first_s) / STEP_S) + 1):
        begin_s = first_s + step * STEP_S
        stretch = _until_full([pair for pair in fitting if pair[1].first_s >= begin_s])
        best = max(best, stretch, key=_merit)
    return {ends for ends, _ in best}


def _is_fitting(talk: Conversation) -> bool:
    number = int(talk.originator.rsplit(".", 1)[1])
    is_kept = talk.kind != NORMAL or number % SHARE_OF_ADDRESSES == 0
    return talk.n_bytes <= MAX_CONVERSATION_BYTES and is_kept


def _until_full(pairs: Sequence[tuple[Ends, Conversation]]) -> list[tuple[Ends, Conversation]]:
    room = MAX_BYTES - FILE_HEAD.size
    for i, (_, talk) in enumerate(pairs):
        room -= talk.n_bytes
        if room < 0:
            return list(pairs[:i])
    return list(pairs)


def _merit(stretch: Sequence[tuple[Ends, Conversation]]) -> tuple[int, float]:
    """Kinds of attack with some connections, then duration."""
    kinds = Counter(talk.kind for _, talk in stretch if talk.kind != NORMAL)
    n_kinds = sum(count >= MIN_CONVERSATIONS for count in kinds.values())
    return n_kinds, stretch[-1][1].first_s - stretch[0][1].first_s if stretch else 0.0


def _key(frame: bytes) -> Ends | None:
    ends = ends_of(frame)
    return None if ends is None else ends.conversation

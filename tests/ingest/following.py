"""Somebody who follows a log."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from oddflow.ingest.tail import Place, Tail

MAX_STEPS = 200


@dataclass
class Following:
    """Somebody who follows a log, with a checkpoint that survives him."""

    path: Path
    place: Place = field(default_factory=Place)
    data: bytes = b""
    n_lost: int = 0
    n_too_long: int = 0

    def __post_init__(self) -> None:
        self.tail = Tail(self.path)

    def drain(self) -> bytes:
        """Step until there is nothing more to read; everything that came so far."""
        for _ in range(MAX_STEPS):
            self.place, tailed = self.tail.step(self.place)
            self.data += tailed.lines.data
            self.n_lost += tailed.n_lost
            self.n_too_long += tailed.lines.n_too_long
            if tailed.is_idle:
                return self.data
        raise AssertionError("it never comes to rest")

    def restart(self) -> None:
        """Begin anew from what was written to disk."""
        self.tail.close()
        self.place = msgspec.json.decode(msgspec.json.encode(self.place), type=Place)
        self.tail = Tail(self.path)

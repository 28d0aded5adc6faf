"""What an attacker's search found: per kind of attack, per system, in words and as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.evaluate.evasion import AXES, BESIDE, ELSEWHERE, PACE, PAD, SLOW


@dataclass(frozen=True, slots=True)
class KindEvaded:
    """One kind of attack against one system.

    Attributes:
        attack: its name.
        n_records: of it in the test set.
        n_tried: of these, drawn for the search.
        n_detected: of these, flagged as they are.
        n_evaded: of these, for how many a plan was found that is not flagged.
        median_effort: of the plans found, see `Cost.effort`; None if there is none.
        cheapest: the cheapest plan found, in words; "" if there is none.
        cheapest_effort: its effort; None if there is none.
    """

    attack: str
    n_records: int
    n_tried: int
    n_detected: int
    n_evaded: int
    median_effort: float | None
    cheapest: str
    cheapest_effort: float | None

    @property
    def recall_before(self) -> float:
        """Share flagged as they are."""
        return self.n_detected / self.n_tried

    @property
    def recall_after(self) -> float:
        """Share flagged whatever the attacker tried."""
        return (self.n_detected - self.n_evaded) / self.n_tried


@dataclass(frozen=True, slots=True)
class SystemEvaded:
    """One system with one seed against all kinds of attack.

    Attributes:
        seed: of the system and of the draw.
        kinds: the most frequent first.
        queries: scores asked for per detected record, mean.
    """

    seed: int
    kinds: tuple[KindEvaded, ...]
    queries: float

    @property
    def recall_before(self) -> float:
        """Of all records, each kind by its number in the test set."""
        return self._weighted([kind.recall_before for kind in self.kinds])

    @property
    def recall_after(self) -> float:
        """The same after the search."""
        return self._weighted([kind.recall_after for kind in self.kinds])

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "seed": self.seed,
            "recall_before": self.recall_before,
            "recall_after": self.recall_after,
            "queries": self.queries,
            "kinds": [
                {**asdict(k), "recall_before": k.recall_before, "recall_after": k.recall_after}
                for k in self.kinds
            ],
        }

    def _weighted(self, recalls: list[float]) -> float:
        return float(np.average(recalls, weights=[kind.n_records for kind in self.kinds]))


def in_words(levels: NDArray[np.int64]) -> str:
    """A plan for people.

    >>> in_words(np.array([1, 4, 0, 6, 0, 0]))
    'fresh source ports; pad src_bytes to 334; at most 1 connection in 2 s'
    """
    value = [table[level] for table, level in zip(AXES.values(), levels, strict=True)]
    said = (
        "fresh source ports",
        f"pad src_bytes to {value[PAD]:,.0f}",
        f"hold open for {value[SLOW]:g} s",
        f"at most {_connections(value[PACE])} in 2 s",
        f"{_connections(value[ELSEWHERE])} to other hosts for each of the attack",
        f"{_connections(value[BESIDE])} to the same host for each of the attack",
    )
    words = [text for text, level in zip(said, levels, strict=True) if level]
    return "; ".join(words) or "leave out urgent packets"


def _connections(n: float) -> str:
    return f"{n:g} connection" if n == 1 else f"{n:g} connections"

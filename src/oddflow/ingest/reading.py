"""What every reader of logs yields: connections, and how many records were left out, and why.

A wrong record is counted and skipped, never fatal: a sensor writes for months, and one damaged line
must not blind who listens. So that nothing vanishes, records read = connections + skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from oddflow.core.connection import Connections

TOO_LONG = "line too long"
"""A line of more than `source.MAX_LINE_BYTES`."""
NOT_UTF8 = "not UTF-8"
NOT_JSON = "no JSON object"
WRONG_WIDTH = "wrong number of fields"
OTHER_KIND = "another kind of record"
"""A right record that is no connection, such as an alert among the events of Suricata."""


@dataclass(frozen=True, eq=False, slots=True)
class Read:
    """Some records of a source, in its order.

    Attributes:
        connections: those that could be read; may be none.
        skipped: number of the others by reason. Blank lines and comments are no records.
    """

    connections: Connections
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_records(self) -> int:
        """Records read: connections and skipped."""
        return len(self.connections) + sum(self.skipped.values())

    @property
    def n_right(self) -> int:
        """Records that are as they should be: connections, and right records of other kinds."""
        return len(self.connections) + self.skipped.get(OTHER_KIND, 0)


S = TypeVar("S")
Parser: TypeAlias = Callable[[S, bytes], tuple[S, Sequence[Read]]]
"""From what is known so far (a header) and complete lines to what is known then and what was read.

Where the lines are cut into blocks changes nothing but the cuts between the `Read`.
"""


def nothing_but(skipped: Mapping[str, int]) -> list[Read]:
    """No connection, and why; an empty list if there is no reason that ever occurred."""
    occurred = {why: n for why, n in skipped.items() if n}
    return [Read(Connections.of([]), occurred)] if occurred else []

"""What each member of an ensemble says of a record, and the same for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Opinion(NamedTuple):
    """One member's opinion of one record.

    name: of the member; p_value: share of normal traffic that the member finds at least as odd,
    counted on records of its own; fired: True if the member, left alone with what the alert budget
    leaves it, would have flagged the record; knows_attacks: True for the member that has learnt
    attacks by their labels; family: of the attacks it has learnt, the one it takes the record for;
    None where it has not fired.
    """

    name: str
    p_value: float
    fired: bool
    knows_attacks: bool = False
    family: str | None = None

    def to_json(self) -> dict[str, object]:
        """Plain data; `family` is None but for a known attack."""
        return {
            "name": self.name,
            "p_value": self.p_value,
            "fired": self.fired,
            "family": self.family,
        }

    @property
    def verdict(self) -> str:
        """In a word or two.

        >>> Opinion("record", 0.01, fired=True).verdict
        'odd'
        """
        if not self.knows_attacks:
            return "odd" if self.fired else "nothing odd"
        return f"recognises {self.family or 'nothing'}"


def agreement(opinions: Sequence[Opinion]) -> str:
    """Who finds a record odd and who does not; empty without members.

    >>> odd, quiet = Opinion("residual", 0.01, fired=True), Opinion("record", 0.3, fired=False)
    >>> agreement([odd, quiet])
    '1 of 2 members: residual; record sees nothing odd'
    >>> known = Opinion("known_attacks", 0.001, fired=True, knows_attacks=True, family="r2l")
    >>> agreement([quiet, known])
    'none of 1 member alone: record sees nothing odd; known_attacks recognises r2l'
    """
    witnesses = [opinion for opinion in opinions if not opinion.knows_attacks]
    if not witnesses:
        return ""
    fired = [opinion.name for opinion in witnesses if opinion.fired]
    silent = [opinion.name for opinion in witnesses if not opinion.fired]
    of = f"of {len(witnesses)} member{'s' if len(witnesses) > 1 else ''}"
    see = "see" if len(silent) > 1 else "sees"
    dissent = [f"{_listed(silent)} {see} nothing odd"] if silent else []
    if fired:
        parts = [f"{len(fired)} {of}: {', '.join(fired)}", *dissent]
    else:
        parts = [f"none {of} alone: {dissent[0]}"]
    parts += [f"{each.name} {each.verdict}" for each in opinions if each.knows_attacks]
    return "; ".join(parts)


def _listed(names: Sequence[str]) -> str:
    """The names in a row, with `and` before the last."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last

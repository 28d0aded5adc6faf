"""Rows of the report about single kinds of attack, and about features that changed."""

from __future__ import annotations

from typing import NamedTuple

from oddflow.core.evaluation import FeatureShift, KindsFound, TestSetResult
from oddflow.core.verdicts import shown
from oddflow.evaluate.breakdown import AttackRecall, recall_by_attack
from oddflow.evaluate.wording import UNDEFINED, decimal, percent, quantity

N_SHIFTED = 10
"""Features shown of those that changed."""
KIND_COLUMNS = ("Seeds", "By luck", "First alert, s", "False before")
N_UNTIMED = 2
"""Of these columns, those that need no times."""


class AttackRow(NamedTuple):
    """One kind of attack: what is flagged of it, and `KIND_COLUMNS` as text."""

    recall: AttackRecall
    cells: tuple[str, ...]


class ShiftRow(NamedTuple):
    """One feature whose values changed between training and test, as text."""

    feature: str
    distance: str
    width: str
    outside: str
    shift_sd: str
    train: str
    test: str


def kind_columns(kinds: KindsFound | None) -> tuple[str, ...]:
    """What there is to say of each kind of attack besides its recall."""
    if kinds is None:
        return ()
    return KIND_COLUMNS if kinds.is_timed else KIND_COLUMNS[:N_UNTIMED]


def attack_rows(
    result: TestSetResult, kinds: KindsFound | None, *, ours: str
) -> tuple[AttackRow, ...]:
    """What is found of each kind, the best found first."""
    cells = {}
    for kind in kinds.kinds if kinds is not None else ():
        said = (
            f"{kind.n_alerted} of {len(result.runs[ours])}",
            percent(kind.by_luck),
            quantity(kind.first_alert_s),
            quantity(kind.false_alerts_before),
        )
        cells[kind.attack] = said[: len(kind_columns(kinds))]
    recalls = recall_by_attack(result, ours)
    return tuple(AttackRow(recall, cells.get(recall.attack, ())) for recall in recalls)


def shift_row(shift: FeatureShift) -> ShiftRow:
    """A feature as text, and its distance as the width of a bar."""
    return ShiftRow(
        shift.feature,
        decimal(shift.distance, 2),
        f"{100 * shift.distance:.1f}%",
        percent(shift.outside),
        UNDEFINED if shift.shift_sd is None else f"{shift.shift_sd:+.2f}",
        shown(shift.train),
        shown(shift.test),
    )

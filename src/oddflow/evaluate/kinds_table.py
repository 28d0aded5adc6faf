"""How a system finds each kind of attack, as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from oddflow.core.evaluation import KindFound, KindsFound
from oddflow.evaluate.kinds import summary
from oddflow.evaluate.wording import percent, quantity

COLUMNS = ("records", "recall", "seeds\nthat alert", "by luck", "first\nalert, s", "false\nbefore")


def kinds_table(found: KindsFound, *, test_set: str, system: str) -> Table:
    """One row a kind, the one of highest recall first; those not told from luck are dim.

    Args:
        found: what there is to show.
        test_set: its name.
        system: its name.
    """
    table = Table(
        title=Text(f"{test_set}: kinds of attack, {system}", style="bold"),
        caption=Text(summary(found), style="dim"),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("kind", overflow="fold", min_width=12)
    for label in COLUMNS if found.is_timed else COLUMNS[:4]:
        table.add_column(label, justify="right", no_wrap=True)
    n_seeds = len(found.alerted)
    for kind in found.kinds:
        style = "" if kind.n_beyond_luck > n_seeds / 2 else "dim"
        table.add_row(Text(kind.attack), *_cells(kind, found, n_seeds), style=style)
    return table


def _cells(kind: KindFound, found: KindsFound, n_seeds: int) -> list[str]:
    cells = [
        f"{kind.n_records:,}",
        percent(kind.recall),
        f"{kind.n_alerted}/{n_seeds}",
        percent(kind.by_luck),
    ]
    if found.is_timed:
        cells += [quantity(kind.first_alert_s), quantity(kind.false_alerts_before)]
    return cells

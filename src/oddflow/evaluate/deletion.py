"""How faithful explanations are: shares of alerts that vanish when what was named is replaced."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Faithfulness:
    """Shares of alerts that vanish, by the way in which what is replaced was chosen.

    Attributes:
        target_fpr: of the threshold that made the alerts.
        n_alerts: number of alerts.
        sizes: how much was replaced at most.
        shares: way -> share of the alerts for each size; not a number where there is no alert.
    """

    target_fpr: float
    n_alerts: int
    sizes: tuple[int, ...]
    shares: dict[str, tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        """Plain data; None for a share of nothing."""
        return {
            "target_fpr": self.target_fpr,
            "n_alerts": self.n_alerts,
            "sizes": list(self.sizes),
            "shares": {
                way: [None if math.isnan(share) else share for share in shares]
                for way, shares in self.shares.items()
            },
        }


def faithfulness(
    vanished: Mapping[str, NDArray[np.bool_]], sizes: tuple[int, ...], *, target_fpr: float
) -> Faithfulness:
    """The shares, from what vanished.

    Args:
        vanished: way -> True where an alert vanishes, shape (alerts, sizes).
        sizes: how much was replaced at most, in the order of the columns.
        target_fpr: of the threshold.
    """
    n_alerts = len(next(iter(vanished.values())))
    shares = {
        way: tuple((found.sum(axis=0) / n_alerts).tolist() if n_alerts else [math.nan] * len(sizes))
        for way, found in vanished.items()
    }
    return Faithfulness(target_fpr, n_alerts, sizes, shares)


def faithfulness_table(result: Faithfulness, *, title: str) -> Table:
    """The same for the terminal; shares are rounded down, so that none looks better than it is."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("replaced by normal values")
    for size in result.sizes:
        table.add_column(f"up to {size}", justify="right")
    for way, shares in result.shares.items():
        table.add_row(way, *(_percent(share) for share in shares))
    return table


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{math.floor(1000 * share) / 10:.1f} %"

"""What attackers' searches found, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from oddflow.evaluate.evaded import KindEvaded, SystemEvaded
from oddflow.evaluate.wording import percent


def recalls_table(found: Mapping[str, Sequence[SystemEvaded]], *, title: str, ours: str) -> Table:
    """Recall before and after of each system, means over the seeds.

    Args:
        found: system -> what was found with each seed.
        title: shown above.
        ours: the system to highlight.
    """
    table = Table(
        title=Text(title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("system", overflow="fold", min_width=12)
    for label in ("recall\nbefore", "recall\nafter", "detected\nevaded", "queries\na record"):
        table.add_column(label, justify="right", no_wrap=True)
    for system, runs in found.items():
        before = float(np.mean([run.recall_before for run in runs]))
        after = float(np.mean([run.recall_after for run in runs]))
        share = 1 - after / before if before else 0.0
        queries = float(np.mean([run.queries for run in runs]))
        cells = [f"{before:.3f}", f"{after:.3f}", percent(share), f"{queries:.0f}"]
        mark = "> " if system == ours else "  "
        table.add_row(Text(mark + system), *cells, style="cyan" if system == ours else "")
    return table


def evasions_table(runs: Sequence[SystemEvaded], *, system: str) -> Table:
    """Kinds of attack that were evaded with, the one most often first; the others are not shown.

    Args:
        runs: of one system, one a seed.
        system: its name.
    """
    table = Table(
        title=Text(f"What evades {system}", style="bold"),
        caption=Text(
            "effort: a second, a connection and 1,000 bytes count 1 each, for every connection of "
            "the attack",
            style="dim",
        ),
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("kind", overflow="fold", min_width=10)
    for label in ("recall\nbefore", "recall\nafter", "median\neffort", "least"):
        table.add_column(label, justify="right", no_wrap=True)
    table.add_column("cheapest evasion found", overflow="fold", ratio=1)
    kinds = [merged(of_kind) for of_kind in zip(*(run.kinds for run in runs), strict=True)]
    for kind in sorted(kinds, key=lambda kind: -kind.n_evaded / max(kind.n_tried, 1)):
        if kind.n_evaded:
            table.add_row(Text(kind.attack), *_cells(kind), Text(kind.cheapest))
    return table


def merged(of_seeds: Sequence[KindEvaded]) -> KindEvaded:
    """One kind over all seeds: counts added up, the cheapest plan of all, the median of medians."""
    efforts = [k.median_effort for k in of_seeds if k.median_effort is not None]
    found = [k for k in of_seeds if k.cheapest_effort is not None]
    least = min(found, key=lambda k: k.cheapest_effort or 0.0, default=of_seeds[0])
    return KindEvaded(
        of_seeds[0].attack,
        of_seeds[0].n_records,
        sum(k.n_tried for k in of_seeds),
        sum(k.n_detected for k in of_seeds),
        sum(k.n_evaded for k in of_seeds),
        float(np.median(efforts)) if efforts else None,
        least.cheapest,
        least.cheapest_effort,
    )


def _cells(kind: KindEvaded) -> list[str]:
    numbers = [f"{kind.recall_before:.2f}", f"{kind.recall_after:.2f}"]
    return [
        *numbers,
        *(
            f"{effort:.3g}"
            for effort in (kind.median_effort, kind.cheapest_effort)
            if effort is not None
        ),
    ]

"""One page of HTML that sets a reproduced table beside the published one."""

from __future__ import annotations

from collections.abc import Mapping

from oddflow.core.errors import InputError
from oddflow.core.reproduction import Reproduction
from oddflow.evaluate.comparison import falls
from oddflow.evaluate.page import render_page
from oddflow.evaluate.reproduction_rows import columns_of
from oddflow.evaluate.reproduction_sections import (
    fall_table,
    place_sections,
    system_sections,
)
from oddflow.evaluate.reproduction_table import QUICK, STYLE_MARK
from oddflow.evaluate.reproduction_wording import agreements, disagreements, findings


def render_reproduction(
    reproduction: Reproduction, *, details: Mapping[str, str] | None = None
) -> str:
    """A reproduced table as a self-contained HTML page; `write_report` writes it.

    All text is escaped, wherever it came from; a content security policy in the page forbids
    scripts and requests besides.

    Args:
        reproduction: what to report.
        details: what a reader needs to run it again: command, versions.

    Raises:
        InputError: there is no test set, or a system in one that `systems` does not describe.
    """
    results = [
        result
        for evaluation in reproduction.evaluations
        for result in evaluation.test_sets.values()
    ]
    if not results:
        raise InputError("the reproduction holds no test set to report on")
    unknown = {name for result in results for name in result.metrics} - set(reproduction.systems)
    if unknown:
        raise InputError(
            f"expected a description of every system in `systems`, received none of "
            f"{', '.join(sorted(unknown))}"
        )
    columns = columns_of(reproduction.n_classes)
    groups = dict.fromkeys(column.group for column in columns)
    parts = {
        "title": reproduction.title,
        "reproduction": reproduction,
        "quick": QUICK,
        "mark": STYLE_MARK,
        "findings": findings(reproduction),
        "disagreements": disagreements(reproduction),
        "agreements": agreements(reproduction),
        "has_published": any(system.published for system in reproduction.systems.values()),
        "falls": [fall_table(fall, reproduction) for fall in falls(reproduction)],
        "columns": columns,
        "groups": {group: sum(c.group == group for c in columns) for group in groups},
        "places": place_sections(reproduction),
        "systems": system_sections(reproduction),
        "details": details or {},
    }
    return render_page("reproduction_report.html.j2", parts)

"""The documentation page on alerts, as data."""

from __future__ import annotations

from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


def table(heading: str) -> list[list[str]]:
    """Cells of the table that begins with a heading."""
    text = PAGE.partition(heading)[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]

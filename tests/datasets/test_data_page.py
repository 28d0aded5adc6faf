"""docs/data.md says of every file what the catalog says."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.datasets.corpora import CORPORA

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text()


def cells(page: str, first: str) -> list[list[str]]:
    """The cells of every table row that begins with a word in code quotes."""
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in row] for row in rows]
    return [row for row in table if row[0] == f"`{first}`"]


def check_page(page: str) -> None:
    """Assert that each corpus has one row, and each file one with its corpus and its records."""
    for name, entry in CORPORA.items():
        assert len(cells(page, name)) == 1, f"{name}: one row in the table of corpora"
        for file in entry.files:
            rows = cells(page, file.name)
            assert len(rows) == 1, f"{file.name}: one row in the table of files"
            assert rows[0][1:3] == [f"`{name}`", f"{file.n_rows:,}"], f"{file.name}: {rows[0]}"


def test_the_page_is_as_the_catalog() -> None:
    check_page(PAGE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("311,029", "311,028"), ("| `kddcup99` | 3", "| `nsl-kdd` | 3"), ("| `unsw-nb15` | t", "| x")],
)
def test_a_wrong_page_is_noticed(old: str, new: str) -> None:
    assert old in PAGE
    with pytest.raises(AssertionError):
        check_page(PAGE.replace(old, new))

"""`docs/lab.md` and the list of tools say what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.attacks.catalog import ATTACKS
from lab.clients.catalog import VISITS
from lab.services import SERVERS
from lab.tools import PACKAGES, missing_packages, require_tools

PAGE = (Path(__file__).parents[2] / "docs" / "lab.md").read_text()
NO_PACKAGE = {"raw socket"}


def rows(page: str) -> set[str]:
    """The lines of the table of attacks."""
    return {line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 4}


def expected_rows() -> set[str]:
    return {f"| `{kind}` | {attack.tool} | {attack.summary} |" for kind, attack in ATTACKS.items()}


def test_the_table_of_attacks_is_the_catalog() -> None:
    assert rows(PAGE) == expected_rows()
    assert rows(PAGE.replace("half-open", "open")) != expected_rows()


def test_the_numbers_in_the_page_are_right() -> None:
    assert f"{len(ATTACKS)} kinds of attack" in PAGE
    assert f"{len(VISITS)} kinds of visit" in PAGE
    assert len(SERVERS) == 8
    assert "eight servers" in PAGE


def test_every_tool_has_a_package() -> None:
    assert {attack.tool for attack in ATTACKS.values()} - NO_PACKAGE <= set(PACKAGES)


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.tools.PACKAGES", {"sh": "dash", "nothing": "no-such-package"})
    assert missing_packages() == ["no-such-package"]
    with pytest.raises(RuntimeError, match=r"apt-get install .* no-such-package$"):
        require_tools()

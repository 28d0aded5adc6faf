"""Opinions of the members of an ensemble, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.core.opinions import Opinion, agreement

FIRED = [Opinion(name, 0.001, fired=True) for name in ("residual_1", "residual_2")]
SILENT = [Opinion(name, 0.4, fired=False) for name in ("record", "residual_3", "latent")]
KNOWN = Opinion("known_attacks", 0.0004, fired=True, knows_attacks=True, family="r2l")


@pytest.mark.parametrize(
    ("opinions", "said"),
    [
        ([], []),
        (FIRED, ["2 of 2 members: residual_1, residual_2"]),
        (
            [*FIRED, *SILENT[:1]],
            ["2 of 3 members: residual_1, residual_2", "record sees nothing odd"],
        ),
        (
            [*FIRED, *SILENT],
            [
                "2 of 5 members: residual_1, residual_2",
                "record, residual_3 and latent see nothing odd",
            ],
        ),
        (SILENT[:2], ["none of 2 members alone: record and residual_3 see nothing odd"]),
        (
            [*SILENT[:1], KNOWN],
            ["none of 1 member alone: record sees nothing odd", "known_attacks recognises r2l"],
        ),
        (
            [FIRED[0], KNOWN._replace(fired=False, family=None)],
            ["1 of 1 member: residual_1", "known_attacks recognises nothing"],
        ),
    ],
)
def test_who_agrees_and_who_does_not(opinions: list[Opinion], said: list[str]) -> None:
    assert agreement(opinions) == "; ".join(said)


def test_the_page_on_ensembles_quotes_what_is_said() -> None:
    page = (Path(__file__).parents[2] / "docs" / "ensembles.md").read_text()
    others = [Opinion("record", 0.4, fired=False), Opinion("neighbours", 0.4, fired=False)]
    for opinions in (
        [*FIRED, others[1]._replace(fired=True), others[0], SILENT[1]],
        [Opinion("residual", 0.4, fired=False), *others, KNOWN],
    ):
        assert f"\nodd to {agreement(opinions)}\n" in page

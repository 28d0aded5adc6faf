"""The benchmark of contamination draws what it says."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.contamination import N_HELD_OUT, SHARES, draw, markdown, means, plans

from tests.toy import toy_corpus


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_a_draw_holds_the_share_of_attacks(share: float) -> None:
    corpus = toy_corpus(N_HELD_OUT + 1000, 300, seed=1)
    drawn = draw(corpus, "neptune", share, n=500, seed=0)
    assert len(drawn.records) == len(drawn.is_attack) == 500
    assert drawn.is_attack.mean() == share
    assert (drawn.records.column("flag")[drawn.is_attack] == "S0").all()
    held_out = {row.tobytes() for row in drawn.held_out.numeric}
    normals = drawn.records.numeric[~drawn.is_attack]
    assert np.mean([row.tobytes() in held_out for row in normals]) < 0.05  # equal rows may occur


def test_every_mix_is_learnt_from_as_it_is_and_trimmed() -> None:
    told: dict[tuple[str, float], set[float]] = {}
    for kind, share, share_told in plans():
        told.setdefault((kind, share), set()).add(share_told)
    assert set(told) == {(kind, share) for kind, shares in SHARES.items() for share in shares}
    assert all({0.0, share} <= of for (_, share), of in told.items())


def test_tables_hold_means_over_seeds() -> None:
    row = {"kind": "natural", "share": 0.1, "told": 0.0, "system": "ours", "fpr": 0.1}
    figures = {"recall": 0.5, "realised_fpr": 0.04}
    rows = [row | figures | {"auroc": auroc} for auroc in (0.8, 0.9)]
    assert means(rows)["natural", 0.1, 0.0, "ours"]["auroc"] == pytest.approx(0.85)
    text = markdown(rows, [{"kind": "natural", "share": 0.1, "estimate": None}])
    assert "0.8500 ± 0.0707" in text
    assert "too few" in text

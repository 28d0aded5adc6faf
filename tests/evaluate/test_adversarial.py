"""The search for evasions: finds what can be found, and nothing that cannot be."""

from __future__ import annotations

from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, concatenate
from oddflow.core.schema import numbered_schema
from oddflow.datasets.families import labels_of
from oddflow.evaluate.adversarial import run_adversary
from oddflow.evaluate.evaded import KindEvaded, SystemEvaded
from oddflow.evaluate.evasion_table import evasions_table, merged, recalls_table
from tests.evaluate.test_evasion import SCAN, one

GUESS = one(
    "guess_passwd", src_bytes=20, count=40, srv_count=40, same_srv_rate=1, dst_host_count=100
)
FLOOD = one("neptune", flag="S0", count=200, srv_count=200, serror_rate=1, dst_host_count=255)


class Rule:
    """Scores the sum of what features exceed or fall short of, by a table of limits."""

    threshold_ = 0.0

    def __init__(self, **limits: tuple[float, float]) -> None:
        self.limits, self.n_scored = limits, 0

    def fit(self, records: FeatureMatrix, /) -> Self:
        del records
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        self.n_scored += len(records)
        total = np.zeros(len(records))
        for name, (low, high) in self.limits.items():
            values = records.column(name)
            total += np.maximum(low - values, 0) + np.maximum(values - high, 0)
        return total


def together(*parts: LabelledMatrix) -> LabelledMatrix:
    names = [str(name) for part in parts for name in part.labels.attack]
    features = concatenate([part.features for part in parts])
    return LabelledMatrix("test", features, labels_of(names))


def searched(rule: Rule, *parts: LabelledMatrix, budget: int = 300) -> dict[str, KindEvaded]:
    found = run_adversary(rule, together(*parts), seed=0, per_kind=5, budget=budget)
    return {kind.attack: kind for kind in found.kinds}


def test_the_cheapest_way_is_found_and_told() -> None:
    kind = searched(Rule(count=(0, 20)), GUESS)["guess_passwd"]
    assert (kind.recall_before, kind.recall_after) == (1, 0)
    assert kind.cheapest == "at most 10 connections in 2 s"
    assert kind.cheapest_effort == pytest.approx(2 / 10 - 2 / 40)


def test_several_moves_are_put_together() -> None:
    kind = searched(Rule(count=(0, 5), src_bytes=(300, 1e9), duration=(5, 1e9)), GUESS)
    assert kind["guess_passwd"].cheapest == (
        "pad src_bytes to 334; hold open for 5 s; at most 5 connections in 2 s"
    )


def test_what_is_in_the_victims_hand_cannot_be_evaded() -> None:
    kind = searched(Rule(dst_bytes=(100, 1e9)), GUESS)["guess_passwd"]
    assert (kind.n_detected, kind.n_evaded, kind.cheapest) == (1, 0, "")


def test_a_flood_cannot_be_slowed_but_a_scan_can() -> None:
    found = searched(Rule(count=(0, 10)), FLOOD, SCAN)
    assert found["neptune"].recall_after == 1
    assert found["portsweep"].recall_after == 0


def test_what_is_not_detected_is_not_searched_for() -> None:
    rule = Rule(count=(0, 1000))
    kind = searched(rule, GUESS)["guess_passwd"]
    assert (kind.n_detected, rule.n_scored) == (0, 1)


def test_queries_are_counted_and_bounded() -> None:
    rule = Rule(dst_bytes=(100, 1e9))
    found = run_adversary(rule, together(GUESS), seed=0, per_kind=5, budget=1)
    assert found.queries == rule.n_scored - 1
    assert found.queries < 50


def test_each_kind_counts_by_its_number() -> None:
    found = run_adversary(
        Rule(count=(0, 10)), together(FLOOD, FLOOD, FLOOD, SCAN), seed=0, per_kind=1, budget=300
    )
    assert [kind.n_tried for kind in found.kinds] == [1, 1]
    assert (found.recall_before, found.recall_after) == (1, 0.75)


def test_the_same_seed_finds_the_same() -> None:
    first, second = (
        run_adversary(Rule(count=(0, 10)), together(SCAN, GUESS), seed=1, per_kind=5, budget=300)
        for _ in range(2)
    )
    assert first.to_json() == second.to_json()


def test_other_features_are_refused() -> None:
    features = FeatureMatrix(numbered_schema(2), np.zeros((1, 2)), ())
    other = LabelledMatrix("other", features, labels_of(["neptune"]))
    with pytest.raises(InputError, match="kdd41 and traffic28"):
        run_adversary(Rule(), other, seed=0, per_kind=1, budget=1)


@pytest.mark.parametrize(
    ("per_kind", "budget", "attack"), [(0, 1, "satan"), (1, 0, "satan"), (1, 1, "normal")]
)
def test_nothing_to_do_is_refused(per_kind: int, budget: int, attack: str) -> None:
    with pytest.raises(InputError, match="expected attacks"):
        run_adversary(Rule(), one(attack), seed=0, per_kind=per_kind, budget=budget)


def kind(**values: object) -> KindEvaded:
    usual: dict[str, object] = {"attack": "satan", "n_records": 9, "n_tried": 4, "n_detected": 4}
    rest = {"n_evaded": 2, "median_effort": 3.0, "cheapest": "wait", "cheapest_effort": 2.0}
    return KindEvaded(**(usual | rest | values))  # type: ignore[arg-type] # as the fields say


def test_seeds_are_merged_by_the_cheapest_plan() -> None:
    both = merged([kind(), kind(cheapest="pad", cheapest_effort=1.0, median_effort=5.0)])
    assert (both.n_tried, both.n_evaded, both.cheapest, both.median_effort) == (8, 4, "pad", 4.0)
    none = kind(n_evaded=0, median_effort=None, cheapest="", cheapest_effort=None)
    assert merged([none, kind()]).cheapest == "wait"
    assert merged([none, none]).cheapest_effort is None


def test_tables_show_what_was_found() -> None:
    runs = [SystemEvaded(0, (kind(), kind(attack="nmap", n_evaded=0)), 12.0)]
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(recalls_table({"ours": runs}, title="test", ours="ours"))
        console.print(evasions_table(runs, system="ours"))
    text = captured.get()
    assert "0.750" in text
    assert "25" in text
    assert "wait" in text
    assert "nmap" not in text

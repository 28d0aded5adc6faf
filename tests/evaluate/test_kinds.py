"""Kinds of attack: alerted, how soon, and what luck would give; on records made by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import KindFound, KindsFound, Run
from oddflow.core.matrix import Labels, Times
from oddflow.evaluate.kinds import at_least, kinds_found, summary

# kind, start, known, flagged under seed 0, under seed 1; in no order of time
RECORDS = (
    ("scan", 10.0, 70.0, True, False),
    ("scan", 12.0, 14.5, True, True),
    ("scan", 11.0, 12.0, False, False),
    ("normal", 1.0, 2.0, True, True),
    ("normal", 9.0, 10.5, True, False),
    ("normal", 9.0, 14.0, True, True),
    ("normal", 13.0, 60.0, True, True),
    ("beacon", 20.0, 20.0, False, False),
    ("normal", 11.0, 12.0, False, False),
)
Find = Callable[[Labels, list[Run], Times | None], KindsFound]


def labels_of(*kinds: str) -> Labels:
    names = np.array(kinds, dtype=object)
    return Labels(names, names)


def runs_of(*flagged: list[bool]) -> list[Run]:
    """Runs that flag what is marked; a score at the threshold is not above it."""
    return [
        Run(seed, np.where(marks, 6.0, 5.0), 5.0, 0.0, 0.0) for seed, marks in enumerate(flagged)
    ]


LABELS = labels_of(*(kind for kind, *_ in RECORDS))
RUNS = runs_of([record[3] for record in RECORDS], [record[4] for record in RECORDS])
TIMES = Times(np.array([r[1] for r in RECORDS]), np.array([r[2] for r in RECORDS]))


def check_alerts_come_when_records_are_known(find: Find) -> None:
    """The first alert is the flagged record that is known first; it counts from the first start."""
    scan = find(LABELS, RUNS, TIMES).kinds[0]
    assert (scan.attack, scan.n_records, scan.n_alerted) == ("scan", 3, 2)
    assert scan.first_alert_s == 4.5, "known at 14.5 s, begun at 10 s"
    assert scan.false_alerts_before == 1.5, "two under seed 0, one under seed 1"


def by_their_starts(labels: Labels, runs: list[Run], times: Times | None) -> KindsFound:
    """Broken: an alert at the first packet."""
    assert times is not None
    return kinds_found(labels, runs, Times(times.start_s, times.start_s))


def by_their_order(labels: Labels, runs: list[Run], times: Times | None) -> KindsFound:
    """Broken: the first alert is the first in the file."""
    assert times is not None
    known_s = np.maximum.accumulate(times.known_s)
    return kinds_found(labels, runs, Times(times.start_s, known_s))


def test_alerts_come_when_records_are_known() -> None:
    check_alerts_come_when_records_are_known(kinds_found)


@pytest.mark.parametrize("broken", [by_their_starts, by_their_order])
def test_the_check_rejects_other_times(broken: Find) -> None:
    with pytest.raises(AssertionError):
        check_alerts_come_when_records_are_known(broken)


def test_counts_and_luck_are_those_of_each_seed() -> None:
    found = kinds_found(LABELS, RUNS, TIMES)
    assert found.is_timed
    assert [kind.attack for kind in found.kinds] == ["scan", "beacon"], "best found first"
    assert found.alerted == (1, 1)
    luck = [(1 - 0.2**3) + 0.8, (1 - 0.4**3) + 0.6]  # 4 and 3 of 5 normal records are flagged
    assert found.by_luck == pytest.approx(luck)
    assert found.kinds[0].recall == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert found.beyond_luck == (0, 0)
    beacon = found.kinds[1]
    assert (beacon.n_alerted, beacon.recall) == (0, 0.0)
    assert (beacon.first_alert_s, beacon.false_alerts_before) == (None, None)


def test_seeds_that_do_not_alert_do_not_count_for_the_time() -> None:
    labels = labels_of("scan", "normal")
    times = Times(np.array([1.0, 0.0]), np.array([3.0, 0.0]))
    found = kinds_found(labels, runs_of([False, False], [True, False], [True, True]), times)
    (scan,) = found.kinds
    assert (scan.n_alerted, scan.first_alert_s, scan.false_alerts_before) == (2, 2.0, 0.0)


def test_without_times_there_is_no_first_alert() -> None:
    found = kinds_found(LABELS, RUNS, None)
    assert not found.is_timed
    assert {kind.first_alert_s for kind in found.kinds} == {None}
    assert found.alerted == kinds_found(LABELS, RUNS, TIMES).alerted


def test_what_luck_explains_is_not_found() -> None:
    """Of 400 records of a kind 10 are flagged, and of another 4; of normal ones, 1 in 100."""
    kinds = ["normal"] * 1000 + ["found"] * 400 + ["not"] * 400
    flagged = np.zeros(1800, dtype=np.bool_)
    flagged[:10], flagged[1000:1010], flagged[1400:1404] = True, True, True
    found = kinds_found(labels_of(*kinds), runs_of(flagged.tolist()), None)
    assert found.alerted == (2,)
    assert found.beyond_luck == (1,)
    assert {kind.attack: kind.n_beyond_luck for kind in found.kinds} == {"found": 1, "not": 0}
    assert found.kinds[0].by_luck == pytest.approx(1 - 0.99**400)


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.97])
@pytest.mark.parametrize("n", [1, 7, 40])
def test_at_least_is_the_binomial_tail(n: int, rate: float) -> None:
    for k in range(n + 1):
        parts = [math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(k, n + 1)]
        assert at_least(k, n, rate) == pytest.approx(math.fsum(parts))


def test_at_least_holds_for_many_records_and_certain_rates() -> None:
    assert at_least(160, 14_394, 0.01) == pytest.approx(0.0977177, abs=1e-7)
    assert at_least(14_394, 14_394, 0.01) == 0.0
    assert (at_least(5, 9, 1.0), at_least(0, 9, 0.0)) == (1.0, 1.0)


def test_a_test_set_of_one_sort_has_an_answer() -> None:
    nothing = kinds_found(labels_of("normal", "normal"), runs_of([True, False]), None)
    assert (nothing.kinds, nothing.alerted, nothing.beyond_luck) == ((), (0,), (0,))
    assert summary(nothing).startswith("0 of 0 kinds alerted")
    attacks = kinds_found(labels_of("scan", "scan"), runs_of([True, False]), None)
    assert (attacks.by_luck, attacks.beyond_luck) == ((0.0,), (1,))
    with pytest.raises(InputError, match="at least one run"):
        kinds_found(LABELS, [], None)


def test_the_summary_has_luck_in_it() -> None:
    found = kinds_found(LABELS, RUNS, TIMES)
    assert summary(found) == (
        "1 of 2 kinds alerted at least once; luck alone would alert 1.7; 0 are found beyond luck "
        "(means of 2 seeds)"
    )


def test_json_names_the_kinds() -> None:
    told = kinds_found(LABELS, RUNS, TIMES).to_json()
    assert (told["n_kinds"], told["alerted"], told["beyond_luck"]) == (2, [1, 1], [0, 0])
    assert told["kinds"]["scan"]["first_alert_s"] == 4.5
    assert set(told["kinds"]["beacon"]) == set(KindFound.__slots__) - {"attack"}

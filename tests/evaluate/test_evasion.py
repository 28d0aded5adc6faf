"""What an attacker may change, and that he changes nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from oddflow.core.kdd41 import FLAGS, KDD41, TRAFFIC28
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.datasets.families import labels_of
from oddflow.evaluate.attacker import CONTROLS, REJ_ERROR_FLAGS, SYN_ERROR_FLAGS, Hand, is_known
from oddflow.evaluate.evasion import AXES, BESIDE, ELSEWHERE, PACE, PAD, PORTS, SLOW, Evader, Levels
from oddflow.features.kdd_names import REJ_ERRORS, SYN_ERRORS
from tests.toy import toy_corpus

PAGE = Path(__file__).parents[2] / "docs" / "adversarial.md"
RATES = [f.name for f in KDD41.features if f.name.endswith("_rate")]
HIS = {name for name, control in CONTROLS.items() if control.hand in {Hand.ATTACKER, Hand.PACE}}


@pytest.fixture(scope="module")
def attacks() -> LabelledMatrix:
    """A flood, a sweep and a guess of passwords, some records each."""
    corpus = toy_corpus(10, 60, seed=3)
    return corpus.take(corpus.labels.is_attack)


def evader_of(corpus: LabelledMatrix, kind: type[Evader] = Evader) -> Evader:
    return kind(corpus.features, corpus.labels)


def plans(n: int, seed: int) -> Levels:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(0, len(levels), n) for levels in AXES.values()])


def plan(**levels: int) -> Levels:
    return np.array([[levels.get(axis, 0) for axis in AXES]])


def check_only_his_features_change(evader: Evader, levels: Levels) -> None:
    rows = np.arange(len(levels))
    before, after = evader.records.take(rows), evader.apply(rows, levels)
    for name in set(before.schema.names) - HIS:
        assert (after.column(name) == before.column(name)).all(), f"{name} is not his to change"


def check_what_he_sends_only_grows(evader: Evader, levels: Levels) -> None:
    rows = np.arange(len(levels))
    before, after = evader.records.take(rows), evader.apply(rows, levels)
    for name in ("src_bytes", "duration"):
        assert (after.column(name) >= before.column(name)).all(), f"{name} fell"


def check_windows_could_be(evader: Evader, levels: Levels) -> None:
    rows = np.arange(len(levels))
    before, after = evader.records.take(rows), evader.apply(rows, levels)
    for name in RATES:
        assert ((after.column(name) >= 0) & (after.column(name) <= 1)).all(), name
    for prefix in ("", "dst_host_"):
        count = after.column(f"{prefix}count")
        assert (count >= 1).all()
        moved = count != before.column(f"{prefix}count")
        alone = moved & (count == 1)
        rate = after.column(f"{prefix}serror_rate")
        assert np.isin(rate[alone], [0, 1]).all()
        own = moved & np.isin(after.column("flag"), SYN_ERROR_FLAGS)
        assert (rate[own] * count[own] >= 0.5).all(), "its own error left the window"


CHECKS = (
    check_only_his_features_change,
    check_what_he_sends_only_grows,
    check_windows_could_be,
)


@pytest.mark.parametrize("check", CHECKS)
@given(seed=st.integers(0, 2**32 - 1))
def test_plans_keep_the_rules(check: object, attacks: LabelledMatrix, seed: int) -> None:
    assert callable(check)
    check(evader_of(attacks), plans(len(attacks), seed))


class Cheats(Evader):
    """An attacker who does what he may not: a value for a feature."""

    what: ClassVar[dict[str, float]] = {}

    def apply(self, rows: NDArray[np.intp], levels: Levels) -> FeatureMatrix:
        honest = super().apply(rows, levels)
        numeric = honest.numeric.copy()
        for name, value in self.what.items():
            numeric[:, [f.name for f in honest.schema.numeric].index(name)] = value
        return FeatureMatrix(honest.schema, numeric, honest.categorical)


class AnswersForTheVictim(Cheats):
    what: ClassVar[dict[str, float]] = {"dst_bytes": 500.0}


class SendsLess(Cheats):
    what: ClassVar[dict[str, float]] = {"src_bytes": 0.0}


class HidesItsError(Cheats):
    what: ClassVar[dict[str, float]] = {"count": 1.0, "serror_rate": 0.0}


@pytest.mark.parametrize(
    ("check", "cheat"),
    list(zip(CHECKS, (AnswersForTheVictim, SendsLess, HidesItsError), strict=True)),
)
def test_whoever_breaks_the_rules_is_noticed(
    check: object, cheat: type[Evader], attacks: LabelledMatrix
) -> None:
    assert callable(check)
    with pytest.raises(AssertionError):
        check(evader_of(attacks, cheat), plans(len(attacks), 0))


def test_no_plan_changes_nothing_and_costs_nothing(attacks: LabelledMatrix) -> None:
    evader, rows = evader_of(attacks), np.arange(len(attacks))
    nothing = np.zeros((len(attacks), len(AXES)), dtype=np.int64)
    assert evader.apply(rows, nothing).fingerprint() == attacks.features.fingerprint()
    assert (evader.cost(rows, nothing).effort == 0).all()


def test_every_change_costs(attacks: LabelledMatrix) -> None:
    evader, rows = evader_of(attacks), np.arange(len(attacks))
    levels = plans(len(attacks), 1)
    does = evader.changes(rows, levels)
    does[:, PORTS] = False  # a port is free
    assert ((evader.cost(rows, levels).effort > 0) == does.any(axis=1)).all()


def one(attack: str, **values: float | str) -> LabelledMatrix:
    """One record of an attack; what is not named is 0, tcp, http and SF."""
    usual: dict[str, float | str] = {"protocol_type": "tcp", "service": "http", "flag": "SF"}
    columns = {name: [(usual | values).get(name, 0.0)] for name in KDD41.names}
    return LabelledMatrix("one", FeatureMatrix.from_columns(KDD41, columns), labels_of([attack]))


def changed(corpus: LabelledMatrix, levels: Levels) -> FeatureMatrix:
    return evader_of(corpus).apply(np.zeros(1, dtype=np.intp), levels)


SCAN = one(
    "portsweep",
    flag="REJ",
    count=100,
    srv_count=2,
    rerror_rate=1,
    srv_rerror_rate=1,
    same_srv_rate=0.01,
    diff_srv_rate=0.9,
    dst_host_count=255,
    dst_host_srv_count=1,
    dst_host_rerror_rate=1,
    dst_host_srv_rerror_rate=1,
    dst_host_diff_srv_rate=0.9,
)


def test_a_paced_scan_is_alone_in_its_window() -> None:
    seen = changed(SCAN, plan(pace=6))
    names = ("count", "srv_count", "rerror_rate", "same_srv_rate", "diff_srv_rate")
    assert [seen.value(0, name) for name in names] == [1, 1, 1, 1, 0]
    assert seen.value(0, "dst_host_count") == 255
    cost = evader_of(SCAN).cost(np.zeros(1, dtype=np.intp), plan(pace=6))
    assert cost.seconds[0] == pytest.approx(2 - 2 / 100)


def test_connections_beside_lower_the_share_of_errors() -> None:
    seen = changed(SCAN, plan(beside=2))
    assert seen.value(0, "count") == 400
    assert seen.value(0, "rerror_rate") == 0.25
    assert seen.value(0, "srv_rerror_rate") == 1  # the refused service has no others
    assert seen.value(0, "dst_host_rerror_rate") == pytest.approx(0.25, abs=0.01)


def test_connections_elsewhere_push_the_scan_out_of_the_last_255() -> None:
    seen = changed(SCAN, plan(elsewhere=3))
    assert seen.value(0, "dst_host_count") == 23
    assert seen.value(0, "dst_host_rerror_rate") == 1
    assert seen.value(0, "count") == 100


@pytest.mark.parametrize("axis", [PACE, ELSEWHERE])
def test_a_flood_must_stay_a_flood(axis: int) -> None:
    flood = one("neptune", flag="S0", count=200, serror_rate=1, dst_host_count=255)
    levels = np.zeros((1, len(AXES)), dtype=np.int64)
    levels[0, axis] = len(list(AXES.values())[axis]) - 1
    assert changed(flood, levels).fingerprint() == flood.features.fingerprint()


@pytest.mark.parametrize(
    ("axis", "record"),
    [
        (PAD, one("portsweep", flag="S0", count=1)),
        (PAD, one("portsweep", flag="REJ", src_bytes=0, count=1)),
        (PAD, one("portsweep", src_bytes=0, count=1)),
        (SLOW, one("portsweep", flag="S0", count=1)),
        (SLOW, one("snmpguess", protocol_type="udp", src_bytes=40, count=1)),
        (PORTS, one("ipsweep", protocol_type="icmp", dst_host_same_src_port_rate=1, count=1)),
    ],
)
def test_what_was_not_answered_cannot_be_padded_or_held(axis: int, record: LabelledMatrix) -> None:
    levels = np.zeros((1, len(AXES)), dtype=np.int64)
    levels[0, axis] = 1
    assert not evader_of(record).changes(np.zeros(1, dtype=np.intp), levels).any()


def test_every_feature_has_a_hand_and_a_reason() -> None:
    assert set(CONTROLS) == set(KDD41.names)
    assert all(control.reason for control in CONTROLS.values())
    assert is_known(KDD41)
    assert is_known(TRAFFIC28)


def test_errors_are_those_that_the_windows_count() -> None:
    flags = np.array(FLAGS)
    assert set(flags[SYN_ERRORS]) == set(SYN_ERROR_FLAGS)
    assert set(flags[REJ_ERRORS]) == set(REJ_ERROR_FLAGS)


def test_axes_with_effect_are_tried_in_the_order_of_their_names() -> None:
    assert list(AXES) == ["ports", "pad", "slow", "pace", "elsewhere", "beside"]
    assert tuple(range(len(AXES))) == (PORTS, PAD, SLOW, PACE, ELSEWHERE, BESIDE)


def told(page: str, name: str) -> str:
    """The row of the documentation that names a feature."""
    rows = [line for line in page.splitlines() if line.startswith("| `") and f"`{name}`" in line]
    assert len(rows) == 1, f"{name} is in {len(rows)} rows"
    return rows[0]


@pytest.mark.parametrize("name", KDD41.names)
def test_the_documentation_says_who_decides_each_feature(name: str) -> None:
    hand, reason = CONTROLS[name]
    assert told(PAGE.read_text(), name).endswith(f"| {hand} | {reason} |")


def test_a_feature_that_is_left_out_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="flag is in 0 rows"):
        told(PAGE.read_text().replace("`flag`", "`flags`"), "flag")

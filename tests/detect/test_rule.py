"""How scores of members become one: by p-values, and under one budget."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from oddflow.core.errors import InputError
from oddflow.detect.calibrate import Calibration, surprisal
from oddflow.detect.rule import KNOWN_ATTACKS, Rule

HUNDRED = Calibration(np.arange(99.0))


def test_units_of_members_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(50, 2))
    normal = rng.normal(size=(200, 2))
    plain = Rule(("a", "b"), (1, 2), tuple(Calibration(c) for c in normal.T))
    scaled = Rule(("a", "b"), (1, 2), tuple(Calibration(c) for c in (1e6 * normal).T))
    assert_allclose(plain.combine(scores), scaled.combine(1e6 * scores))
    assert not np.allclose(plain.combine(scores), plain.combine(scores[:, ::-1]))


def test_the_mean_is_weighted() -> None:
    rule = Rule(("a", "b"), (3, 1), (HUNDRED, HUNDRED))
    found = rule.combine(np.array([[98.0, -1.0]]))
    assert_allclose(found, [0.75 * surprisal(HUNDRED, np.array([98.0]))[0]])


def test_a_known_attack_speaks_up_alone_and_within_its_share() -> None:
    rng = np.random.default_rng(1)
    n = 100_000
    normal = rng.normal(size=(n, 2))
    anomaly, known = (Calibration(column) for column in normal.T)
    together = Calibration(surprisal(anomaly, normal[:, 0]))
    rule = Rule(("a", KNOWN_ATTACKS), (1, 0.1), (anomaly, known), together)
    quiet_but_known, odd, neither = np.array([[0.0, 9.0], [9.0, 0.0], [0.0, 0.0]])
    scores = rule.combine(np.array([quiet_but_known, odd, neither]))
    assert scores[0] > 2
    assert scores[1] > 2
    assert scores[2] < 1
    threshold = -np.log10(0.05)
    fresh = rule.combine(rng.normal(size=(n, 2)))
    assert (fresh > threshold).mean() == pytest.approx(0.05, abs=0.005)


def test_p_values_are_those_of_each_member() -> None:
    rule = Rule(("a", "b"), (1, 1), (HUNDRED, Calibration(np.arange(9.0))))
    scores = np.array([[98.0, 0.0], [-1.0, 9.0]])
    assert_array_equal(rule.p_values(scores), [[0.02, 1.0], [1.0, 0.1]])


def test_a_member_fires_where_its_p_value_is_within_the_rate() -> None:
    rule = Rule(("a", "b"), (1, 3), (HUNDRED, Calibration(np.arange(9.0))))
    scores = np.array([[94.0, 9.0], [94.1, -1.0], [99.0, 100.0]])
    assert_array_equal(rule.fires(scores, 0.05), rule.p_values(scores) <= 0.05)
    assert_array_equal(rule.fires(scores, 0.1), [[True, True], [True, False], [True, True]])


def test_known_attacks_and_the_others_fire_within_their_shares() -> None:
    thousand = Calibration(np.arange(999.0))
    rule = Rule(("a", KNOWN_ATTACKS), (1, 0.1), (thousand, thousand), thousand)
    at = np.arange(940.0, 999.0)[:, None] + 0.5
    scores = np.hstack([at, at])
    p_values = rule.p_values(scores)
    expected = p_values <= np.array([0.045, 0.005]) + 1e-12
    assert_array_equal(rule.fires(scores, 0.05), expected)
    assert 0 < expected[:, 1].sum() < expected[:, 0].sum() < len(at)


def test_what_references_cannot_resolve_is_not_out_of_reach() -> None:
    rng = np.random.default_rng(2)
    few = Calibration(rng.exponential(size=99))
    rule = Rule(("a", KNOWN_ATTACKS), (1, 0.1), (few, few), few)
    beyond = np.full((1, 2), few.scores[-1] + 20)
    assert rule.p_values(beyond)[0, 1] > 0.005
    assert_array_equal(rule.fires(beyond, 0.05), [[True, True]])
    assert_array_equal(rule.fires(beyond, 0.0), [[False, False]])


@pytest.mark.parametrize(
    ("names", "weights", "n_references", "told"),
    [
        (("a",), (1.0, 1.0), 1, "received 1, 2 and 1"),
        (("a", "a"), (1.0, 1.0), 2, "different names"),
        ((KNOWN_ATTACKS,), (0.1,), 1, "one of them of anomalies"),
        ((), (), 0, "received none"),
        (("a",), (0.0,), 1, "weights above 0"),
        (("a",), (float("nan"),), 1, "weights above 0"),
        (("a", KNOWN_ATTACKS), (1.0, 1.0), 2, "below 1"),
        (("a", KNOWN_ATTACKS), (1.0, 0.5), 2, "go with known_attacks"),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    names: tuple[str, ...], weights: tuple[float, ...], n_references: int, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        Rule(names, weights, (HUNDRED,) * n_references)


def test_scores_together_without_known_attacks_are_refused() -> None:
    with pytest.raises(InputError, match="alone"):
        Rule(("a",), (1,), (HUNDRED,), HUNDRED)

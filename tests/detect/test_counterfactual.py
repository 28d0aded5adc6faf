"""The smallest change that makes a record pass."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from oddflow.core.kdd41 import KDD41, TRAFFIC28
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.aspects import KDD_ASPECTS, aspect_of, aspects
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.counterfactual import MOST, least_replacement

REFERENCE = np.array([[0, 0, 0, 0], [5, 5, 0, 0], [0, 0, 9, 0]], dtype=np.float32)


class Largest:
    """Scores a record by the sum of what is above 6 in it."""

    n_columns = 4

    def scores(self, encoded: np.ndarray) -> np.ndarray:
        above = np.maximum(encoded.astype(np.float64) - 6, 0)
        return np.asarray(above.sum(axis=1), dtype=np.float64)


def found(record: list[float], *, units: list[int] | None = None, most: int = 3) -> tuple[int, ...]:
    """Size of the change, score of it and row of the donor."""
    unit_of = np.array([units or [0, 1, 2, 3]], dtype=np.int64)
    change = least_replacement(
        Largest(),
        np.array([record], dtype=np.float32),
        REFERENCE,
        unit_of,
        int(unit_of.max()) + 1,
        0.0,
        most=most,
    )
    return int(change.size[0]), int(change.score[0]), int(change.donor[0])


def test_one_wild_value_is_replaced_from_the_nearest_in_all_else() -> None:
    assert found([20, 5, 0, 0]) == (1, 0, 1)
    assert found([20, 0, 0, 0]) == (1, 0, 0)


def test_as_many_are_replaced_as_it_takes() -> None:
    assert found([20, 20, 0, 0])[:2] == (2, 0)
    assert found([20, 20, 20, 0])[:2] == (3, 0)
    assert found([20, 20, 20, 20])[:2] == (3, 14), "the best of all that are too small"
    assert found([20, 20, 20, 20], most=4)[:2] == (4, 0)


def test_columns_of_a_unit_go_together() -> None:
    assert found([20, 20, 0, 0], units=[0, 0, 1, 2])[:2] == (1, 0)


def test_the_chosen_set_is_the_best_of_all_sets(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    """The compiled search agrees with plain numpy over every set."""
    model = small_detector.model_
    encoded = model.encoder.transform(toy.features.take(toy.labels.is_attack).take(slice(0, 8)))
    reference = model.explainer.reference
    unit_of = np.broadcast_to(np.minimum(np.arange(encoded.shape[1]) // 6, 5), encoded.shape)
    change = least_replacement(
        model.scorer, encoded, reference, np.ascontiguousarray(unit_of), 5, -np.inf, most=2
    )
    best = np.full(len(encoded), np.inf)
    for size in (1, 2):
        for subset in combinations(range(5), size):
            replaced = np.isin(unit_of, subset)
            apart = np.where(replaced[:, None], 0, np.abs(encoded[:, None] - reference[None]))
            donor = reference[apart.sum(axis=2, dtype=np.float64).argmin(axis=1)]
            best = np.minimum(best, model.scorer.scores(np.where(replaced, donor, encoded)))
    assert change.score == pytest.approx(best, rel=1e-5)


def test_what_a_counterfactual_promises_holds(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    """Replace what it names by what it says, in original units, and score as anybody would."""
    some = toy.features.take(toy.labels.is_attack).take(slice(0, 60))
    verdicts = [v for v in small_detector.explain(some, n_causes=41) if v.score > v.threshold]
    n_checked = 0
    for verdict in verdicts:
        told = verdict.explanation.counterfactual
        assert told is not None
        assert 1 <= len(told.aspects) <= MOST
        assert set(told.aspects) == {aspect_of(name) for name in told.features}
        values, normal = small_detector.model_.encoder.schema.names, dict(told.normal)
        if not set(told.features) <= set(normal):
            continue  # a feature of no share is replaced, but not listed
        columns = {name: [some.value(verdict.row, name)] for name in values}
        columns |= {name: [normal[name]] for name in told.features}
        changed = type(some).from_columns(some.schema, columns)
        score = small_detector.score_samples(changed)[0]
        assert (score <= verdict.threshold) == told.passes
        assert score == pytest.approx(told.score, abs=0.02)
        n_checked += 1
    assert n_checked > 20


def test_every_feature_of_kdd_has_one_aspect() -> None:
    named = [name for names in KDD_ASPECTS.values() for name in names]
    assert sorted(named) == sorted(KDD41.names)
    assert len(aspects(KDD41)) == len(KDD_ASPECTS)
    assert set(aspects(TRAFFIC28)) < set(aspects(KDD41))
    assert aspect_of("flow_duration") == "flow_duration"

"""Faithfulness by deletion."""

from __future__ import annotations

import math

import numpy as np

from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.core.verdicts import Origin, Threshold
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.deletion import (
    ASPECTS,
    ASPECTS_BY_CHANCE,
    BY_CHANCE,
    FEATURES,
    SHARES,
    SIZES,
    deletions,
)
from oddflow.evaluate.deletion import faithfulness
from tests.toy import toy_normals


def test_more_never_does_less_and_names_do_more_than_chance(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    seen: list[tuple[int, int]] = []
    some = toy.features.take(np.flatnonzero(toy.labels.is_attack)[::2])
    threshold = small_detector.operating_point_
    vanished = deletions(
        small_detector.model_, some, threshold, on_progress=lambda *done: seen.append(done)
    )
    n = int((small_detector.score_samples(some) > threshold.value).sum())
    assert seen[-1] == (n, n)
    assert set(vanished) == {FEATURES, ASPECTS, SHARES, BY_CHANCE, ASPECTS_BY_CHANCE}
    for found in vanished.values():
        assert found.shape == (n, len(SIZES))
        assert (np.diff(found.astype(int), axis=1) >= 0).all(), "more must never do less"
    three = {way: found[:, SIZES.index(3)].mean() for way, found in vanished.items()}
    assert three[FEATURES] >= three[BY_CHANCE]
    assert three[ASPECTS] > three[ASPECTS_BY_CHANCE]


def test_one_odd_value_is_all_it_takes(
    small_detector: LSTMAutoencoderDetector,
) -> None:
    normals = toy_normals(60, seed=11)
    columns = {name: normals.column(name) for name in normals.schema.names}
    columns["src_bytes"] = np.full(60, 987_654_321.0)
    odd = FeatureMatrix.from_columns(normals.schema, columns)
    vanished = deletions(small_detector.model_, odd, small_detector.operating_point_)
    one = {way: found[:, 0].mean() for way, found in vanished.items()}
    assert len(vanished[FEATURES]) > 50
    assert min(one[FEATURES], one[SHARES], one[ASPECTS]) > 0.9
    assert max(one[BY_CHANCE], one[ASPECTS_BY_CHANCE]) < 0.4


def test_without_alerts_there_are_no_shares(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    none = Threshold(value=1e9, target_fpr=0.01, n_reference=1, origin=Origin.HELD_OUT)
    vanished = deletions(small_detector.model_, toy.features, none)
    result = faithfulness(vanished, SIZES, target_fpr=0.01)
    assert result.n_alerts == 0
    assert all(math.isnan(share) for shares in result.shares.values() for share in shares)
    assert set(result.to_json()["shares"][FEATURES]) == {None}


def test_shares_are_of_alerts() -> None:
    vanished = {"one": np.array([[False, True], [True, True], [False, False]])}
    result = faithfulness(vanished, (1, 2), target_fpr=0.05)
    assert result.shares == {"one": (1 / 3, 2 / 3)}

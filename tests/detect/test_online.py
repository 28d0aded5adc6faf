"""A model that learns on: from what came before alone, slowly, within bounds, and never upwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.detect.bundle import Bundle
from oddflow.detect.calibrate import Calibration
from oddflow.detect.online import (
    EAGER,
    Block,
    OnlineModel,
    OnlineSettings,
    OnlineState,
    adapted_scores,
    are_alike,
    learnt,
    started,
)
from tests.toy import toy_corpus

CALIBRATION = Calibration(np.arange(1000.0))
QUICK = OnlineSettings(n_neighbors=2, min_age=10, adoption_rate=0.5, oddest=0.01)
MEDIAN = 500.0
ODD = 900.0
"""A score with a p-value of .1."""

Learn = Callable[[OnlineState, Block, Calibration, OnlineSettings], OnlineState]


def mass(n: int, *, at: float = 3.0, score: float = ODD, clean: bool = True) -> Block:
    """n records at one place, all of one score."""
    encoded = np.full((n, 4), at, dtype=np.float32)
    return Block(encoded, np.full(n, score), np.full(n, clean))


def after(*blocks: Block, settings: OnlineSettings = QUICK, learn: Learn = learnt) -> OnlineState:
    state = started(4)
    for block in blocks:
        state = learn(state, block, CALIBRATION, settings)
    return state


def lowered(state: OnlineState, block: Block, settings: OnlineSettings = QUICK) -> list[float]:
    return [float(score) for score in adapted_scores(state, block, CALIBRATION, settings)]


def test_a_mass_that_keeps_coming_is_learnt() -> None:
    state = after(mass(10), mass(10), mass(10))
    assert state.n_adopted == 10  # the third block: only then have others waited for long enough
    assert lowered(state, mass(1)) == [MEDIAN]
    assert lowered(state, mass(1, at=-3.0)) == [ODD]


def test_a_burst_teaches_nothing() -> None:
    assert after(mass(300)).n_adopted == 0
    assert after(*[mass(1)] * 10).n_adopted == 0


def test_what_has_one_like_it_is_lowered_half_way() -> None:
    state = replace(started(4), adopted=mass(1).encoded)
    assert lowered(state, mass(1)) == [(ODD + MEDIAN) / 2]


@pytest.mark.parametrize(
    "block", [mass(10, clean=False), mass(10, score=999.5), mass(10, score=600.0)]
)
def test_the_unclean_the_oddest_and_the_ordinary_are_not_learnt(block: Block) -> None:
    assert len(after(block, block, block).waiting) == 0


def test_the_unclean_and_the_oddest_are_not_lowered() -> None:
    state = after(mass(10), mass(10), mass(10))
    assert lowered(state, mass(1, clean=False)) == [ODD]
    assert lowered(state, mass(1, score=999.5)) == [999.5]
    assert lowered(state, mass(1, score=100.0)) == [100.0]


def check_is_bounded(learn: Learn) -> None:
    settings = replace(QUICK, capacity=50, adoption_rate=0.1)
    state = after(*[mass(20)] * 30, settings=settings, learn=learn)
    assert len(state.waiting) <= 50
    assert len(state.waiting_since) == len(state.waiting)
    assert len(state.adopted) <= 50
    assert state.n_adopted <= 0.1 * state.n_seen
    assert state.n_adopted > 0


def test_what_is_remembered_is_bounded() -> None:
    check_is_bounded(learnt)


def test_learning_without_bounds_is_found_out() -> None:
    def unbounded(
        state: OnlineState, block: Block, calibration: Calibration, settings: OnlineSettings
    ) -> OnlineState:
        return learnt(state, block, calibration, replace(settings, capacity=10**9))

    def hasty(
        state: OnlineState, block: Block, calibration: Calibration, settings: OnlineSettings
    ) -> OnlineState:
        return learnt(state, block, calibration, replace(settings, adoption_rate=1.0))

    for learn in (unbounded, hasty):
        with pytest.raises(AssertionError):
            check_is_bounded(learn)


def test_distances_are_those_of_the_textbook() -> None:
    rng = np.random.default_rng(0)
    some, others = (rng.normal(size=(n, 6)).astype(np.float32) for n in (40, 30))
    expected = np.linalg.norm(some[:, None] - others[None], axis=2) <= 3.0
    assert (are_alike(some, others, 3.0) == expected).all()
    assert 0 < expected.mean() < 1


@pytest.fixture(scope="module")
def stream() -> FeatureMatrix:
    return toy_corpus(600, 90, seed=5).features


def run_through(
    online: OnlineModel, records: FeatureMatrix, size: int
) -> tuple[np.ndarray, OnlineState]:
    state, scores = online.start(), []
    for first in range(0, len(records), size):
        block, state = online.step(state, records.take(slice(first, first + size)))
        scores.append(block)
    return np.concatenate(scores), state


@pytest.mark.parametrize("size", [1, 7, 690])
def test_the_future_changes_no_score(
    small_bundle: Bundle, stream: FeatureMatrix, size: int
) -> None:
    online = OnlineModel(small_bundle.model, replace(EAGER, min_age=20, n_neighbors=2))
    scores, state = run_through(online, stream, size)
    half, _ = run_through(online, stream.take(slice(350)), size)
    n_same = 350 // size * size
    assert (scores[:n_same] == half[:n_same]).all()
    assert state.n_seen == 690


def test_scores_only_fall_and_alerts_stay(small_bundle: Bundle, stream: FeatureMatrix) -> None:
    model = small_bundle.model
    frozen = model.score_samples(stream)
    eager = OnlineModel(model, replace(EAGER, min_age=20, n_neighbors=2, radius=6.0))
    scores, state = run_through(eager, stream, 10)
    assert state.n_adopted > 0
    assert (scores <= frozen).all()
    assert (scores < frozen).any()
    guarded = replace(eager, settings=replace(eager.settings, oddest=0.05))
    threshold = model.calibration.threshold(0.05)
    scores, state = run_through(guarded, stream, 10)
    assert state.n_adopted > 0
    assert (threshold.flags(scores) == threshold.flags(frozen)).all()


def test_scoring_learns_nothing(small_bundle: Bundle, stream: FeatureMatrix) -> None:
    online = OnlineModel(small_bundle.model)
    state = online.start()
    first, after_it = online.step(state, stream)
    assert (online.score_samples(state, stream) == first).all()
    assert (online.step(state, stream)[0] == first).all()
    assert after_it.n_seen == len(stream)
    assert state.n_seen == 0


def test_no_record_is_no_step(small_bundle: Bundle, toy: LabelledMatrix) -> None:
    online = OnlineModel(small_bundle.model)
    scores, state = online.step(online.start(), toy.features.take(slice(0)))
    assert (len(scores), state.n_seen) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"radius": 0.0},
        {"n_neighbors": 0},
        {"min_age": -1},
        {"adoption_rate": 0.0},
        {"capacity": 0},
        {"oddest": 0.3},
        {"oddish": 1.1},
        {"radius": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected radius"):
        replace(OnlineSettings(), **wrong)  # type: ignore[arg-type] # that is the point

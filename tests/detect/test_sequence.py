"""Detectors of sequences: what their scores rest on, and what they must not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from oddflow.core.context import Context
from oddflow.core.errors import InputError, NotFittedError, ResolutionError, SchemaMismatch
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import numbered_schema
from oddflow.detect.sequence import MemoryKind, SequenceDetector
from oddflow.detect.sequence_control import Shuffled, shuffled_inside_hosts
from oddflow.detect.sequence_systems import NAMES, sequence_systems
from oddflow.detect.stretches import N_STRETCHES, part_in_time
from tests.detect.alternating import hosts_in_turn

SMALL: dict[str, Any] = {
    "length": 6,
    "encoder_widths": (12, 2),
    "decoder_widths": (12,),
    "epochs": 12,
    "batch_size": 64,
    "learning_rate": 1e-2,
    "target_fpr": 0.05,
}
KINDS: dict[MemoryKind, dict[str, Any]] = {
    MemoryKind.WINDOW: {},
    MemoryKind.STATE: {"batch_size": 4, "epochs": 30, "encoder_widths": (12, 1)},
    MemoryKind.MEANS: {},
}
N_NORMALS, N_TEST = 2000, 1200


def detector(kind: MemoryKind, **changes: Any) -> SequenceDetector:  # noqa: ANN401
    """A small detector."""
    return SequenceDetector(memory=kind, **{**SMALL, **KINDS[kind], **changes})


@pytest.fixture(scope="module")
def normals() -> FeatureMatrix:
    return hosts_in_turn(N_NORMALS)[0]


@pytest.fixture(scope="module")
def fitted(normals: FeatureMatrix) -> dict[MemoryKind, SequenceDetector]:
    return {kind: detector(kind).fit(normals) for kind in MemoryKind}


@pytest.fixture(scope="module")
def test_set() -> tuple[FeatureMatrix, NDArray[np.bool_]]:
    records, pattern = hosts_in_turn(N_TEST, patterns=("ABAB", "AABB"), seed=1)
    return records, pattern != "ABAB"


@pytest.mark.parametrize("kind", MemoryKind)
def test_blocks_give_the_scores_of_all_at_once(
    kind: MemoryKind,
    fitted: dict[MemoryKind, SequenceDetector],
    test_set: tuple[FeatureMatrix, NDArray[np.bool_]],
) -> None:
    records, model = test_set[0], fitted[kind].model_
    whole = model.score_samples(records)
    stream = model.start()
    cuts = [0, 0, 1, 2, 130, 700, N_TEST]
    parts = [stream.score(records.take(slice(*cut))) for cut in pairwise(cuts)]
    assert (np.concatenate(parts) == whole).all()
    assert stream.n_forgotten == 0
    forgetful = model.start(n_hosts=2)
    assert (forgetful.score(records) != whole).mean() > 0.5, "the comparison can fail"
    assert forgetful.n_forgotten > 100


@pytest.mark.parametrize("kind", MemoryKind)
def test_other_hosts_do_not_matter_and_the_own_history_does(
    kind: MemoryKind,
    fitted: dict[MemoryKind, SequenceDetector],
    test_set: tuple[FeatureMatrix, NDArray[np.bool_]],
) -> None:
    records, scored = test_set[0], fitted[kind]
    assert records.context is not None
    whole = scored.score_samples(records)
    own = records.context.originator == 3
    assert (scored.score_samples(records.take(own)) == whole[own]).all()
    late = np.flatnonzero(own)[5:]
    assert (scored.score_samples(records.take(late)) != whole[late])[:3].all()


def test_a_sequence_is_found_that_single_connections_do_not_show(
    fitted: dict[MemoryKind, SequenceDetector],
    test_set: tuple[FeatureMatrix, NDArray[np.bool_]],
) -> None:
    """And the control, which has the same connections without their order, does not find it."""
    records, is_odd = test_set
    for kind in (MemoryKind.WINDOW, MemoryKind.STATE):
        assert roc_auc_score(is_odd, fitted[kind].score_samples(records)) > 0.65, kind
    control = Shuffled(detector(MemoryKind.STATE), seed=0).fit(hosts_in_turn(N_NORMALS)[0])
    assert roc_auc_score(is_odd, control.score_samples(records)) < 0.6


@pytest.mark.parametrize("kind", MemoryKind)
def test_normal_traffic_is_flagged_at_about_the_target(
    kind: MemoryKind, fitted: dict[MemoryKind, SequenceDetector]
) -> None:
    records, _ = hosts_in_turn(4000, seed=7)
    share = fitted[kind].predict(records).mean()
    assert 0.02 < share < 0.12
    p_values = fitted[kind].p_values(records)
    assert ((p_values <= 0.05) == (fitted[kind].predict(records) == 1)).all()


def test_the_same_seed_gives_the_same_scores_and_another_others(normals: FeatureMatrix) -> None:
    first, again, other = (
        detector(MemoryKind.STATE, epochs=2, seed=seed).fit(normals).score_samples(normals)
        for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_pairs_have_histories_of_their_own(normals: FeatureMatrix) -> None:
    assert normals.context is not None
    by_pair = detector(MemoryKind.MEANS, steps="pairs").fit(normals)
    context = normals.context
    apart = replace(
        normals,
        context=Context(context.originator, np.arange(len(normals)), context.start_s),
    )
    assert (by_pair.score_samples(apart) != by_pair.score_samples(normals)).mean() > 0.9


def test_what_cannot_be_done_is_refused(normals: FeatureMatrix) -> None:
    with pytest.raises(InputError, match="between whom each connection was"):
        detector(MemoryKind.MEANS).fit(replace(normals, context=None))
    with pytest.raises(InputError, match="steps must be one of hosts, pairs"):
        detector(MemoryKind.MEANS, steps="groups").fit(normals)
    with pytest.raises(InputError, match="length must be at least 1"):
        detector(MemoryKind.MEANS, length=0).fit(normals)
    with pytest.raises(InputError, match="memory must be one of window, state, means"):
        SequenceDetector(memory="none").fit(normals)
    with pytest.raises(ResolutionError):
        detector(MemoryKind.MEANS, target_fpr=1e-4).fit(normals)
    with pytest.raises(NotFittedError):
        detector(MemoryKind.MEANS).score_samples(normals)
    with pytest.raises(InputError, match="cannot be parted"):
        detector(MemoryKind.MEANS).fit(normals.take(slice(9)))
    other = numbered_schema(2)
    columns = {name: [1.0] for name in other.names}
    context = Context(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), np.zeros(1))
    wrong = replace(FeatureMatrix.from_columns(other, columns), context=context)
    with pytest.raises(SchemaMismatch):
        detector(MemoryKind.MEANS).fit(normals).score_samples(wrong)


def test_parts_are_whole_stretches_and_histories_of_training_end_with_them() -> None:
    split, stretch = part_in_time(1000, validation=0.1, calibration=0.2, seed=3)
    rows = np.concatenate([split.fit, split.validation, split.calibration])
    assert sorted(rows.tolist()) == list(range(1000))
    assert [len(part) for part in (split.fit, split.validation, split.calibration)] == [
        700,
        100,
        200,
    ]
    in_fit = np.isin(np.arange(1000), split.fit)
    for number in np.unique(stretch):
        assert len(set(in_fit[stretch == number])) == 1
    assert len(np.unique(stretch)) <= N_STRETCHES
    other, _ = part_in_time(1000, validation=0.1, calibration=0.2, seed=4)
    assert other.fit.tolist() != split.fit.tolist()
    with pytest.raises(InputError, match="give more connections"):
        part_in_time(1000, validation=0.5, calibration=0.5, seed=0)


def test_shuffling_keeps_hosts_and_times_and_moves_connections(normals: FeatureMatrix) -> None:
    assert normals.context is not None
    origin = shuffled_inside_hosts(normals.context, 0)
    assert sorted(origin.tolist()) == list(range(len(normals)))
    assert (normals.context.originator[origin] == normals.context.originator).all()
    assert (origin != np.arange(len(normals))).mean() > 0.9
    assert (origin != shuffled_inside_hosts(normals.context, 1)).any()


def test_every_system_has_its_control() -> None:
    systems = sequence_systems(0.01)
    assert tuple(systems) == NAMES
    for name, factory in systems.items():
        made = factory(3)
        inner = made.detector if isinstance(made, Shuffled) else made
        assert isinstance(made, Shuffled) == name.endswith("_shuffled")
        assert isinstance(inner, SequenceDetector)
        assert (inner.seed, inner.target_fpr) == (3, 0.01)

"""One fit as a job: the same bits each time, classes named, training told of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oddflow.core.evaluation import TrainingHistory
from oddflow.models.train import Epoch
from oddflow.reproduce.jobs import Job, Outcome, run_job
from oddflow.reproduce.splits import classes_of, split_of

DNN = Job(
    system="dnn", corpus="toy", protocol="official", n_classes=2, seed=0, epochs=2, data_dir=None
)

pytestmark = pytest.mark.usefixtures("toy_splits")


def check_same_bits(one: Outcome, other: Outcome) -> None:
    """Assert that nothing but the time it took differs."""
    for name, run in one.runs.items():
        assert np.array_equal(run.scores, other.runs[name].scores), name
        assert run.threshold == other.runs[name].threshold
    assert one.runs.keys() == other.runs.keys()
    assert one.predicted.keys() == other.predicted.keys()
    for name, named in one.predicted.items():
        assert (named == other.predicted[name]).all(), name
    assert one.n_parameters == other.n_parameters
    assert losses(one.histories["training"]) == losses(other.histories["training"])


def losses(history: TrainingHistory) -> tuple[tuple[float, ...], ...]:
    """Of training and of held-out records."""
    return history.loss, history.validation_loss


def test_the_same_job_gives_the_same_bits() -> None:
    first = run_job(DNN)
    check_same_bits(first, run_job(DNN))
    with pytest.raises(AssertionError):
        check_same_bits(first, run_job(replace(DNN, seed=1)))


@pytest.mark.parametrize("n_classes", [2, 5, 23])
def test_a_classifier_names_classes_of_training(n_classes: int) -> None:
    outcome = run_job(replace(DNN, n_classes=n_classes))
    split = split_of("toy", "official", None)
    known = set(classes_of(split.train.labels, n_classes))
    named = outcome.predicted["toy test"]
    assert (
        named.shape == outcome.runs["toy test"].scores.shape == (len(split.test_sets["toy test"]),)
    )
    assert "normal" in named
    assert set(named) <= known
    assert len(set(named)) > 1


def test_two_classes_are_named_as_the_threshold_says() -> None:
    outcome = run_job(DNN)
    run = outcome.runs["toy test"]
    flagged = run.scores > run.threshold
    assert (np.where(flagged, "attack", "normal") == outcome.predicted["toy test"]).all()
    truth = split_of("toy", "official", None).test_sets["toy test"].labels.is_attack
    assert (flagged == truth).mean() > 0.8


@pytest.mark.parametrize("system", ["mahalanobis", "lstm_autoencoder"])
def test_a_detector_names_no_class(system: str) -> None:
    outcome = run_job(replace(DNN, system=system, epochs=1))
    assert outcome.predicted == {}
    labels = split_of("toy", "official", None).test_sets["toy test"].labels
    run = outcome.runs["toy test"]
    assert run.fit_s > 0
    assert run.score_s > 0
    assert run.scores[labels.is_attack].mean() > run.scores[~labels.is_attack].mean()


def test_the_majority_class_has_learnt_nothing_else() -> None:
    two = run_job(replace(DNN, system="majority"))
    assert set(two.predicted["toy test"]) == {"normal"}
    assert not (two.runs["toy test"].scores > two.runs["toy test"].threshold).any()
    assert (two.n_parameters, two.histories) == (0, {})


def test_a_belief_net_is_trained_layer_by_layer_and_rebuilds_ever_better() -> None:
    told: list[tuple[str, Epoch]] = []
    job = replace(DNN, system="dbn", epochs=20)
    histories = run_job(job, lambda stage, epoch: told.append((stage, epoch))).histories
    *layers, last = histories
    assert layers == [f"pre-training, layer {i}" for i in range(1, len(layers) + 1)]
    assert layers
    assert last == "fine-tuning"
    for layer in layers:
        errors = histories[layer].validation_loss
        assert errors[-1] < errors[0], f"{layer}: {errors}"
    assert list(dict.fromkeys(stage for stage, _ in told)) == list(histories)
    for stage, history in histories.items():
        assert [e.loss for s, e in told if s == stage] == list(history.loss)


def test_a_part_of_the_combination_has_a_history_each() -> None:
    outcome = run_job(replace(DNN, system="combined", epochs=1, protocol="official"))
    assert set(outcome.histories) >= {"network 1", "network 2", "network 3"}
    assert outcome.n_parameters > 0

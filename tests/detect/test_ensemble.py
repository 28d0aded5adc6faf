"""The ensemble: exact rates by re-calibration, members that can be told apart, one saved graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from oddflow.core.errors import ArtifactError, InputError, NotFittedError, ResolutionError
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.artifact import compare_with_keras
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.bundle import load_model
from oddflow.detect.ensemble import EnsembleDetector
from oddflow.detect.ensemble_artifact import ensemble_scorer, save_ensemble
from oddflow.detect.facts import manifest_of
from oddflow.detect.manifest import Manifest
from oddflow.detect.members import KINDS
from oddflow.detect.rule import KNOWN_ATTACKS
from oddflow.models.train import Epoch
from tests.toy import SMALL, toy_corpus, toy_normals

FAST: dict[str, Any] = {**SMALL, "epochs": 2, "known_epochs": 20, "n_networks": 2}
ALL_WEAK = 1.01


@pytest.fixture(scope="module")
def labelled() -> LabelledMatrix:
    return toy_corpus(2000, 300, seed=3)


@pytest.fixture(scope="module")
def with_all(labelled: LabelledMatrix) -> EnsembleDetector:
    """Every kind of member, and the classifier of known attacks."""
    detector = EnsembleDetector(KINDS, weak_recall=ALL_WEAK, **FAST)
    return detector.fit(labelled.features, labelled.labels.family)


@pytest.fixture(scope="module")
def one_class(labelled: LabelledMatrix) -> EnsembleDetector:
    return EnsembleDetector(**FAST).fit(labelled.normals())


def test_members_are_named_and_weighted_by_kind(with_all: EnsembleDetector) -> None:
    rule = ensemble_scorer(with_all).rule
    assert rule.names == (
        *("residual_1", "residual_2", "latent_1", "latent_2", "error_1", "error_2"),
        *("record", "neighbours", "isolation_forest", KNOWN_ATTACKS),
    )
    assert rule.weights == (*[0.5] * 6, 1, 1, 1, 0.1)


def test_normals_are_flagged_at_the_rate_asked_for(one_class: EnsembleDetector) -> None:
    rates = [one_class.predict(toy_normals(4000, seed=seed)).mean() for seed in (11, 12, 13)]
    # 200 calibration records leave the rate a standard deviation of .015
    assert np.mean(rates) == pytest.approx(0.05, abs=0.045)
    assert one_class.model_.calibration.threshold(0.05).n_reference == 200


def test_the_known_attacks_count_within_the_same_budget(
    with_all: EnsembleDetector, labelled: LabelledMatrix
) -> None:
    assert with_all.weak_families_ == tuple(sorted(set(labelled.labels.family) - {"normal"}))
    rate = with_all.predict(toy_normals(4000, seed=14)).mean()
    assert rate < 0.1
    found = with_all.predict(labelled.features.take(labelled.labels.is_attack)).mean()
    assert found > 0.9


def test_attacks_that_no_member_of_anomalies_misses_are_not_learnt(
    labelled: LabelledMatrix,
) -> None:
    detector = EnsembleDetector(weak_recall=0.0, **FAST)
    detector.fit(labelled.features, labelled.labels.family)
    assert detector.known_ is None
    assert KNOWN_ATTACKS not in ensemble_scorer(detector).rule.names


def test_an_ensemble_of_normals_is_the_same_without_labels(
    one_class: EnsembleDetector, labelled: LabelledMatrix
) -> None:
    names = np.full(int((~labelled.labels.is_attack).sum()), "normal", dtype=object)
    again = EnsembleDetector(**FAST).fit(labelled.normals(), names)
    assert_array_equal(
        again.score_samples(labelled.features), one_class.score_samples(labelled.features)
    )


def test_no_record_of_the_last_calibration_taught_a_member(
    one_class: EnsembleDetector, labelled: LabelledMatrix
) -> None:
    normals = labelled.normals()
    scores = one_class.score_samples(normals)
    assert len(one_class.model_.calibration) == round(0.2 * len(normals)) // 2
    assert np.isin(one_class.model_.calibration.scores, scores).all()
    references = ensemble_scorer(one_class).rule.references
    assert {len(each) for each in references} == {round(0.2 * len(normals)) // 2}


def test_scores_do_not_depend_on_the_batch(
    with_all: EnsembleDetector, labelled: LabelledMatrix
) -> None:
    some = labelled.features.take(slice(0, 300))
    at_once = with_all.score_samples(some)
    each = [with_all.score_samples(some.take(slice(i, i + 1)))[0] for i in range(0, 300, 7)]
    assert_array_equal(at_once[::7], each)


def test_saved_and_loaded_it_says_the_same(
    with_all: EnsembleDetector, labelled: LabelledMatrix, tmp_path: Path
) -> None:
    save_ensemble(with_all, tmp_path / "model", source="toy")
    bundle = load_model(tmp_path / "model")
    assert_array_equal(
        bundle.model.score_samples(labelled.features), with_all.score_samples(labelled.features)
    )
    assert bundle.manifest.detector == "ensemble"
    families = bundle.manifest.classes[1:]
    assert bundle.manifest.classes[0] == "normal"
    assert families == with_all.weak_families_
    few = labelled.features.take(slice(0, 60))
    rows = np.arange(60)
    again = bundle.model.explain(few, rows, with_all.operating_point_)
    assert [v.members for v in again] == [v.members for v in with_all.explain(few)]
    agreement = compare_with_keras(bundle, labelled.features)
    assert agreement.relative <= 1e-5
    card = (tmp_path / "model" / "MODEL_CARD.md").read_text()
    assert "| isolation_forest | 1 |" in card
    assert "that the others miss" in card


def test_a_rule_that_does_not_fit_the_graph_is_refused(
    one_class: EnsembleDetector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "oddflow.detect.ensemble_artifact.MemberFacts",
        lambda name, _weight: _facts(name, -1.0),
    )
    save_ensemble(one_class, tmp_path / "model", source="toy")
    with pytest.raises(ArtifactError, match="weights above 0"):
        load_model(tmp_path / "model")


def _facts(name: str, weight: float) -> Any:  # noqa: ANN401 - what the manifest holds
    from oddflow.detect.manifest import MemberFacts

    return MemberFacts(name, weight)


def test_seeds_repeat_and_differ(one_class: EnsembleDetector, labelled: LabelledMatrix) -> None:
    scores = [
        EnsembleDetector(seed=seed, **FAST).fit(labelled.normals()).score_samples(labelled.features)
        for seed in (0, 1)
    ]
    assert_array_equal(scores[0], one_class.score_samples(labelled.features))
    assert not np.allclose(scores[0], scores[1])


def test_progress_names_each_network(labelled: LabelledMatrix) -> None:
    told: list[str] = []

    def tell(stage: str, _epoch: Epoch) -> None:
        told.append(stage)

    EnsembleDetector(**{**FAST, "epochs": 1}).fit(labelled.normals(), on_epoch=tell)
    assert told == ["network 1", "network 2"]


def test_p_values_are_those_of_the_calibration(
    one_class: EnsembleDetector, labelled: LabelledMatrix
) -> None:
    scores = one_class.score_samples(labelled.features)
    p_values = one_class.p_values(labelled.features)
    assert_array_equal(p_values <= 0.05, scores > one_class.threshold_)
    assert_allclose(one_class.decision_function(labelled.features), scores - one_class.threshold_)


def test_verdicts_say_what_each_member_says(
    with_all: EnsembleDetector, labelled: LabelledMatrix
) -> None:
    some = labelled.take(slice(0, 200))
    verdicts = with_all.explain(some.features)
    scorer = ensemble_scorer(with_all)
    encoded = with_all.model_.encoder.transform(some.features)
    p_values = [[member.p_value for member in verdict.members] for verdict in verdicts]
    assert_array_equal(p_values, scorer.member_p_values(encoded))
    fired = np.array([[member.fired for member in verdict.members] for verdict in verdicts])
    assert_array_equal(fired, scorer.rule.fires(scorer.member_scores(encoded), 0.05))
    normal = fired[~some.labels.is_attack].mean(axis=0)
    assert (normal < 0.15).all()
    assert (normal[:-1] > 0).any()
    assert {tuple(m.name for m in v.members) for v in verdicts} == {scorer.rule.names}


def test_the_family_that_is_recognised_is_named(
    with_all: EnsembleDetector, labelled: LabelledMatrix
) -> None:
    encoded = with_all.model_.encoder.transform(labelled.features)
    known = [said[-1] for said in ensemble_scorer(with_all).opinions(encoded, 0.05)]
    assert all(opinion.knows_attacks for opinion in known)
    assert all((opinion.family is not None) == opinion.fired for opinion in known)
    rows = [row for row, opinion in enumerate(known) if opinion.fired]
    right = [known[row].family == labelled.labels.family[row] for row in rows]
    assert len(rows) > 200
    assert np.mean(right) > 0.8


def test_a_single_detector_has_no_members(small_detector: LSTMAutoencoderDetector) -> None:
    (verdict,) = small_detector.explain(toy_normals(1, seed=0))
    assert verdict.members == ()


@pytest.mark.parametrize("classes", [(), ("normal", "dos")])
def test_families_that_do_not_fit_the_graph_are_refused(
    classes: tuple[str, ...],
    with_all: EnsembleDetector,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def manifest(*arguments: Any, **facts: Any) -> Manifest:  # noqa: ANN401 - passed on
        return manifest_of(*arguments, **facts | {"classes": classes})

    monkeypatch.setattr("oddflow.detect.ensemble_artifact.manifest_of", manifest)
    save_ensemble(with_all, tmp_path / "model", source="toy")
    with pytest.raises(ArtifactError, match=f"3 families of attacks, expected {len(classes[1:])}"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("parameters", "error", "told"),
    [
        ({"members": ("residual", "forest")}, InputError, "forest"),
        ({"members": ()}, InputError, "none"),
        ({"members": ("record", "record")}, InputError, "different"),
        ({"n_networks": 0}, InputError, "received 0"),
        ({"known_share": 1.0}, InputError, "known_share"),
        ({"target_fpr": 1e-4}, ResolutionError, "0.0001"),
    ],
)
def test_what_cannot_be_is_refused_before_training(
    parameters: dict[str, Any], error: type[Exception], told: str, labelled: LabelledMatrix
) -> None:
    with pytest.raises(error, match=told):
        EnsembleDetector(**(FAST | parameters)).fit(labelled.normals())


def test_families_must_fit_the_records(labelled: LabelledMatrix) -> None:
    with pytest.raises(InputError, match="a family for each"):
        EnsembleDetector(**FAST).fit(labelled.features, ["normal"])


def test_without_fit_nothing_is_scored(labelled: LabelledMatrix, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        EnsembleDetector().score_samples(labelled.features)
    with pytest.raises(NotFittedError):
        save_ensemble(EnsembleDetector(), tmp_path / "model", source="toy")

"""Every detector keeps every promise, and every check rejects a detector that does not."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import partial

import pytest

import oddflow
from oddflow.core.detector import DetectorFactory
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.baselines import LEARNERS, Baseline, Learn
from oddflow.detect.build import ScoreKind
from oddflow.detect.ensemble import EnsembleDetector
from oddflow.features.windows import Steps
from tests.contracts import broken, checks
from tests.contracts.checks import FOR_ALL, FOR_OURS, Check, Traffic
from tests.contracts.class_checks import Supervised
from tests.contracts.networks import SUBJECTS as NETWORKS
from tests.toy import SMALL

FAST = {**SMALL, "encoder_widths": (6,), "decoder_widths": (8,), "epochs": 3}


def _ours(seed: int, *, score: str, steps: str) -> LSTMAutoencoderDetector:
    return LSTMAutoencoderDetector(
        seed=seed,
        score_kind=score,
        steps=steps,
        target_fpr=checks.TARGET_FPR,
        calibration_fraction=checks.CALIBRATION_FRACTION,
        **FAST,
    )


def _baseline(seed: int, *, learn: Learn) -> Baseline:
    return Baseline(
        learn,
        seed=seed,
        target_fpr=checks.TARGET_FPR,
        calibration_fraction=checks.CALIBRATION_FRACTION,
    )


def _informed(seed: int) -> Supervised:
    detector = EnsembleDetector(
        seed=seed,
        target_fpr=checks.TARGET_FPR,
        calibration_fraction=2 * checks.CALIBRATION_FRACTION,
        weak_recall=1.01,  # every family, so that there is a member of known attacks
        n_networks=2,
        known_epochs=3,
        **FAST,
    )
    return Supervised(detector)


def _ensemble(seed: int) -> EnsembleDetector:
    return EnsembleDetector(
        seed=seed,
        target_fpr=checks.TARGET_FPR,
        calibration_fraction=2 * checks.CALIBRATION_FRACTION,  # half of it is the members'
        n_networks=2,
        **FAST,
    )


OURS: dict[str, DetectorFactory] = {
    "EnsembleDetector": _ensemble,
    "EnsembleDetector-known-attacks": _informed,
    **{
        f"LSTMAutoencoderDetector-{score}-{steps}": partial(_ours, score=score, steps=steps)
        for score in ScoreKind
        for steps in Steps
    },
}
BASELINES: dict[str, DetectorFactory] = {
    f"Baseline-{name}": partial(_baseline, learn=learn) for name, learn in LEARNERS.items()
}
SUBJECTS = OURS | BASELINES
EXCUSED = {
    "Detector": "the protocol that states the promises",
    "SequenceDetector": "scores by what came before, and says so: tests/detect/test_sequence.py",
    "FittedOnce": "stands for a detector fitted before; fit() only fits the first time, by design",
    "InOrder": "learns on while it scores, which is what protocol online is about",
    "Informed": "an EnsembleDetector with labels, which is among them",
    "WithModel": "the protocol of detectors that have a model",
    "Shuffled": "the control of SequenceDetector, which reads order too, to take it away",
    "Trained": "stands for a model trained before; its fit() changes nothing, by design",
}

BROKEN: Mapping[Check, tuple[type[broken.Plain], ...]] = {
    checks.check_scoring_changes_nothing: (broken.LearnsWhileScoring, broken.MovesItsThreshold),
    checks.check_company_changes_little: (broken.StandardisesTheBatch,),
    checks.check_company_changes_no_bit: (broken.LosesDigits, broken.StandardisesTheBatch),
    checks.check_seed_decides: (broken.DrawsFromNowhere,),
    checks.check_seeds_differ: (broken.IgnoresItsSeed,),
    checks.check_attacks_score_higher: (broken.HasTheOppositeSign,),
    checks.check_threshold_keeps_its_rate: (broken.FlagsHalfOfTraffic, broken.FlagsNothing),
    checks.check_scores_stay_finite: (broken.Overflows,),
    checks.check_fit_leaves_its_input: (broken.ClipsItsInput,),
    checks.check_unfitted_says_so: (broken.AnswersUnfitted, broken.HasAThresholdUnfitted),
    checks.check_other_columns_are_refused: (broken.ScoresAnything,),
    checks.check_no_rows_give_no_scores: (broken.GivesARowForNothing,),
}


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return checks.make_traffic()


def name_of(check: object) -> str:
    return str(getattr(check, "__name__", check))


@pytest.mark.parametrize("subject", OURS)
@pytest.mark.parametrize("check", FOR_OURS, ids=name_of)
def test_our_detector_keeps_its_promises(check: Check, subject: str, traffic: Traffic) -> None:
    check(OURS[subject], traffic)


@pytest.mark.parametrize("subject", BASELINES)
@pytest.mark.parametrize("check", FOR_ALL, ids=name_of)
def test_baselines_keep_their_promises(check: Check, subject: str, traffic: Traffic) -> None:
    check(BASELINES[subject], traffic)


@pytest.mark.parametrize("check", FOR_OURS, ids=name_of)
def test_a_right_detector_passes(check: Check, traffic: Traffic) -> None:
    check(broken.Plain, traffic)


@pytest.mark.parametrize(
    ("check", "wrong"),
    [(check, wrong) for check, wrongs in BROKEN.items() for wrong in wrongs],
    ids=name_of,
)
def test_a_check_rejects_what_it_exists_to_reject(
    check: Check, wrong: type[broken.Plain], traffic: Traffic
) -> None:
    with pytest.raises(AssertionError):
        check(wrong, traffic)


def test_every_check_is_used_and_has_something_to_reject() -> None:
    written = {f for name, f in vars(checks).items() if name.startswith("check_")}
    assert written == set(FOR_OURS) == set(BROKEN)
    assert all(BROKEN.values())


def test_every_broken_detector_is_rejected_by_something() -> None:
    written = {
        c for c in vars(broken).values() if inspect.isclass(c) and c.__base__ is broken.Plain
    }
    assert written == {wrong for wrongs in BROKEN.values() for wrong in wrongs}


def public_detectors() -> set[str]:
    """Every class of the package that can be fitted and scores records."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.walk_packages(oddflow.__path__, "oddflow.")
    ]
    return {
        name
        for module in modules
        for name, member in vars(module).items()
        if inspect.isclass(member)
        and hasattr(member, "fit")
        and hasattr(member, "score_samples")
        and member.__module__ == module.__name__
    }


def test_every_detector_is_covered_or_excused() -> None:
    public = public_detectors()
    subjects = [make(0) for make in (SUBJECTS | NETWORKS).values()]
    covered = {type(getattr(subject, "classifier", subject)).__name__ for subject in subjects}
    missing, stale = public - covered - set(EXCUSED), set(EXCUSED) - public
    assert not missing, f"no contract test and no reason given for {sorted(missing)}"
    assert not stale, f"excuses for detectors that there are not: {sorted(stale)}"
    assert not covered & set(EXCUSED), "excused and covered"

"""What every detector promises, one function a promise.

A check takes a factory of unfitted detectors and traffic, and raises AssertionError where the
promise is broken. `broken.py` holds a detector that each of them must reject.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from oddflow.core.detector import Detector, DetectorFactory
from oddflow.core.errors import NotFittedError, SchemaMismatch
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix, concatenate
from oddflow.core.schema import numbered_schema
from tests.toy import toy_corpus, toy_normals

TARGET_FPR = 0.1
CALIBRATION_FRACTION = 0.4
BATCHES = (1, 2, 3, 7, 64, 127, 128, 129, 300)
CALLS = 12
"""Batches of each size that are compared, at most."""


@dataclass(frozen=True, eq=False)
class Traffic:
    """Records to check with: normals to learn from, normals like them, and attacks."""

    normals: FeatureMatrix
    fresh: FeatureMatrix
    attacks: FeatureMatrix

    def mixed(self, n: int = 150) -> FeatureMatrix:
        """As many fresh normals as attacks, the normals first."""
        return concatenate([self.fresh.take(slice(0, n)), self.attacks.take(slice(0, n))])


def make_traffic() -> Traffic:
    """The traffic of this suite."""
    corpus = toy_corpus(2000, 300, seed=1)
    attacks = corpus.features.take(corpus.labels.is_attack)
    return Traffic(corpus.normals(), toy_normals(4000, seed=2), attacks)


class Fit(NamedTuple):
    """A fitted detector, and the hash of the records after it learnt from them."""

    detector: Detector
    fingerprint: str


@cache
def fit(make_detector: DetectorFactory, traffic: Traffic, seed: int) -> Fit:
    """Let a detector learn from a copy of the normals; once for all checks, to save time."""
    records = traffic.normals.take(np.arange(len(traffic.normals)))
    return Fit(make_detector(seed).fit(records), records.fingerprint())


def fitted(make_detector: DetectorFactory, traffic: Traffic, seed: int = 0) -> Detector:
    """A detector that learnt the normals; scoring must not change it."""
    return fit(make_detector, traffic, seed).detector


def check_scoring_changes_nothing(make_detector: DetectorFactory, traffic: Traffic) -> None:
    detector, records = fitted(make_detector, traffic), traffic.mixed()
    threshold, first = detector.threshold_, detector.score_samples(records)
    detector.score_samples(traffic.attacks)
    assert same(first, detector.score_samples(records)), "two calls disagree about a score"
    assert detector.threshold_ == threshold, "scoring moved the threshold"


def check_company_changes_little(make_detector: DetectorFactory, traffic: Traffic) -> None:
    _check_company(fitted(make_detector, traffic), traffic.mixed(), _close)


def check_company_changes_no_bit(make_detector: DetectorFactory, traffic: Traffic) -> None:
    _check_company(fitted(make_detector, traffic), traffic.mixed(), same)


def check_seed_decides(make_detector: DetectorFactory, traffic: Traffic) -> None:
    again = make_detector(0).fit(traffic.normals)
    first = fitted(make_detector, traffic).score_samples(traffic.mixed())
    assert same(first, again.score_samples(traffic.mixed())), "one seed gave two detectors"


def check_seeds_differ(make_detector: DetectorFactory, traffic: Traffic) -> None:
    first, second = (
        fitted(make_detector, traffic, seed).score_samples(traffic.mixed()) for seed in (0, 1)
    )
    assert not same(first, second), "the seed is not used"


def check_attacks_score_higher(make_detector: DetectorFactory, traffic: Traffic) -> None:
    detector, n = fitted(make_detector, traffic), len(traffic.attacks)
    scores = detector.score_samples(concatenate([traffic.fresh, traffic.attacks]))
    is_attack = np.arange(len(scores)) >= len(scores) - n
    auroc = roc_auc_score(is_attack, scores)
    assert auroc > 0.8, f"attacks that stand out were ranked with an AUROC of {auroc:.3f}"


def check_threshold_keeps_its_rate(make_detector: DetectorFactory, traffic: Traffic) -> None:
    detector, n = fitted(make_detector, traffic), len(traffic.fresh)
    rate = (detector.score_samples(traffic.fresh) > detector.threshold_).mean()
    n_calibration = CALIBRATION_FRACTION * len(traffic.normals)
    spread = math.sqrt(TARGET_FPR * (1 - TARGET_FPR) * (1 / n_calibration + 1 / n))
    assert abs(rate - TARGET_FPR) < 4 * spread, f"{rate:.3f} flagged, asked for {TARGET_FPR}"


def check_scores_stay_finite(make_detector: DetectorFactory, traffic: Traffic) -> None:
    scores = fitted(make_detector, traffic).score_samples(extreme_records())
    assert np.isfinite(scores).all(), f"extreme records scored {scores}"


def check_fit_leaves_its_input(make_detector: DetectorFactory, traffic: Traffic) -> None:
    after = fit(make_detector, traffic, 0).fingerprint
    assert after == traffic.normals.fingerprint(), "fit() changed the records it was given"


def check_unfitted_says_so(make_detector: DetectorFactory, traffic: Traffic) -> None:
    detector = make_detector(0)
    with rejects(NotFittedError, "an unfitted detector gave scores"):
        detector.score_samples(traffic.attacks)
    with rejects(NotFittedError, "an unfitted detector gave a threshold"):
        _ = detector.threshold_


def check_other_columns_are_refused(make_detector: DetectorFactory, traffic: Traffic) -> None:
    other = FeatureMatrix(numbered_schema(3), np.zeros((2, 3)), ())
    detector = fitted(make_detector, traffic)
    with rejects(SchemaMismatch, "other features than those of fit() were scored"):
        detector.score_samples(other)


def check_no_rows_give_no_scores(make_detector: DetectorFactory, traffic: Traffic) -> None:
    scores = fitted(make_detector, traffic).score_samples(traffic.fresh.take(slice(0, 0)))
    assert scores.shape == (0,), f"0 records gave scores of shape {scores.shape}"
    assert scores.dtype == np.float64, f"0 records gave scores of type {scores.dtype}"


Check = Callable[[DetectorFactory, Traffic], None]
FOR_ALL: tuple[Check, ...] = (
    check_scoring_changes_nothing,
    check_company_changes_little,
    check_seed_decides,
    check_seeds_differ,
    check_attacks_score_higher,
    check_threshold_keeps_its_rate,
    check_scores_stay_finite,
    check_fit_leaves_its_input,
    check_unfitted_says_so,
    check_other_columns_are_refused,
    check_no_rows_give_no_scores,
)
FOR_OURS: tuple[Check, ...] = (*FOR_ALL, check_company_changes_no_bit)


def same(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """True if they are the same to the last bit."""
    return first.dtype == second.dtype and first.tobytes() == second.tobytes()


def _close(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    return first.shape == second.shape and np.allclose(first, second, rtol=1e-4, atol=1e-4)


def _check_company(
    detector: Detector,
    records: FeatureMatrix,
    agree: Callable[[NDArray[np.float64], NDArray[np.float64]], bool],
) -> None:
    """Scores of records alone, in batches of odd sizes and in another order agree."""
    whole = detector.score_samples(records)
    order = np.random.default_rng(0).permutation(len(records))
    shuffled = detector.score_samples(records.take(order))
    assert agree(shuffled, whole[order]), "order matters"
    for size in BATCHES:
        starts = range(0, len(records), size)[:CALLS]
        parts = [detector.score_samples(records.take(slice(s, s + size))) for s in starts]
        expected = whole[: CALLS * size]
        assert agree(np.concatenate(parts), expected), f"batches of {size} score differently"


def extreme_records() -> FeatureMatrix:
    """0, the largest numbers there are, and names that no training row held."""
    values = (0.0, 1e308, -1e308, 1e-308)
    return FeatureMatrix.from_columns(
        KDD41,
        {
            f.name: ["tcp", "unheard-of", "", "SF"] if f.is_category else list(values)
            for f in KDD41.features
        },
    )


@contextmanager
def rejects(error: type[Exception], otherwise: str) -> Iterator[None]:
    """Assert that the block raises `error`."""
    try:
        yield
    except error:
        return
    raise AssertionError(otherwise)

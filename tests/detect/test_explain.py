from pathlib import Path

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.explain import Explainer
from oddflow.detect.model import Model
from oddflow.features.encode import CategoryCode, Code, Encoder
from tests.toy import toy_normals

LEAST_CHANGE_SD = 2.0
"""A corrupted number moves at least this far; less is no anomaly."""


def corrupt(
    encoder: Encoder,
    encoded: np.ndarray,
    rng: np.random.Generator,
    low: np.ndarray,
    high: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Copies of encoded records with one feature each made odd; and the features' positions."""
    changed, features = encoded.copy(), rng.integers(len(encoder.codes), size=len(encoded))
    for row, feature in enumerate(features):
        code = encoder.codes[feature]
        columns = encoder.slices[code.feature.name]
        changed[row, columns] = _other(
            code, encoded[row, columns], rng, low[columns], high[columns]
        )
    return changed, features


def _other(
    code: Code, value: np.ndarray, rng: np.random.Generator, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    if isinstance(code, CategoryCode):
        shifted = (value.argmax() + rng.integers(1, code.width)) % code.width
        levels: np.ndarray = np.eye(code.width, dtype=np.float32)
        return np.asarray(levels[shifted])
    while True:
        drawn = rng.uniform(min(low[0], -3), max(high[0], 6), size=1).astype(np.float32)
        if abs(drawn[0] - value[0]) >= LEAST_CHANGE_SD:
            return drawn


def share_named_first(model: Model, normals: FeatureMatrix, *, n_cases: int) -> float:
    """Corrupt one feature of normal records; how often is it named first, of those flagged?"""
    rng = np.random.default_rng(0)
    threshold = model.calibration.threshold(0.05)
    encoded = model.encoder.transform(normals)
    calm = encoded[~threshold.flags(model.scorer.scores(encoded))]
    low, high = encoded.min(axis=0), encoded.max(axis=0)
    picked = calm[rng.integers(len(calm), size=3 * n_cases)]
    changed, features = corrupt(model.encoder, picked, rng, low, high)
    flagged = np.flatnonzero(threshold.flags(model.scorer.scores(changed)))[:n_cases]
    assert len(flagged) == n_cases, f"only {len(flagged)} of the corrupted records are flagged"
    credit, _ = model.explainer.credit(model.scorer, changed[flagged])
    return float((credit.argmax(axis=1) == features[flagged]).mean())


def test_an_injected_anomaly_is_named_first(small_detector: LSTMAutoencoderDetector) -> None:
    fresh = toy_normals(1500, seed=7)
    assert share_named_first(small_detector.model_, fresh, n_cases=300) >= 0.95


@pytest.mark.slow
@pytest.mark.data
def test_an_injected_anomaly_in_nsl_kdd_is_named_first(corpora: Path) -> None:
    """The proof that explanations point at the cause: 1,000 flagged cases, at least 95 % right."""
    train = load_nsl_kdd("KDDTrain+", data_dir=corpora).normals()
    rows = np.random.default_rng(1).permutation(len(train))
    detector = LSTMAutoencoderDetector(epochs=10, batch_size=256, seed=0).fit(
        train.take(rows[:40_000])
    )
    share = share_named_first(detector.model_, train.take(rows[40_000:]), n_cases=1000)
    assert share >= 0.95, f"named first in {share:.1%} of 1,000 cases"


def test_shares_are_parts_of_a_whole(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    attacks = toy.features.take(toy.labels.is_attack).take(slice(0, 50))
    for verdict in small_detector.explain(attacks, n_causes=41):
        shares = [cause.share for cause in verdict.explanation.causes]
        assert shares == sorted(shares, reverse=True)
        assert min(shares) > 0
        assert sum(shares) == pytest.approx(1, abs=1e-6)
    assert all(len(v.explanation.causes) <= 3 for v in small_detector.explain(attacks, n_causes=3))


def test_values_are_in_their_own_units(small_detector: LSTMAutoencoderDetector) -> None:
    columns = {
        name: toy_normals(20, seed=8).column(name)
        for name in small_detector.feature_names_in_.tolist()
    }
    columns["src_bytes"] = np.full(20, 987_654_321.0)
    columns["flag"] = np.full(20, "S0", dtype=object)
    odd = FeatureMatrix.from_columns(small_detector.model_.encoder.schema, columns)
    for verdict in small_detector.explain(odd, n_causes=41):
        causes = {cause.feature: cause for cause in verdict.explanation.causes}
        assert causes["src_bytes"].observed == 987_654_321.0
        assert isinstance(causes["src_bytes"].expected, float)
        assert causes["src_bytes"].expected < 1e6
        assert (causes["flag"].observed, causes["flag"].expected) == ("S0", "SF")


def test_order_and_company_change_no_explanation(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    some = toy.features.take(toy.labels.is_attack).take(slice(0, 40))
    whole = [str(v.explanation) for v in small_detector.explain(some)]
    alone = [
        str(small_detector.explain(some.take(slice(i, i + 1)))[0].explanation) for i in range(40)
    ]
    assert alone == whole
    assert len(set(whole)) > 10


def test_the_nearest_is_the_nearest(small_detector: LSTMAutoencoderDetector) -> None:
    explainer = small_detector.model_.explainer
    encoded = small_detector.model_.encoder.transform(toy_normals(37, seed=9))
    distances = np.abs(explainer.reference[None] - encoded[:, None]).sum(axis=2)
    assert (explainer.nearest(encoded) == explainer.reference[distances.argmin(axis=1)]).all()


def test_explaining_nothing_gives_nothing(small_detector: LSTMAutoencoderDetector) -> None:
    assert small_detector.explain(toy_normals(0, seed=1)) == []


def test_without_normal_records_there_is_nothing_to_compare_with() -> None:
    encoder = Encoder.fit(toy_normals(10, seed=0))
    encoded = encoder.transform(toy_normals(10, seed=0))
    with pytest.raises(InputError, match="0 references"):
        Explainer.fit(encoder, encoded, encoded[:0])


CHANGED_BY = {
    "neptune": """duration src_bytes dst_bytes flag logged_in count same_srv_rate serror_rate
        srv_serror_rate dst_host_serror_rate""",
    "portsweep": """src_bytes dst_bytes flag service rerror_rate srv_rerror_rate
        dst_host_rerror_rate diff_srv_rate""",
    "guess_passwd": "service logged_in num_failed_logins hot dst_host_srv_diff_host_rate",
}
"""What each toy attack does to a normal record."""


@pytest.mark.parametrize("attack", CHANGED_BY)
def test_several_odd_values_are_blamed_and_not_their_neighbours(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix, attack: str
) -> None:
    """Odd values that support each other leave each other necessary to nothing."""
    some = toy.features.take(toy.labels.attack == attack).take(slice(0, 60))
    blamed = [
        cause.feature in CHANGED_BY[attack].split()
        for verdict in small_detector.explain(some, n_causes=3)
        for cause in verdict.explanation.causes
    ]
    assert np.mean(blamed) >= 0.9

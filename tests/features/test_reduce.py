"""Principal components are those of scikit-learn, and chosen columns are the encoder's own."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from oddflow.core.errors import InputError
from oddflow.features.encode import Encoder
from oddflow.features.reduce import columns_of, principal_components
from tests.toy import toy_normals

RNG = np.random.default_rng(0)
ENCODED = (RNG.normal(size=(200, 3)) @ RNG.normal(size=(3, 8)) + RNG.normal(size=(200, 8))).astype(
    np.float32
)
RECORDS = toy_normals(100, seed=0)
ENCODER = Encoder.fit(RECORDS)


@pytest.mark.parametrize("n", [1, 3, 8])
def test_components_are_those_of_scikit_learn_at_variance_1(n: int) -> None:
    reduction = principal_components(ENCODED, n)
    reduced = reduction.apply(ENCODED)
    assert reduced.dtype == np.float32
    expected = PCA(n, whiten=True, svd_solver="full").fit(ENCODED.astype(np.float64))
    assert reduced == pytest.approx(expected.transform(ENCODED.astype(np.float64)), abs=1e-4)
    assert np.cov(reduced.T) == pytest.approx(np.eye(n) if n > 1 else 1, abs=1e-4)
    other = ENCODED[:5] + 2
    assert reduction.apply(other) == pytest.approx(
        expected.transform(other.astype(np.float64)), abs=1e-4
    )
    assert reduction.slices == tuple(slice(i, i + 1) for i in range(n))


def test_the_first_component_is_the_widest() -> None:
    wide = np.random.default_rng(1).normal(0, (1, 5, 2), size=(400, 3)).astype(np.float32)
    kernel = np.abs(principal_components(wide, 2).kernel)
    assert kernel.argmax(axis=0).tolist() == [1, 2]


def test_constant_columns_stay_finite() -> None:
    flat = np.zeros((20, 3), dtype=np.float32)
    flat[:, 0] = np.arange(20)
    reduced = principal_components(flat, 3).apply(flat)
    assert np.isfinite(reduced).all()


@pytest.mark.parametrize("n", [0, -1, 9])
def test_more_components_than_columns_are_refused(n: int) -> None:
    with pytest.raises(InputError, match=f"between 1 and 8 .* received {n}"):
        principal_components(ENCODED, n)
    with pytest.raises(InputError, match="between 1 and 2"):
        principal_components(ENCODED[:2], 3)


def test_columns_stand_in_the_order_of_the_encoding() -> None:
    """Whatever the order in which they are named."""
    names = ["count", "service", "duration"]
    reduction = columns_of(ENCODER, names)
    encoded = ENCODER.transform(RECORDS)
    in_order = [name for name in ENCODER.slices if name in names]
    assert in_order != names
    expected = np.concatenate([encoded[:, ENCODER.slices[name]] for name in in_order], axis=1)
    assert (reduction.apply(encoded) == expected).all()
    assert (columns_of(ENCODER, names[::-1]).kernel == reduction.kernel).all()


def test_slices_hold_the_columns_of_one_feature_each() -> None:
    names = ("duration", "service", "src_bytes", "flag")
    reduction = columns_of(ENCODER, names)
    encoded = ENCODER.transform(RECORDS)
    in_order = [name for name in ENCODER.slices if name in names]
    reduced = reduction.apply(encoded)
    for name, columns in zip(in_order, reduction.slices, strict=True):
        assert (reduced[:, columns] == encoded[:, ENCODER.slices[name]]).all(), name
    assert reduction.slices[-1].stop == reduced.shape[1] == len(reduction.bias)


def test_unknown_features_and_none_are_refused() -> None:
    with pytest.raises(InputError, match=r"received \['shoe_size'\]"):
        columns_of(ENCODER, ["count", "shoe_size"])
    with pytest.raises(InputError, match="received none"):
        columns_of(ENCODER, [])

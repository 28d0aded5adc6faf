import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.detect.heads import Combination, Neighbours, Parts, SquaredError, Whitened


def parts(n: int = 500, *, seed: int = 0) -> Parts[np.ndarray]:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n, 6)) @ rng.normal(size=(6, 6)) + 3
    return Parts(
        mixed.astype(np.float32),
        (mixed * 0.1).astype(np.float32),
        rng.normal(size=(n, 2)).astype(np.float32),
    )


def test_squared_error_is_the_mean() -> None:
    p = parts()
    assert SquaredError(6).score(p) == pytest.approx((p.residual**2).mean(axis=1))


def test_whitened_without_cap_is_the_mahalanobis_distance() -> None:
    p = parts()
    head = Whitened.fit(("residual",), p, cap=np.inf, ridge=0.0)
    centred = p.residual - p.residual.mean(axis=0)
    inverse = np.linalg.inv(np.cov(p.residual, rowvar=False))
    expected = np.einsum("ni,ij,nj->n", centred, inverse, centred)
    assert head.score(p) == pytest.approx(expected, rel=1e-3)
    assert head.score(p).mean() == pytest.approx(6, rel=0.05)


def test_a_cap_bounds_what_one_direction_can_do() -> None:
    p = parts()
    head = Whitened.fit(("residual", "encoded"), p, cap=2.0, ridge=1e-3)
    wild = Parts(p.encoded[:3], p.residual[:3] * 1e4, p.code[:3])
    assert head.score(wild).max() <= 12 * 4 + 1e-3
    assert head.score(wild).min() > head.score(p).mean()


def test_constant_directions_weigh_no_more_than_the_ridge_lets_them() -> None:
    p = parts()
    flat = Parts(p.encoded, p.residual * np.array([1, 1, 1, 1, 1, 0], np.float32), p.code)
    head = Whitened.fit(("residual",), flat, cap=np.inf, ridge=0.01)
    moved = flat.residual.copy()
    moved[:, 5] += 1
    rise = head.score(Parts(flat.encoded, moved, flat.code)) - head.score(flat)
    assert rise == pytest.approx(np.full(500, 100.0), rel=1e-3)


def test_neighbours_are_the_nearest() -> None:
    rng = np.random.default_rng(1)
    reference, code = rng.normal(size=(200, 3)), rng.normal(size=(50, 3))
    head = Neighbours(reference.astype(np.float32), 4)
    distances = np.linalg.norm(code[:, None] - reference[None], axis=2)
    expected = np.sort(distances, axis=1)[:, :4].mean(axis=1)
    empty = np.zeros((50, 1), np.float32)
    assert head.score(Parts(empty, empty, code.astype(np.float32))) == pytest.approx(
        expected, rel=1e-5
    )


def test_a_combination_of_one_keeps_its_order() -> None:
    p = parts()
    head = SquaredError(6)
    combined = Combination.fit((head,), (1.0,), p).score(p)
    assert (np.argsort(combined) == np.argsort(head.score(p))).all()
    assert combined.mean() == pytest.approx(0, abs=1e-5)
    assert combined.std() == pytest.approx(1, abs=1e-4)


def test_a_combination_survives_a_score_of_zero() -> None:
    p = Parts(*[np.zeros((3, 6), np.float32)] * 3)
    assert np.isfinite(Combination.fit((SquaredError(6),), (1.0,), parts()).score(p)).all()


def test_too_little_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="2 or more records"):
        Whitened.fit(("residual",), parts(1), cap=np.inf, ridge=0)
    with pytest.raises(InputError, match="between 1 and 3 neighbours"):
        Neighbours(np.zeros((3, 2), np.float32), 4)

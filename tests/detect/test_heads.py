"""Score heads: in the graph as in numpy, to the same bits wherever a record stands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.detect.build import scorer_graph
from oddflow.detect.heads import CodeNeighbours, Combination, Head, Parts, SquaredError, Whitened
from oddflow.detect.runtime import CHUNK, Scorer
from tests.detect import oracle

Array = NDArray[np.float32]
LAYOUTS = {
    "T=1": ((77,), (9, 3), (5, 9)),
    "T=1, wide code": ((41,), (17, 10), (11,)),
    "T=4": ((33, 13, 9, 10), (12, 10), (8, 12)),
    "T=4, narrow code": ((19, 7, 5, 3), (6, 3), (5,)),
}
SIZES = (1, 2, 3, 5, 7, 16, 33, 127, 128)


def whitened(parts: Parts[Array]) -> Head:
    return Whitened.fit(("residual",), parts, cap=np.inf, ridge=1e-3)


def capped(parts: Parts[Array]) -> Head:
    return Whitened.fit(("residual", "encoded"), parts, cap=2.5, ridge=1e-3)


def of_the_code(parts: Parts[Array]) -> Head:
    return Whitened.fit(("code",), parts, cap=4.0, ridge=1e-3)


def neighbours(parts: Parts[Array]) -> Head:
    return CodeNeighbours(parts.code[:100], 5)


def combined(parts: Parts[Array]) -> Head:
    heads = (whitened(parts), capped(parts), neighbours(parts))
    return Combination.fit(heads, (1.0, 1.0, 0.2), parts)


def squared(parts: Parts[Array]) -> Head:
    return SquaredError(parts.residual.shape[1])


HEADS: tuple[Callable[[Parts[Array]], Head], ...] = (
    squared,
    whitened,
    capped,
    of_the_code,
    neighbours,
    combined,
)


class Case:
    """A network with random weights, records, and what it says of them."""

    def __init__(self, layout: str) -> None:
        widths, encoder, decoder = LAYOUTS[layout]
        rng = np.random.default_rng(7)
        self.layout = oracle.layout_of(widths)
        self.weights = oracle.random_weights(self.layout.width, encoder, decoder, rng)
        self.encoded = rng.normal(0, 1, (300, sum(widths))).astype(np.float32)
        self.parts = oracle.parts(self.encoded, self.layout, self.weights)

    def scorer(self, head: Head) -> Scorer:
        return Scorer(scorer_graph(self.layout, self.weights, head))


@pytest.fixture(scope="module", params=LAYOUTS)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


@pytest.mark.parametrize("make", HEADS, ids=lambda make: make.__name__)
def test_graph_and_numpy_agree(case: Case, make: Callable[[Parts[Array]], Head]) -> None:
    head = make(case.parts)
    expected, found = head.score(case.parts), case.scorer(head).scores(case.encoded)
    assert np.abs(found - expected).max() < 1e-4 * expected.std()


@pytest.mark.parametrize("make", HEADS, ids=lambda make: make.__name__)
def test_a_record_scores_the_same_bits_in_any_company(
    case: Case, make: Callable[[Parts[Array]], Head]
) -> None:
    scorer = case.scorer(make(case.parts))
    whole = scorer.run(case.encoded)
    for size in SIZES:
        for start in range(0, 40, size):
            few = scorer.run(case.encoded[start : start + size])
            for name, found, all_of_it in zip(few._fields, few, whole, strict=True):
                expected = all_of_it[start : start + size]
                assert found.tobytes() == expected.tobytes(), f"{name}, batches of {size}"


@pytest.mark.parametrize("make", HEADS, ids=lambda make: make.__name__)
def test_every_place_in_a_chunk_gives_the_same_bits(
    case: Case, make: Callable[[Parts[Array]], Head]
) -> None:
    scorer = case.scorer(make(case.parts))
    repeated = np.repeat(case.encoded[:1], CHUNK + 1, axis=0)
    others = case.encoded[1 : CHUNK + 2].copy()
    places = scorer.scores(repeated)
    assert len(set(places.tolist())) == 1
    for place in (0, 1, 17, 126, 127, 128):
        others[place] = case.encoded[0]
        assert scorer.scores(others)[place] == places[0]


def test_whitening_gives_unit_covariance_and_the_cap_holds() -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(size=(4000, 5)) @ rng.normal(size=(5, 5)) + 3).astype(np.float32)
    parts = Parts(values, values, values)
    free = Whitened.fit(("residual",), parts, cap=np.inf, ridge=0)
    white = (values - free.mean) @ free.whitening
    np.testing.assert_allclose(np.cov(white, rowvar=False), np.eye(5), atol=1e-3)
    cut = Whitened.fit(("residual",), parts, cap=3.0, ridge=1e-3)
    wild = np.full((1, 5), 1e6, np.float32)
    assert cut.score(Parts(wild, wild, wild)) == pytest.approx(5 * 9)
    assert free.score(Parts(wild, wild, wild))[0] > 1e6


def test_a_direction_without_spread_stays_finite() -> None:
    values = np.zeros((10, 3), np.float32)
    values[:, 0] = np.arange(10)
    head = Whitened.fit(("residual",), Parts(values, values, values), cap=np.inf, ridge=1e-3)
    assert np.isfinite(head.score(Parts(values, values, values))).all()


def test_neighbours_are_the_nearest_ones() -> None:
    rng = np.random.default_rng(0)
    reference, code = rng.normal(size=(50, 3)), rng.normal(size=(20, 3))
    apart = np.sqrt(np.square(code[:, None] - reference[None]).sum(axis=2))
    expected = np.sort(apart, axis=1)[:, :4].mean(axis=1)
    head = CodeNeighbours(reference.astype(np.float32), 4)
    codes = code.astype(np.float32)
    np.testing.assert_allclose(head.score(Parts(codes, codes, codes)), expected, rtol=1e-5)


@pytest.mark.parametrize("n_neighbors", [0, 4, -1])
def test_there_are_as_many_neighbours_as_references(n_neighbors: int) -> None:
    with pytest.raises(InputError, match="between 1 and 3 neighbours"):
        CodeNeighbours(np.zeros((3, 2), np.float32), n_neighbors)


def test_a_covariance_takes_two_records() -> None:
    one = np.zeros((1, 3), np.float32)
    with pytest.raises(InputError, match="2 or more records, received 1"):
        Whitened.fit(("residual",), Parts(one, one, one), cap=3, ridge=0)


def test_a_combination_weighs_what_it_combines() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(500, 4)).astype(np.float32)
    parts = Parts(values, values, values)
    head = whitened(parts)
    alone = Combination.fit((head, squared(parts)), (1.0, 0.0), parts).score(parts)
    assert (np.argsort(alone) == np.argsort(head.score(parts))).all()
    both = Combination.fit((head, head), (0.5, 0.5), parts).score(parts)
    np.testing.assert_allclose(both, alone, atol=1e-5)
    assert both.std() == pytest.approx(1, abs=1e-3)
    assert both.mean() == pytest.approx(0, abs=1e-3)


def test_a_score_without_any_spread_can_be_combined() -> None:
    same = np.ones((10, 2), np.float32)
    parts = Parts(same, same, same)
    head = Combination.fit((squared(parts), squared(parts)), (1.0, 1.0), parts)
    assert np.isfinite(head.score(parts)).all()

"""Repeated and ambiguous rows are found by features and label together, wherever they stand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels
from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.datasets.duplicates import AMBIGUOUS, REPEATED, counted, without_duplicates

SCHEMA = FeatureSchema(
    "made up",
    (
        Feature(name="n_bytes", kind=Kind.COUNT, group="g"),
        Feature(name="service", kind=Kind.CATEGORY, group="g"),
        Feature(name="rate", kind=Kind.RATE, group="g"),
    ),
)
Row = tuple[float, str, float, str]
ROWS = st.tuples(
    st.sampled_from([0.0, 1.0]),
    st.sampled_from(["http", "dns"]),
    st.sampled_from([0.0, 0.1, 0.1 + 1e-16 + 1e-17]),
    st.sampled_from(["normal", "worm"]),
)


def corpus_of(rows: list[Row]) -> LabelledMatrix:
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) or [(), (), (), ()]
    features = FeatureMatrix.from_columns(SCHEMA, dict(zip(SCHEMA.names, columns, strict=False)))
    attack = np.array(columns[3], dtype=object)
    return LabelledMatrix("made up", features, Labels(attack, attack), {"odd rows": 7})


def rows_of(corpus: LabelledMatrix) -> list[Row]:
    columns = [corpus.features.column(name) for name in SCHEMA.names]
    return list(zip(*columns, corpus.labels.attack, strict=True))


@given(rows=st.lists(ROWS, min_size=1, max_size=12))
def test_what_is_found_is_what_a_slow_search_finds(rows: list[Row]) -> None:
    corpus = corpus_of(rows)
    n_repeated = len(rows) - len(set(rows))
    n_ambiguous = sum(
        any(row[:3] == other[:3] and row[3] != other[3] for other in rows) for row in rows
    )
    expected = {REPEATED: n_repeated, AMBIGUOUS: n_ambiguous}
    found = counted(corpus)
    assert found.defects == {"odd rows": 7, **{k: n for k, n in expected.items() if n}}
    assert found.features is corpus.features
    distinct = without_duplicates(corpus)
    assert rows_of(distinct) == list(dict.fromkeys(rows))
    assert distinct.defects == corpus.defects


def test_the_first_of_equal_rows_stays() -> None:
    one, other = (1.0, "http", 0.5, "normal"), (1.0, "http", 0.5, "worm")
    for rows in itertools.permutations([one, one, other]):
        assert rows_of(without_duplicates(corpus_of(list(rows)))) == list(dict.fromkeys(rows))


def test_equal_names_of_unequal_codes_are_equal() -> None:
    """Levels that no row has, or in another order, change nothing."""
    rows: list[Row] = [(1.0, "http", 0.5, "normal"), (1.0, "dns", 0.5, "normal")] * 2
    corpus = corpus_of(rows)
    part = corpus.take(np.array([0, 2]))
    assert part.features.categorical[0].levels == ("dns", "http")
    assert counted(part).defects[REPEATED] == 1
    assert len(without_duplicates(part)) == 1


@pytest.mark.parametrize("function", [counted, without_duplicates])
def test_no_rows_are_no_trouble(function: object) -> None:
    assert callable(function)
    nothing = corpus_of([(1.0, "http", 0.5, "normal")]).take(slice(0, 0))
    result = function(nothing)
    assert len(result) == 0
    assert result.defects == {"odd rows": 7}

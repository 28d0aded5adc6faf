"""Who talked to whom, as numbers, through everything that takes and joins records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oddflow.core.context import Context, chained, kept_apart
from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix, concatenate, consecutive
from oddflow.core.schema import numbered_schema

SCHEMA = numbered_schema(1)


def matrix(values: list[float], originator: list[int], responder: list[int]) -> FeatureMatrix:
    """Records with a context."""
    context = Context(
        np.array(originator), np.array(responder), np.arange(len(values), dtype=np.float64)
    )
    plain = FeatureMatrix.from_columns(SCHEMA, {SCHEMA.names[0]: values})
    return replace(plain, context=context)


def test_hosts_are_numbered_alike_on_both_sides() -> None:
    context = Context.of_hosts(np.array(["b", "a"]), np.array(["a", "c"]), np.zeros(2))
    assert context.originator.tolist() == [1, 0]
    assert context.responder.tolist() == [0, 2]


def test_rows_take_their_context_along() -> None:
    taken = matrix([1.0, 2.0, 3.0], [7, 8, 9], [1, 2, 3]).take(np.array([2, 0]))
    assert taken.context is not None
    assert taken.context.originator.tolist() == [9, 7]
    assert taken.select(SCHEMA).context is taken.context


def test_blocks_of_one_recording_have_the_same_hosts_and_recordings_have_not() -> None:
    first, second = matrix([1.0], [5], [6]), matrix([2.0], [5], [7])
    together, apart = consecutive([first, second]).context, concatenate([first, second]).context
    assert together is not None
    assert apart is not None
    assert together.originator.tolist() == [5, 5]
    assert len({*apart.originator.tolist(), *apart.responder.tolist()}) == 4
    assert (kept_apart([apart]).originator == apart.originator).all(), "dense already"
    assert len(chained([apart, apart])) == 4


def test_a_context_that_is_missing_somewhere_is_missing() -> None:
    known = matrix([1.0], [5], [6])
    assert concatenate([known, replace(known, context=None)]).context is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="of one shape"):
        Context(np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int64), np.zeros(2))
    with pytest.raises(InputError, match="row 1: expected a finite time"):
        Context(np.array([1, 2]), np.array([1, 2]), np.array([0.0, np.nan]))
    with pytest.raises(InputError, match="1 records but 2 contexts"):
        replace(matrix([1.0], [1], [1]), context=matrix([1.0, 2.0], [1, 1], [1, 1]).context)

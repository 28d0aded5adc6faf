"""What an explanation holds besides its causes."""

from __future__ import annotations

import numpy as np
import pytest

from oddflow.core.matrix import LabelledMatrix
from oddflow.core.verdicts import Span
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.similar_normals import Company
from oddflow.detect.step_errors import GroupErrors, step_errors
from tests.toy import toy_normals


def attacks(toy: LabelledMatrix, name: str, n: int = 30) -> LabelledMatrix:
    return toy.take(np.flatnonzero(toy.labels.attack == name)[:n])


def test_the_step_with_the_odd_values_carries_the_error(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    steps = [
        v.explanation.steps for v in small_detector.explain(attacks(toy, "guess_passwd").features)
    ]
    for shares in steps:
        assert sum(step.share for step in shares) == pytest.approx(1)
        assert [s.share for s in shares] == sorted((s.share for s in shares), reverse=True)
        assert {s.name for s in shares} == {"basic", "content", "time window", "host window"}
    assert np.mean([shares[0].name == "content" for shares in steps]) > 0.6


def test_error_parts_add_up_to_the_whole(small_detector: LSTMAutoencoderDetector) -> None:
    model = small_detector.model_
    errors = step_errors(model.scorer, model.encoder, model.explainer.reference)
    assert isinstance(errors, GroupErrors)
    encoded = model.encoder.transform(toy_normals(9, seed=3))
    away = errors.scorer.residuals(encoded) - errors.mean
    whole = np.einsum("ni,ij,nj->n", away, errors.precision, away)
    parts = away * (away @ errors.precision)
    by_step = [parts[:, columns].sum(axis=1) for columns in errors.slices]
    assert np.sum(by_step, axis=0) == pytest.approx(whole, rel=1e-3)


def test_a_scorer_without_residuals_has_no_steps(small_detector: LSTMAutoencoderDetector) -> None:
    class Plain:
        n_columns = 3

        def scores(self, encoded: np.ndarray) -> np.ndarray:
            return np.asarray(encoded.sum(axis=1), dtype=np.float64)

    model = small_detector.model_
    assert step_errors(Plain(), model.encoder, model.explainer.reference) is None


def test_what_is_usual_comes_from_records_alike_in_all_else(
    small_detector: LSTMAutoencoderDetector,
) -> None:
    model = small_detector.model_
    encoded = model.encoder.transform(toy_normals(5, seed=4))
    kept = np.ones(encoded.shape, dtype=np.bool_)
    kept[:, model.encoder.slices["count"]] = False
    wild = encoded.copy()
    wild[:, model.encoder.slices["count"]] = 1e3
    reference = model.explainer.reference
    rows = Company.of(model.encoder, reference, wild, kept).rows
    assert (rows == Company.of(model.encoder, reference, encoded, kept).rows).all()
    apart = (np.abs(reference[None] - encoded[:, None]) * kept[:, None]).sum(axis=2)
    for found, distances in zip(rows, apart, strict=True):
        assert np.sort(distances[found])[-1] <= np.sort(distances)[len(found)] + 1e-3


def test_spans_hold_most_normal_values_and_names_are_common(
    small_detector: LSTMAutoencoderDetector,
) -> None:
    inside = []
    for verdict in small_detector.explain(toy_normals(60, seed=5), n_causes=41):
        for cause in verdict.explanation.causes:
            if isinstance(cause.usual, Span):
                assert cause.usual.low <= cause.usual.high
                inside.append(cause.usual.low <= float(cause.observed) <= cause.usual.high)
            else:
                assert 1 <= len(cause.usual) <= 3
    assert np.mean(inside) > 0.75


def test_every_flagged_record_gets_a_sentence(
    small_detector: LSTMAutoencoderDetector, toy: LabelledMatrix
) -> None:
    for name in ("neptune", "portsweep", "guess_passwd"):
        for verdict in small_detector.explain(attacks(toy, name).features):
            text = str(verdict.explanation)
            assert "; normal is " in text
            assert verdict.explanation.sentence == text

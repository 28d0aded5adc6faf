"""From a trained network to a model: statistics of the residual, scorer graph, calibration."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.calibrate import Calibration
from oddflow.detect.explain import Explainer
from oddflow.detect.graph import Graph, add_autoencoder
from oddflow.detect.heads import Combination, Head, Neighbours, Parts, SquaredError, Whitened
from oddflow.detect.model import Model
from oddflow.detect.runtime import RecordScorer, Scorer
from oddflow.features.encode import Encoder
from oddflow.features.windows import StepLayout
from oddflow.models.weights import AutoencoderWeights

Array = NDArray[np.float32]


class ScoreKind(StrEnum):
    """What makes a record odd."""

    ERROR = "error"
    """Mean squared reconstruction error: the paper's score."""
    RESIDUAL = "residual"
    """Residual scaled by its covariance over held-out normals."""
    LATENT = "latent"
    """Distance of the code to its nearest neighbours among training normals."""
    WHITENED = "whitened"
    """RESIDUAL and the record scaled by its own covariance, each direction capped: high roots,
    standardised over held-out normals and added."""
    COMBINED = "combined"
    """WHITENED with a share of LATENT."""


class HeadSettings(NamedTuple):
    """Constants of the score heads; docs/quality.md has the validation behind each.

    ridge: added to eigenvalues of covariances, in squared encoded units; record_cap: of the
    whitened directions of the record, in standard deviations; n_neighbors: of the code;
    n_references: training normals kept to compare with; weights: of residual, record and code in
    the combined score.
    """

    ridge: float = 1e-3
    record_cap: float = 4.0
    n_neighbors: int = 5
    n_references: int = 2000
    weights: tuple[float, ...] = (1.0, 1.0, 0.2)


HEAD_SETTINGS = HeadSettings()


def build_model(
    encoder: Encoder,
    layout: StepLayout,
    weights: AutoencoderWeights,
    *,
    kind: ScoreKind,
    fit: Array,
    held_out: Array,
    calibration: Array,
    target_fpr: float,
    seed: int,
) -> tuple[Model, bytes]:
    """The model and its scorer graph.

    Args:
        encoder: of the records.
        layout: of the steps.
        weights: of the trained network.
        kind: of the score.
        fit: encoded records the network was trained on, to compare with.
        held_out: encoded normals for the statistics of the residual.
        calibration: encoded normals that nothing before has seen.
        target_fpr: records flagged at this rate are no references for explanations.
        seed: of the choice of references.

    Raises:
        ResolutionError: `target_fpr` is too small for the calibration records.
    """
    rows = np.random.default_rng(seed).permutation(len(fit))[: HEAD_SETTINGS.n_references]
    reference = fit[np.sort(rows)]
    plain = Scorer(scorer_graph(layout, weights, SquaredError(encoder.n_columns)))
    head = _fit_head(kind, fit, parts_of(plain, held_out), plain.run(reference).code)
    graph = scorer_graph(layout, weights, head)
    model = calibrated_model(
        encoder,
        Scorer(graph),
        fit=fit,
        reference=reference,
        calibration=calibration,
        target_fpr=target_fpr,
    )
    return model, graph


def calibrated_model(
    encoder: Encoder,
    scorer: RecordScorer,
    *,
    fit: Array,
    reference: Array,
    calibration: Array,
    target_fpr: float,
) -> Model:
    """Calibrate a scorer, and learn what explanations compare with.

    Args:
        encoder: of the records.
        scorer: of encoded records.
        fit: encoded records that the scorer was learnt from.
        reference: some of them; those that are not flagged are compared with.
        calibration: encoded normals that nothing before has seen.
        target_fpr: share of normal records that may be flagged.

    Raises:
        ResolutionError: `target_fpr` is too small for the calibration records.
    """
    calibrated = Calibration(scorer.scores(calibration))
    threshold = calibrated.threshold(target_fpr)
    is_normal = ~threshold.flags(scorer.scores(reference))
    explainer = Explainer.fit(encoder, fit, reference[is_normal])
    return Model(encoder, scorer, calibrated, explainer)


def scorer_graph(layout: StepLayout, weights: AutoencoderWeights, head: Head) -> bytes:
    """The network with a score head as a serialised ONNX model."""
    graph = Graph()
    residual, code = add_autoencoder(graph, "encoded", layout, weights)
    score = head.add_to(graph, Parts("encoded", residual, code))
    graph.op("Identity", score, output="score")
    n_columns = layout.slices[-1].stop
    model = graph.model(
        {"encoded": n_columns},
        {"score": None, "residual": n_columns, "code": weights.latent_width},
    )
    serialized: bytes = model.SerializeToString()
    return serialized


def parts_of(scorer: Scorer, encoded: Array) -> Parts[Array]:
    """What a network says of encoded records, shape (n, columns)."""
    scored = scorer.run(encoded)
    return Parts(encoded, scored.residual, scored.code)


def _fit_head(kind: ScoreKind, fit: Array, held_out: Parts[Array], reference_codes: Array) -> Head:
    if kind is ScoreKind.ERROR:
        return SquaredError(fit.shape[1])
    ridge = HEAD_SETTINGS.ridge
    n_neighbors = min(HEAD_SETTINGS.n_neighbors, len(reference_codes))
    residual = Whitened.fit(("residual",), held_out, cap=np.inf, ridge=ridge)
    neighbours = Neighbours(reference_codes, n_neighbors)
    match kind:
        case ScoreKind.RESIDUAL:
            return residual
        case ScoreKind.LATENT:
            return neighbours
        case ScoreKind.WHITENED | ScoreKind.COMBINED:
            # The record needs no held-out rows: unlike a residual it was not fitted.
            own = Parts(fit, fit, fit)
            record = Whitened.fit(("encoded",), own, cap=HEAD_SETTINGS.record_cap, ridge=ridge)
            heads: tuple[Head, ...] = (residual, record)
            if kind is ScoreKind.COMBINED:
                heads = (*heads, neighbours)
            return Combination.fit(heads, HEAD_SETTINGS.weights[: len(heads)], held_out)

"""From trained networks to an ensemble: members, one scorer graph, the rule that joins them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.detect.build import HEAD_SETTINGS, calibrated_model, parts_of, scorer_graph
from oddflow.detect.calibrate import Calibration
from oddflow.detect.class_graph import LOGITS_VALUE
from oddflow.detect.classifier import NetworkClassifier
from oddflow.detect.ensemble_scorer import KNOWN_OUTPUTS, OUTPUTS, EnsembleScorer
from oddflow.detect.heads import SquaredError
from oddflow.detect.members import Member, MemberSettings, Seen, fit_members, member_graph
from oddflow.detect.model import Model
from oddflow.detect.network import Prepared
from oddflow.detect.rule import KNOWN_ATTACKS, Rule
from oddflow.detect.runtime import GraphRunner, Scorer
from oddflow.models.weights import AutoencoderWeights

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


class Known(NamedTuple):
    """A classifier of known attacks, and its share of the alert budget."""

    classifier: NetworkClassifier
    share: float

    @property
    def families(self) -> tuple[str, ...]:
        """What it tells apart besides normal records, in the order of its logits."""
        return tuple(self.classifier.classes_[1:].tolist())


class Ingredients(NamedTuple):
    """What an ensemble is made of.

    prepared: encoded normal records and their split; weights: of each trained network; members:
    those that know normal traffic alone; known: the one that knows attacks, or None.
    """

    prepared: Prepared
    weights: tuple[AutoencoderWeights, ...]
    members: tuple[Member, ...]
    known: Known | None = None

    @property
    def families(self) -> tuple[str, ...]:
        """Of attacks that were learnt."""
        return () if self.known is None else self.known.families

    @property
    def compared(self) -> Array:
        """Encoded normals that the members' scores are compared with: half of the calibration."""
        rows = self.prepared.split.calibration
        return self.prepared.encoded[rows[: len(rows) // 2]]

    @property
    def calibration(self) -> Array:
        """Encoded normals that nothing but the ensemble's own calibration sees: the other half."""
        rows = self.prepared.split.calibration
        return self.prepared.encoded[rows[len(rows) // 2 :]]

    @property
    def fit(self) -> Array:
        """Encoded normals that networks and members were learnt from."""
        return self.prepared.encoded[self.prepared.split.fit]


def gather(
    prepared: Prepared,
    weights: Sequence[AutoencoderWeights],
    kinds: Sequence[str],
    settings: MemberSettings,
    *,
    seed: int,
) -> Ingredients:
    """Learn the members of the given kinds.

    Raises:
        InputError: an unknown kind, or one given twice.
    """
    encoded, split = prepared.encoded, prepared.split
    plain = SquaredError(encoded.shape[1])
    scorers = [Scorer(scorer_graph(prepared.layout, each, plain)) for each in weights]
    fit = encoded[split.fit]
    rows = np.sort(np.random.default_rng(seed).permutation(len(fit))[: settings.n_codes])
    seen = Seen(
        fit,
        [parts_of(scorer, encoded[split.validation]) for scorer in scorers],
        [scorer.run(fit[rows]).code for scorer in scorers],
    )
    members = fit_members(kinds, seen, settings, seed=seed)
    return Ingredients(prepared, tuple(weights), tuple(members))


def ensemble_graph(ingredients: Ingredients) -> bytes:
    """Networks, members and known attacks as one serialised ONNX model."""
    layout, members = ingredients.prepared.layout, ingredients.members
    graph = member_graph(layout, ingredients.weights, members)
    scores = [f"score_{i}" for i in range(len(members))]
    if ingredients.known is not None:
        scores.append(ingredients.known.classifier.add_to(graph))
    columns = [graph.op("Unsqueeze", score, graph.constant([1])) for score in scores]
    graph.op("Concat", *columns, axis=1, output="members")
    n_columns = layout.slices[-1].stop
    outputs = {"members": len(scores), "residual": n_columns}
    if ingredients.known is not None:
        outputs[LOGITS_VALUE] = 1 + len(ingredients.families)
    model = graph.model({"encoded": n_columns}, outputs)
    serialized: bytes = model.SerializeToString()
    return serialized


def rule_of(ingredients: Ingredients, graph: bytes) -> Rule:
    """The rule, from the members' scores of normal records kept for it."""
    outputs = OUTPUTS if ingredients.known is None else KNOWN_OUTPUTS
    scores = GraphRunner(graph, outputs).run(ingredients.compared, ("members",))[0]
    references = tuple(Calibration(column) for column in scores.astype(np.float64).T)
    names = tuple(member.name for member in ingredients.members)
    weights = tuple(member.weight for member in ingredients.members)
    if ingredients.known is None:
        return Rule(names, weights, references)
    others = Rule(names, weights, references[:-1])
    together = Calibration(others.mean_surprisal(scores[:, :-1].astype(np.float64)))
    return Rule((*names, KNOWN_ATTACKS), (*weights, ingredients.known.share), references, together)


def build_ensemble(
    ingredients: Ingredients, *, target_fpr: float, seed: int
) -> tuple[Model, bytes]:
    """The ensemble ready to score, and its graph.

    Raises:
        ResolutionError: `target_fpr` is too small for the calibration records.
    """
    graph = ensemble_graph(ingredients)
    fit = ingredients.fit
    rows = np.random.default_rng(seed).permutation(len(fit))[: HEAD_SETTINGS.n_references]
    model = calibrated_model(
        ingredients.prepared.encoder,
        EnsembleScorer(graph, rule_of(ingredients, graph), ingredients.families),
        fit=fit,
        reference=fit[np.sort(rows)],
        calibration=ingredients.calibration,
        target_fpr=target_fpr,
    )
    return model, graph

"""Supervised networks as detectors: they learn labelled traffic and name the class of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from oddflow.core.errors import InputError, NotFittedError
from oddflow.core.verdicts import Origin, Threshold
from oddflow.detect.calibrate import Calibration, count_flagged, split_normals
from oddflow.detect.class_graph import add_classes, class_graph, softmax
from oddflow.detect.explain import Explainer
from oddflow.detect.graph import Graph
from oddflow.detect.intake import to_matrix
from oddflow.detect.model import Model
from oddflow.detect.recipes import RECIPES, Labelled, Recipe, layout_of
from oddflow.detect.runtime import ClassScorer
from oddflow.features.encode import Encoder, one_hot
from oddflow.models.classifier import LOGITS, Examples, Network, OnEpoch, Task
from oddflow.models.layers import layers_of
from oddflow.models.train import TrainSettings

NORMAL = "normal"
"""The class of records that are no attack."""
N_REFERENCES = 2000
"""Training normals kept for explanations."""

Names = NDArray[np.object_]


class NetworkClassifier(BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """Learns which records are normal and which attack of a known kind; names the class.

    As a detector its score is the logit of the likeliest attack less the logit of normal: above 0
    where some attack is likelier than normal. `predict` names the likeliest class, as
    scikit-learn's classifiers do. P-values compare the score with normals held out from training.

    It knows the attacks of its training records; what is unlike all of them it calls what it
    resembles most, often normal.

    Args:
        network: a name of `oddflow.detect.recipes.RECIPES`.
        epochs: passes over the training records; None for those of the recipe.
        batch_size: records of a gradient step; None for that of the recipe.
        learning_rate: None for that of the recipe.
        target_fpr: share of normal records that may be flagged; None to flag what is likelier an
            attack than normal.
        validation_fraction: share of the records by which the best epoch is chosen.
        calibration_fraction: share of the normal records kept for p-values and thresholds.
        seed: of split, weights and order; the same seed gives the same classifier.

    Attributes:
        classes_: names of the classes, `normal` first, the others sorted.
        threshold_: score above which a record is flagged.
        model_: what scores, see `Model`.
        network_: the trained `oddflow.models.classifier.Network`.
        n_parameters_: trained numbers.
    """

    def __init__(
        self,
        network: str = "proposed",
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        target_fpr: float | None = None,
        validation_fraction: float = 0.05,
        calibration_fraction: float = 0.05,
        seed: int = 0,
    ) -> None:
        self.network = network
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.target_fpr = target_fpr
        self.validation_fraction = validation_fraction
        self.calibration_fraction = calibration_fraction
        self.seed = seed

    def fit(
        self,
        X: Any,  # noqa: ANN401, N803 - scikit-learn's name
        y: Sequence[str] | Names,
        *,
        encoder: Encoder | None = None,
        on_epoch: OnEpoch | None = None,
    ) -> Self:
        """Learn from labelled records.

        Args:
            X: FeatureMatrix, data frame or two-dimensional array.
            y: the class of each record, `normal` for those that are no attack.
            encoder: of the records, where they are read as another model reads them; None to
                learn one.
            on_epoch: told the stage of training and the epoch, after each.

        Raises:
            InputError: no normal record, no attack, too few records, or an unknown network.
            ResolutionError: `target_fpr` is too small for the calibration records.
            MissingExtra: Keras is not installed.
        """
        records = to_matrix(X)
        recipe, settings = self._recipe()
        names = np.array([str(name) for name in y], dtype=object)
        classes = _classes(names, len(records))
        split = self._split(names)
        if encoder is None:
            encoder = Encoder.fit(records.take(split.fit), scaling=recipe.scaling)
        encoded = encoder.transform(records)
        reduction = None
        if recipe.reduce is not None:
            seen = records.take(split.fit), encoded[split.fit], names[split.fit]
            reduction = recipe.reduce(Labelled(encoder, *seen, self.seed))
        reduced = encoded if reduction is None else reduction.apply(encoded)
        layout = layout_of(recipe.input, encoder, reduction)
        inputs = reduced if layout is None else layout.windows(reduced)
        codes = one_hot(_slots(names, classes), len(classes))
        fit, held_out = (Examples(inputs[r], codes[r]) for r in (split.fit, split.validation))
        task = Task(fit, held_out, settings, self.seed, on_epoch)
        self.network_: Network = recipe.learn(task, layout)
        self.reduction_, self.layout_ = reduction, layout
        self.scorer_graph_ = class_graph(
            encoder.n_columns,
            len(classes),
            layers_of(self.network_.model, until=LOGITS),
            reduction=reduction,
            layout=layout,
        )
        self.class_scorer_ = ClassScorer(self.scorer_graph_)
        self.model_ = _model(encoder, self.class_scorer_, encoded, split, self.seed)
        self.classes_ = classes
        self.operating_point_ = operating_point(self.model_.calibration, self.target_fpr)
        self.n_parameters_ = int(self.network_.model.count_params())
        self.training_records_, self.training_fingerprint_ = len(records), records.fingerprint()
        self.n_features_in_ = len(records.schema.names)
        self.feature_names_in_ = np.array(records.schema.names, dtype=object)
        return self

    def add_to(self, graph: Graph) -> str:
        """Add the network to a graph with the value `encoded`; name of its scores, shape (n,).

        Raises:
            NotFittedError: `fit` was not called.
        """
        self._fitted()
        layers = layers_of(self.network_.model, until=LOGITS)
        return add_classes(
            graph, len(self.classes_), layers, reduction=self.reduction_, layout=self.layout_
        )

    def score_samples(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803
        """Likeliest attack's logit less normal's, shape (n,); higher is odder.

        Raises:
            NotFittedError: `fit` was not called.
            SchemaMismatch: other features than `fit` saw.
        """
        model = self._fitted()
        return model.score_samples(to_matrix(X, model.encoder.schema))

    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803
        """Score less threshold, shape (n,): positive for an attack."""
        return self.score_samples(X) - self.threshold_

    def p_values(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803
        """Share of normal traffic scored at least as high as each record, shape (n,)."""
        return self._fitted().calibration.p_values(self.score_samples(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: ANN401, N803
        """Probability of each class, shape (n, classes), in the order of `classes_`.

        The networks are not calibrated: they are surer than they are right.
        """
        model = self._fitted()
        records = to_matrix(X, model.encoder.schema)
        return softmax(self.class_scorer_.logits(model.encoder.transform(records)))

    def predict(self, X: Any) -> Names:  # noqa: ANN401, N803
        """The likeliest class of each record, strings, shape (n,); the threshold plays no part."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    @property
    def threshold_(self) -> float:
        """Score above which a record is flagged."""
        self._fitted()
        return self.operating_point_.value

    def _fitted(self) -> Model:
        if not hasattr(self, "model_"):
            raise NotFittedError("this NetworkClassifier has learnt nothing; call fit() first")
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _recipe(self) -> tuple[Recipe, TrainSettings]:
        """The recipe of the network, and its settings with those of this classifier."""
        if self.network not in RECIPES:
            raise InputError(
                f"network must be one of {', '.join(RECIPES)}, received {self.network!r}"
            )
        recipe = RECIPES[self.network]
        theirs = recipe.settings
        settings = replace(
            theirs,
            epochs=self.epochs or theirs.epochs,
            batch_size=self.batch_size or theirs.batch_size,
            learning_rate=self.learning_rate or theirs.learning_rate,
        )
        return recipe, settings

    def _split(self, names: Names) -> _Parts:
        """Rows to train on, to choose the epoch by, and normals to calibrate on."""
        normals = np.flatnonzero(names == NORMAL)
        attacks = np.flatnonzero(names != NORMAL)
        of_normals = split_normals(
            len(normals),
            validation=self.validation_fraction,
            calibration=self.calibration_fraction,
            seed=self.seed,
        )
        if self.target_fpr is not None:
            count_flagged(len(of_normals.calibration), self.target_fpr)  # refuses early
        order = np.random.default_rng(self.seed).permutation(attacks)
        n_held_out = round(self.validation_fraction * len(attacks))
        return _Parts(
            fit=np.concatenate([normals[of_normals.fit], order[n_held_out:]]),
            validation=np.concatenate([normals[of_normals.validation], order[:n_held_out]]),
            calibration=normals[of_normals.calibration],
            normals=normals[of_normals.fit],
        )


class _Parts(NamedTuple):
    """Row numbers by what may see the rows; `normals` are those of `fit`."""

    fit: NDArray[np.intp]
    validation: NDArray[np.intp]
    calibration: NDArray[np.intp]
    normals: NDArray[np.intp]


def operating_point(calibration: Calibration, target_fpr: float | None) -> Threshold:
    """The threshold of a rate, or 0: above it, some attack is likelier than normal."""
    if target_fpr is not None:
        return calibration.threshold(target_fpr)
    rate = float((calibration.scores > 0).mean())
    return Threshold(
        value=0.0, target_fpr=rate, n_reference=len(calibration), origin=Origin.LIKELIER
    )


def _classes(names: Names, n_records: int) -> Names:
    """`normal`, then the attacks in order.

    Raises:
        InputError: they do not fit the records, or there is nothing to tell apart.
    """
    if len(names) != n_records:
        raise InputError(f"expected a class for each of {n_records} records, received {len(names)}")
    found = set(names)
    if NORMAL not in found or len(found) < 2:
        shown = sorted(found)[:5]
        raise InputError(
            f"expected records of the class {NORMAL!r} and of at least one other, received "
            f"{shown or 'none'}"
        )
    return np.array([NORMAL, *sorted(found - {NORMAL})], dtype=object)


def _slots(names: Names, classes: Names) -> NDArray[np.intp]:
    """Position of each name among the classes."""
    found, codes = np.unique(names.astype(str), return_inverse=True)
    places = {name: i for i, name in enumerate(classes)}
    return np.array([places[name] for name in found], dtype=np.intp)[codes]


def _model(
    encoder: Encoder,
    scorer: ClassScorer,
    encoded: NDArray[np.float32],
    split: _Parts,
    seed: int,
) -> Model:
    """What scores and explains; explanations compare with training normals."""
    normals = encoded[split.normals]
    rows = np.random.default_rng(seed).permutation(len(normals))[:N_REFERENCES]
    reference = normals[np.sort(rows)]
    passed = reference[scorer.scores(reference) <= 0]
    explainer = Explainer.fit(encoder, normals, passed if len(passed) else reference)
    return Model(encoder, scorer, Calibration(scorer.scores(encoded[split.calibration])), explainer)

"""Several detectors as one: LSTM autoencoders, other witnesses of normality, known attacks.

One network varies with its seed, and each way to look at a record is blind to something. Members
that look in different ways are taken together through their p-values, see `oddflow.detect.rule`;
all of them are in one scorer graph. Which members are worth it was chosen on training data, see
docs/quality.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from oddflow.core.errors import InputError
from oddflow.core.evaluation import TrainingHistory
from oddflow.core.matrix import FeatureMatrix, concatenate
from oddflow.detect.answers import AnswersByModel
from oddflow.detect.calibrate import Split, count_flagged, split_normals
from oddflow.detect.classifier import NORMAL, NetworkClassifier
from oddflow.detect.ensemble_build import Ingredients, Known, build_ensemble, gather
from oddflow.detect.intake import to_matrix
from oddflow.detect.members import MemberSettings, require_kinds
from oddflow.detect.model import Model
from oddflow.detect.network import NetworkSettings, Prepared, prepare, train_autoencoder
from oddflow.features.encode import Encoder
from oddflow.features.windows import Steps
from oddflow.models.classifier import OnEpoch
from oddflow.models.lstm_autoencoder import Widths, autoencoder_weights
from oddflow.models.train import TrainSettings

Floats = NDArray[np.float64]
Names = NDArray[np.object_]

DEFAULT_MEMBERS = ("residual", "record", "neighbours")
MEMBER_SETTINGS = MemberSettings()


class EnsembleDetector(AnswersByModel, BaseEstimator):  # type: ignore[misc] # scikit-learn ships no types
    """LSTM autoencoders over seeds, other witnesses, and a classifier of the attacks they miss.

    The normal records given to `fit` are parted four ways: to train on, to stop training by (and
    to take the statistics of residuals from), to compare members' scores with, and to calibrate
    the ensemble on. Given labels, families of attacks that the ensemble flags too few of in
    training are learnt by a classifier, the member `known_attacks`.

    It fails where all its members do: attacks that look like normal traffic in every feature.

    Args:
        members: kinds of members, see `oddflow.detect.members.KINDS`.
        n_networks: LSTM autoencoders, which differ in their seeds.
        known_share: of the alert budget, what `known_attacks` may spend.
        weak_recall: families of which a smaller share is flagged in training are learnt.
        network: of `known_attacks`, a name of `oddflow.detect.recipes.RECIPES`.
        encoder_widths: units of the encoder's LSTM layers; the last is the width of the code.
        decoder_widths: units of the decoder's LSTM layers.
        known_epochs: most passes of that classifier.
        loss: that the autoencoders minimise, "squared" or "student", see
            `oddflow.models.lstm_autoencoder.LOSSES`.
        epochs: most passes of each autoencoder over the training records.
        batch_size: records of a gradient step.
        learning_rate: of Adam, at the start.
        target_fpr: share of normal records that may be flagged, from 0 to 1.
        validation_fraction: share of the normal records to stop training by.
        calibration_fraction: share of them to calibrate on: half of it the members, half the
            ensemble.
        seed: of split, weights and order; the same seed gives the same detector.

    Attributes:
        threshold_: score above which a record is flagged.
        model_: what scores, see `Model`; its scorer is an `EnsembleScorer`.
        networks_: the trained autoencoders, each a `keras.Model`.
        histories_: losses of each epoch, by network.
        known_: the fitted `NetworkClassifier` of known attacks; None without.
        weak_families_: what it learnt.
    """

    def __init__(
        self,
        members: tuple[str, ...] = DEFAULT_MEMBERS,
        *,
        n_networks: int = 3,
        known_share: float = 0.1,
        weak_recall: float = 0.5,
        network: str = "rnn",
        known_epochs: int = 50,
        loss: str = "squared",
        encoder_widths: tuple[int, ...] = (64, 16),
        decoder_widths: tuple[int, ...] = (32, 64),
        epochs: int = 30,
        batch_size: int = 128,
        learning_rate: float = 2e-3,
        target_fpr: float = 0.05,
        validation_fraction: float = 0.1,
        calibration_fraction: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.members = members
        self.n_networks = n_networks
        self.known_share = known_share
        self.weak_recall = weak_recall
        self.network = network
        self.known_epochs = known_epochs
        self.loss = loss
        self.encoder_widths = encoder_widths
        self.decoder_widths = decoder_widths
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
        y: Sequence[str] | Names | None = None,
        *,
        on_epoch: OnEpoch | None = None,
    ) -> Self:
        """Learn from normal records, or from labelled ones.

        Args:
            X: FeatureMatrix, data frame or two-dimensional array.
            y: the family of each record, `normal` for those that are no attack; None if all are
                normal.
            on_epoch: told the stage of training and the epoch, after each.

        Raises:
            InputError: too few records, or a parameter out of range.
            ResolutionError: `target_fpr` is too small for the calibration records.
            MissingExtra: Keras is not installed.
        """
        records = to_matrix(X)
        families = _families(y, len(records))
        normals, is_attack = records.take(families == NORMAL), families != NORMAL
        split = self._split(len(normals))
        prepared = prepare(normals, split, Steps.GROUPS)
        self.networks_, self.histories_ = self._train(prepared, on_epoch)
        weights = [autoencoder_weights(network) for network in self.networks_]
        ingredients = gather(prepared, weights, self.members, MEMBER_SETTINGS, seed=self.seed)
        self.weak_families_: tuple[str, ...] = ()
        self.known_: NetworkClassifier | None = None
        self.model_, self.scorer_graph_ = self._build(ingredients)
        if is_attack.any():
            attacks = records.take(is_attack), families[is_attack]
            self.weak_families_ = self._weak_families(*attacks)
        if self.weak_families_:
            seen = normals.take(np.concatenate([split.fit, split.validation]))
            self.known_ = self._learn_known(seen, *attacks, prepared.encoder, on_epoch)
            known = Known(self.known_, self.known_share)
            self.model_, self.scorer_graph_ = self._build(ingredients._replace(known=known))
        self.operating_point_ = self.model_.calibration.threshold(self.target_fpr)
        self.training_records_, self.training_fingerprint_ = len(records), records.fingerprint()
        self.n_features_in_ = len(records.schema.names)
        self.feature_names_in_ = np.array(records.schema.names, dtype=object)
        return self

    def _split(self, n_normals: int) -> Split:
        """Rows of the normals by what may see them; refuses early what cannot be had."""
        if self.n_networks < 1 or not 0 < self.known_share < 1:
            raise InputError(
                "expected n_networks of at least 1 and a known_share above 0 and below 1, "
                f"received {self.n_networks} and {self.known_share}"
            )
        require_kinds(self.members)
        split = split_normals(
            n_normals,
            validation=self.validation_fraction,
            calibration=self.calibration_fraction,
            seed=self.seed,
        )
        if len(split.calibration) < 2:
            raise InputError(
                f"an ensemble is calibrated on 2 or more of its normal records, received "
                f"{n_normals} in all, {len(split.calibration)} of them for that"
            )
        count_flagged(len(split.calibration) // 2, self.target_fpr)
        return split

    def _train(
        self, prepared: Prepared, on_epoch: OnEpoch | None
    ) -> tuple[list[Any], dict[str, TrainingHistory]]:
        settings = NetworkSettings(
            Widths(encoder=tuple(self.encoder_widths), decoder=tuple(self.decoder_widths)),
            TrainSettings(
                epochs=self.epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                decay="cosine",
            ),
            self.loss,
        )
        seeds = np.random.SeedSequence(self.seed).generate_state(self.n_networks).tolist()
        networks, histories = [], {}
        for number, seed in enumerate(seeds, start=1):
            stage = f"network {number}"
            told = None if on_epoch is None else partial(on_epoch, stage)
            network, history = train_autoencoder(prepared, settings, seed=seed, on_epoch=told)
            networks.append(network)
            histories[stage] = history
        return networks, histories

    def _build(self, ingredients: Ingredients) -> tuple[Model, bytes]:
        return build_ensemble(ingredients, target_fpr=self.target_fpr, seed=self.seed)

    def _weak_families(self, attacks: FeatureMatrix, families: Names) -> tuple[str, ...]:
        """Those that the members of anomalies miss, at what the budget leaves them."""
        rate = self.target_fpr * (1 - self.known_share)
        threshold = self.model_.calibration.threshold(rate)
        flagged = threshold.flags(self.model_.score_samples(attacks))
        return weak_families(families, flagged, self.weak_recall)

    def _learn_known(
        self,
        normals: FeatureMatrix,
        attacks: FeatureMatrix,
        families: Names,
        encoder: Encoder,
        on_epoch: OnEpoch | None,
    ) -> NetworkClassifier:
        """A classifier of normal records and of the weak families, in the members' encoding."""
        chosen = np.isin(families, self.weak_families_)
        records = concatenate([normals, attacks.take(chosen)])
        names = np.concatenate([np.full(len(normals), NORMAL, dtype=object), families[chosen]])
        classifier = NetworkClassifier(self.network, epochs=self.known_epochs, seed=self.seed)
        return classifier.fit(records, names, encoder=encoder, on_epoch=on_epoch)


def _families(y: Sequence[str] | Names | None, n_records: int) -> Names:
    """A family for each record; `normal` for all if none are given.

    Raises:
        InputError: another number of them.
    """
    if y is None:
        return np.full(n_records, NORMAL, dtype=object)
    families = np.array([str(name) for name in y], dtype=object)
    if len(families) != n_records:
        raise InputError(
            f"expected a family for each of {n_records} records, received {len(families)}"
        )
    return families


def weak_families(families: Names, flagged: NDArray[np.bool_], recall: float) -> tuple[str, ...]:
    """The families of attacks of which a smaller share than `recall` is flagged, sorted.

    >>> families = np.array(["dos", "dos", "r2l", "r2l"], dtype=object)
    >>> weak_families(families, np.array([True, True, True, False]), 0.6)
    ('r2l',)
    """
    return tuple(
        family for family in sorted(set(families)) if flagged[families == family].mean() < recall
    )

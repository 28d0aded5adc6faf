"""The rows of the tables: what each system is and how it is fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.evaluation import TrainingHistory
from oddflow.core.kdd41 import KDD41, TRAFFIC28
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.baselines import LEARNERS, Baseline
from oddflow.detect.classifier import NORMAL, NetworkClassifier
from oddflow.detect.ensemble import EnsembleDetector
from oddflow.detect.recipes import RECIPES
from oddflow.models.classifier import OnEpoch

TARGET_FPR = 0.05
"""Of the detectors that are trained on normal records alone."""

Names = NDArray[np.object_]


class Fitted(NamedTuple):
    """A fitted system.

    score: oddness of records; threshold: above it a record is flagged; predict: the class of
    records, None for a detector that knows none; n_parameters: trained numbers; histories: stage of
    training -> losses.
    """

    score: Callable[[FeatureMatrix], NDArray[np.float64]]
    threshold: float
    predict: Callable[[FeatureMatrix], Names] | None
    n_parameters: int
    histories: Mapping[str, TrainingHistory]


class Training(NamedTuple):
    """What a system is fitted on.

    records: of the training set; classes: of each; families: of each; seed: of everything random;
    epochs: most passes, None for the system's own number; on_epoch: told of each.
    """

    records: FeatureMatrix
    classes: Names
    families: Names
    seed: int
    epochs: int | None
    on_epoch: OnEpoch | None

    def normals(self) -> FeatureMatrix:
        """The normal records."""
        return self.records.take(self.classes == NORMAL)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A system of a table.

    Attributes:
        title: what the table calls it.
        description: the network and its training.
        fit: trains it.
        in_the_style_of: True where sizes that the original does not give are ours.
        needs_binary: True for a detector that tells no classes of attacks apart.
    """

    title: str
    description: str
    fit: Callable[[Training], Fitted]
    in_the_style_of: bool = False
    needs_binary: bool = False


def _plain_numbers(schema: FeatureSchema) -> FeatureSchema:
    """The same features, their numbers of no known kind, so that no logarithm is taken."""
    features = tuple(
        f if f.is_category else Feature(name=f.name, kind=Kind.NUMBER, group=f.group)
        for f in schema.features
    )
    return FeatureSchema(f"{schema.profile}, plain numbers", features)


def _fit_network(
    training: Training,
    *,
    network: str,
    schema: FeatureSchema | None = None,
    rates: Mapping[int, float] = MappingProxyType({}),
) -> Fitted:
    """A classifier, on the features of `schema` if one is given.

    Args:
        training: what to fit it on.
        network: name of its recipe.
        schema: of the features it is given; None for all.
        rates: number of classes -> learning rate, where that of the recipe is not meant.
    """

    def chosen(records: FeatureMatrix) -> FeatureMatrix:
        return records if schema is None else records.select(schema)

    classifier = NetworkClassifier(
        network,
        epochs=training.epochs,
        learning_rate=rates.get(len(set(training.classes))),
        seed=training.seed,
    ).fit(chosen(training.records), training.classes, on_epoch=training.on_epoch)
    return Fitted(
        lambda records: classifier.score_samples(chosen(records)),
        classifier.threshold_,
        lambda records: classifier.predict(chosen(records)),
        classifier.n_parameters_,
        classifier.network_.histories,
    )


def _fit_detector(training: Training) -> Fitted:
    """The LSTM autoencoder on normal records, flagged by its score."""
    told = training.on_epoch
    detector = LSTMAutoencoderDetector(target_fpr=TARGET_FPR, seed=training.seed)
    if training.epochs is not None:
        detector.set_params(epochs=training.epochs)
    detector.fit(training.normals(), on_epoch=None if told is None else partial(told, "training"))
    return Fitted(
        detector.score_samples,
        detector.threshold_,
        None,
        int(detector.network_.count_params()),
        {"training": detector.history_},
    )


def _fit_ensemble(training: Training) -> Fitted:
    """Members of anomalies, and a classifier of the attack families that they miss."""
    ensemble = EnsembleDetector(target_fpr=TARGET_FPR, seed=training.seed)
    if training.epochs is not None:
        ensemble.set_params(epochs=training.epochs, known_epochs=training.epochs)
    ensemble.fit(training.records, training.families, on_epoch=training.on_epoch)
    histories = dict(ensemble.histories_)
    n_parameters = sum(int(network.count_params()) for network in ensemble.networks_)
    if ensemble.known_ is not None:
        n_parameters += ensemble.known_.n_parameters_
        of_known = ensemble.known_.network_.histories
        histories |= {f"known attacks, {stage}": history for stage, history in of_known.items()}
    return Fitted(ensemble.score_samples, ensemble.threshold_, None, n_parameters, histories)


def _fit_baseline(training: Training, *, name: str) -> Fitted:
    """A trivial detector on the same normal records, encoding and calibration."""
    detector = Baseline(LEARNERS[name], target_fpr=TARGET_FPR, seed=training.seed)
    detector.fit(training.normals())
    return Fitted(detector.score_samples, detector.threshold_, None, 0, {})


def _fit_majority(training: Training) -> Fitted:
    """Always the most frequent class of the training records."""
    names, counts = np.unique(training.classes.astype(str), return_counts=True)
    name = str(names[counts.argmax()])
    score = -1.0 if name == NORMAL else 1.0
    return Fitted(
        lambda records: np.full(len(records), score),
        0.0,
        lambda records: np.full(len(records), name, dtype=object),
        0,
        {},
    )


def _network(name: str, fit: Callable[[Training], Fitted] | None = None) -> Entry:
    recipe = RECIPES[name]
    return Entry(
        title=recipe.title,
        description=recipe.description,
        fit=fit or partial(_fit_network, network=name),
        in_the_style_of=recipe.in_the_style_of,
    )


SYSTEMS: Mapping[str, Entry] = MappingProxyType(
    {
        "majority": Entry(
            title="majority class",
            description="Names the most frequent class of the training records, whatever comes.",
            fit=_fit_majority,
        ),
        "cnn": _network("cnn"),
        "dnn": _network("dnn"),
        "ann": _network("ann"),
        "ann_unscaled": _network(
            "ann_unscaled",
            partial(_fit_network, network="ann_unscaled", schema=_plain_numbers(KDD41)),
        ),
        "ann_untrained": _network("ann_untrained"),
        "rnn": _network("rnn"),
        "dbn": _network("dbn"),
        "lstm": _network("lstm"),
        "lstm_autoencoder": Entry(
            title="Proposed (a)",
            description="The LSTM autoencoder trained on normal records alone, flagging what it "
            "rebuilds badly; threshold at 5 % of held-out normal records.",
            fit=_fit_detector,
            in_the_style_of=True,
            needs_binary=True,
        ),
        "proposed": _network("proposed"),
        "combined": Entry(
            title="(a) and a classifier",
            description="An ensemble: three LSTM autoencoders, two detectors without a network, "
            "and an RNN classifier of the families that they miss in training, under one budget "
            "of 5 % (.045 and .005).",
            fit=_fit_ensemble,
            in_the_style_of=True,
            needs_binary=True,
        ),
        "cnn_regularised": _network("cnn_regularised"),
        "dnn_traffic28": _network(
            "dnn_traffic28", partial(_fit_network, network="dnn_traffic28", schema=TRAFFIC28)
        ),
        "rnn_ids": _network(
            "rnn_ids", partial(_fit_network, network="rnn_ids", rates={2: 0.1, 5: 0.5})
        ),
        "ann_boruta": _network("ann_boruta"),
        "sdae_elm": _network("sdae_elm"),
        "dbn_softmax": _network("dbn_softmax"),
        "lstm_pca": _network("lstm_pca"),
        "lstm_mi": _network("lstm_mi"),
        **{
            name: Entry(
                title=name.replace("_", " "),
                description="A trivial detector on the same normal records and encoding.",
                fit=partial(_fit_baseline, name=name),
                needs_binary=True,
            )
            for name in LEARNERS
        },
    }
)
"""Every system by name."""

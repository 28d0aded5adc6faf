"""What every classifier promises besides what every detector does, one function a promise.

`Supervised` lets a classifier be fitted to normals alone, as the checks of detectors do: it adds
attacks of its own. `broken_classifiers.py` holds a classifier that each check must reject.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, concatenate
from oddflow.models.classifier import Network
from tests.contracts.checks import Traffic, fit, rejects, same
from tests.toy import toy_corpus

N_ATTACKS = 600
"""Attacks that a classifier is shown besides the normals of the traffic."""
RENAMED = {"guess_passwd": "guess", "neptune": "nemesis", "portsweep": "ports", "normal": "normal"}
"""Other names in the same order."""

Names = NDArray[np.object_]
Scores = NDArray[np.float64]


class Classifier(Protocol):
    """Learns labelled records, scores records as a detector does, and names their classes."""

    network_: Network
    classes_: Names

    def fit(self, records: FeatureMatrix, names: Sequence[str], /) -> Self: ...

    def score_samples(self, records: FeatureMatrix, /) -> Scores: ...

    def predict(self, records: FeatureMatrix, /) -> Names: ...

    def predict_proba(self, records: FeatureMatrix, /) -> Scores: ...

    @property
    def threshold_(self) -> float: ...


@final
class Supervised:
    """A classifier as a detector: fitted to normals, it learns them and attacks of this file."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    @property
    def threshold_(self) -> float:
        return self.classifier.threshold_

    def fit(self, normals: FeatureMatrix, /) -> Self:
        attacks = known_attacks()
        names = ["normal"] * len(normals) + attacks.labels.attack.tolist()
        self.classifier.fit(concatenate([normals, attacks.features]), names)
        return self

    def score_samples(self, records: FeatureMatrix, /) -> Scores:
        return self.classifier.score_samples(records)


SupervisedFactory = Callable[[int], Supervised]


@cache
def known_attacks() -> LabelledMatrix:
    """Attacks of the kinds in the traffic, but other records."""
    corpus = toy_corpus(1, N_ATTACKS, seed=11)
    return corpus.take(corpus.labels.is_attack)


@cache
def unseen() -> LabelledMatrix:
    """Labelled records that no classifier was shown, half of them normal."""
    return toy_corpus(600, 600, seed=12)


def classifier_of(make: SupervisedFactory, traffic: Traffic) -> Classifier:
    """A classifier that learnt the traffic; the same one for all checks, of detectors too."""
    supervised = fit(make, traffic, 0).detector
    assert isinstance(supervised, Supervised)
    return supervised.classifier


def check_probabilities_are_probabilities(make: SupervisedFactory, traffic: Traffic) -> None:
    classifier, records = classifier_of(make, traffic), unseen().features
    found = classifier.predict_proba(records)
    shape = (len(records), len(classifier.classes_))
    assert found.shape == shape, f"expected shape {shape}, received {found.shape}"
    assert ((found >= 0) & (found <= 1)).all(), "a probability outside [0, 1]"
    assert np.allclose(found.sum(axis=1), 1, atol=1e-9), "probabilities do not add up to 1"


def check_the_likeliest_class_is_named(make: SupervisedFactory, traffic: Traffic) -> None:
    classifier, records = classifier_of(make, traffic), unseen().features
    classes = ["normal", *sorted(set(known_attacks().labels.attack))]
    assert list(classifier.classes_) == classes, f"expected normal first, {classifier.classes_}"
    likeliest = classifier.predict_proba(records).argmax(axis=1)
    named = classifier.predict(records)
    assert (named == np.array(classes, dtype=object)[likeliest]).all(), "another class was named"


def check_an_attack_scores_above_0(make: SupervisedFactory, traffic: Traffic) -> None:
    classifier, records = classifier_of(make, traffic), unseen().features
    is_above = classifier.score_samples(records) > 0
    is_attack = classifier.predict(records) != "normal"
    n_wrong = int((is_above != is_attack).sum())
    assert not n_wrong, f"score and class of {n_wrong} records disagree about their being attacks"


def check_names_are_names_alone(make: SupervisedFactory, traffic: Traffic) -> None:
    """Trained once more under other names, a classifier gives the same bits and the new names."""
    first, again = classifier_of(make, traffic), make(0).classifier
    attacks = known_attacks()
    names = ["normal"] * len(traffic.normals) + [RENAMED[a] for a in attacks.labels.attack]
    again.fit(concatenate([traffic.normals, attacks.features]), names)
    records = traffic.mixed()
    assert same(first.predict_proba(records), again.predict_proba(records)), "names were learnt"
    renamed = [RENAMED[name] for name in first.predict(records)]
    assert list(again.predict(records)) == renamed, "the new names are not the old ones' places"


def check_wrong_names_are_refused(make: SupervisedFactory, traffic: Traffic) -> None:
    records = concatenate([traffic.normals, known_attacks().features])
    names = ["normal"] * len(traffic.normals) + known_attacks().labels.attack.tolist()
    for otherwise, wrong in {
        "one name too few was accepted": names[1:],
        "one name too many was accepted": ["normal", *names],
        "normals without an attack were learnt": ["normal"] * len(records),
        "one class of attacks was learnt": ["neptune"] * len(records),
        "two classes without normal were learnt": ["neptune", *["portsweep"] * (len(records) - 1)],
    }.items():
        with rejects(InputError, otherwise):
            make(0).classifier.fit(records, wrong)


def check_it_beats_the_majority(make: SupervisedFactory, traffic: Traffic) -> None:
    labelled = unseen()
    names = labelled.labels.attack
    _, counts = np.unique(names.astype(str), return_counts=True)
    majority = counts.max() / len(names)
    rate = (classifier_of(make, traffic).predict(labelled.features) == names).mean()
    assert rate > majority + 0.1, f"{rate:.3f} right, {majority:.3f} by naming the commonest class"


def check_training_loss_falls(make: SupervisedFactory, traffic: Traffic) -> None:
    histories = classifier_of(make, traffic).network_.histories
    loss = list(histories.values())[-1].loss
    assert len(loss) > 1, "one epoch shows nothing"
    assert loss[-1] < 0.95 * loss[0], f"the loss of the last stage did not fall: {loss}"


ClassCheck = Callable[[SupervisedFactory, Traffic], None]
FOR_CLASSIFIERS: tuple[ClassCheck, ...] = (
    check_probabilities_are_probabilities,
    check_the_likeliest_class_is_named,
    check_an_attack_scores_above_0,
    check_names_are_names_alone,
    check_wrong_names_are_refused,
    check_it_beats_the_majority,
    check_training_loss_falls,
)

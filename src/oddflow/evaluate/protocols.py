"""Protocols: which records train and which test.

`official`      train on the normals of the training file, test on the publisher's test files.
`random-split`  train on the normals of a stratified random 80 % of the training file, test on the
                rest. Neighbours of every test record are in training, so figures are far higher
                than on new traffic; it is here because papers use it.
`time-split`    train on the normals among the first 60 % of each recording, test on the rest,
                which came later.

`oddflow.evaluate.transfers` has those that test on another network.

A detector is given normal training features and nothing else. Test records and all labels stay on
this side; what they decide (oracle figures) is named so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels, concatenate

SPLIT_SEED = 0
"""Of the one random split, so that systems and seeds share their test set."""
TEST_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Protocol:
    """A way to part records.

    Attributes:
        name: of the protocol.
        train: all training records with their labels, for systems that learn from attacks too.
        known_attacks: attacks that occur in `train`.
        test_sets: name -> records with labels.
        notes: for the reader of the numbers.
        thresholds_from: name of a test set -> normal records that its thresholds are read from, in
            place of held-out training records; nothing else is done with them.
    """

    name: str
    train: LabelledMatrix
    known_attacks: frozenset[str]
    test_sets: Mapping[str, LabelledMatrix]
    notes: tuple[str, ...]
    thresholds_from: Mapping[str, FeatureMatrix] = field(default_factory=dict)

    @cached_property
    def normals(self) -> FeatureMatrix:
        """What detectors learn from: the normal training records."""
        return self.train.normals()


def official(train: LabelledMatrix, tests: Sequence[LabelledMatrix]) -> Protocol:
    """Train on the normals of one file, test on others."""
    names = ", ".join(test.name for test in tests)
    return Protocol(
        "official",
        train,
        _attacks(train),
        {test.name: test for test in tests},
        (f"Trained on the normal records of {train.name} alone; tested on {names}.",),
    )


def random_split(train: LabelledMatrix) -> Protocol:
    """Part one file at random, every attack in proportion.

    An attack of one or two records is too rare for a share of them: it goes to training.
    """
    in_test = np.zeros(len(train), dtype=np.bool_)
    rng = np.random.default_rng(SPLIT_SEED)
    for attack in sorted(set(train.labels.attack)):
        rows = rng.permutation(np.flatnonzero(train.labels.attack == attack))
        in_test[rows[: round(TEST_SHARE * len(rows))]] = True
    rest = train.take(~in_test)
    note = (
        f"Trained on the normal records of a random {1 - TEST_SHARE:.0%} of {train.name}, tested "
        f"on the other {TEST_SHARE:.0%}. Near-copies of test records are in training: do not "
        "compare these figures with those of a split by file, day or time."
    )
    name = f"{train.name}, random {TEST_SHARE:.0%}"
    return Protocol(
        "random-split",
        rest,
        _attacks(rest),
        {name: train.take(in_test)},
        (note,),
    )


def time_split(corpora: Sequence[LabelledMatrix], *, train_share: float = 0.6) -> Protocol:
    """Train on the first records of each corpus, test on its later ones, all put together.

    Args:
        corpora: of one schema. The records of each must stand in order of time; they do not hold
            it, so this cannot be checked.
        train_share: share of the records of each that trains.

    Raises:
        InputError: no corpus, a share outside (0, 1), or one that leaves a side without records.
        SchemaMismatch: corpora of different features.
    """
    cuts = [round(train_share * len(corpus)) for corpus in corpora]
    sizes = sum(cuts), sum(map(len, corpora)) - sum(cuts)
    if not 0 < train_share < 1 or min(sizes) == 0:
        raise InputError(
            f"expected corpora and a share between 0 and 1 that leaves records on both sides, "
            f"received {len(corpora)} and {train_share}, which trains on {sizes[0]:,} records and "
            f"tests on {sizes[1]:,}"
        )
    parts = list(zip(corpora, cuts, strict=True))
    names = ", ".join(corpus.name for corpus in corpora)
    title = names if len(corpora) == 1 else f"{len(corpora)} recordings"
    first, last = f"first {train_share:.0%}", f"last {1 - train_share:.0%}"
    train = together(f"{title}, {first}", [corpus.take(slice(cut)) for corpus, cut in parts])
    test = together(f"{title}, {last}", [corpus.take(slice(cut, None)) for corpus, cut in parts])
    note = (
        f"Trained on the normal records among the {first} of each of {names}; tested on the "
        f"{last}, which came later."
    )
    return Protocol("time-split", train, _attacks(train), {test.name: test}, (note,))


def together(name: str, parts: Sequence[LabelledMatrix]) -> LabelledMatrix:
    """The records of several files of one schema, in their order; defects are added up.

    Times are left out: recordings have no clock in common.

    Raises:
        InputError: there is no file.
        SchemaMismatch: two of them have different features.
    """
    features = concatenate([part.features for part in parts])
    labels = Labels(
        np.concatenate([part.labels.attack for part in parts]),
        np.concatenate([part.labels.family for part in parts]),
    )
    defects: Counter[str] = Counter()
    for part in parts:
        defects.update(part.defects)
    return LabelledMatrix(name, features, labels, dict(defects))


def _attacks(corpus: LabelledMatrix) -> frozenset[str]:
    return frozenset(str(attack) for attack in corpus.labels.attack[corpus.labels.is_attack])

"""Loaders and corpora that each break a single promise, made from one that keeps all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import MalformedInput, OddflowError
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, Labels
from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.datasets.corpora import Loader, ReadableCorpus
from oddflow.datasets.download import ProgressCallback
from oddflow.datasets.duplicates import AMBIGUOUS, REPEATED
from tests.datasets import made_up
from tests.datasets.made_up import MADE_UP, SCHEMA, load_made_up

Change = Callable[[LabelledMatrix], LabelledMatrix]


def _loader(change: Change) -> Loader:
    """Loads as it should, and then changes the records."""

    @wraps(load_made_up)
    def load(
        name: str, /, *, data_dir: Path | None = None, on_progress: ProgressCallback | None = None
    ) -> LabelledMatrix:
        return change(load_made_up(name, data_dir=data_dir, on_progress=on_progress))

    return load


def _with_features(change: Callable[[FeatureMatrix], FeatureMatrix]) -> Loader:
    return _loader(lambda corpus: replace(corpus, features=change(corpus.features)))


def _with_attacks(rename: Callable[[str], str]) -> Loader:
    def change(corpus: LabelledMatrix) -> LabelledMatrix:
        attack = np.array([rename(name) for name in corpus.labels.attack], dtype=object)
        return replace(corpus, labels=Labels(attack, attack))

    return _loader(change)


def _with_column(name: str, kind: Kind, values: NDArray[np.float64] | None) -> Loader:
    """One more numeric feature; None for the label itself."""

    def change(corpus: LabelledMatrix) -> LabelledMatrix:
        feature = Feature(name=name, kind=kind, group="window", meaning="one more")
        schema = FeatureSchema("made up", (*SCHEMA.features, feature))
        column = corpus.labels.is_attack.astype(float) if values is None else values
        numeric = np.column_stack([corpus.features.numeric, column[: len(corpus)]])
        return replace(corpus, features=FeatureMatrix(schema, numeric, corpus.features.categorical))

    return _loader(change)


def _with_schema(**changed: str) -> Loader:
    """The first feature lacks something."""
    first = replace(SCHEMA.features[0], **changed)  # type: ignore[arg-type]
    schema = FeatureSchema("made up", (first, *SCHEMA.features[1:]))
    return _with_features(lambda f: replace(f, schema=schema))


def _in_one_group(features: FeatureMatrix) -> FeatureMatrix:
    schema = FeatureSchema("made up", tuple(replace(f, group="all") for f in SCHEMA.features))
    return replace(features, schema=schema)


def _of_other_levels(features: FeatureMatrix) -> FeatureMatrix:
    service, protocol = features.categorical
    return replace(features, categorical=(service, protocol._replace(levels=("sctp", "tcp"))))


def _unsorted_levels(features: FeatureMatrix) -> FeatureMatrix:
    service, protocol = features.categorical
    return replace(features, categorical=(service._replace(levels=("http", "-")), protocol))


def _two_families(corpus: LabelledMatrix) -> LabelledMatrix:
    family = corpus.labels.family.copy()
    family[np.flatnonzero(corpus.labels.is_attack)[0]] = "another"
    return replace(corpus, labels=Labels(corpus.labels.attack, family))


def _normal_family(corpus: LabelledMatrix) -> LabelledMatrix:
    family = np.full(len(corpus), "normal", dtype=object)
    return replace(corpus, labels=Labels(corpus.labels.attack, family))


def _each_time_another(corpus: LabelledMatrix) -> LabelledMatrix:
    return corpus.take(np.random.default_rng().permutation(len(corpus)))


_N_LOADED = itertools.count()


def _each_time_other_labels(corpus: LabelledMatrix) -> LabelledMatrix:
    attack = np.roll(corpus.labels.attack, next(_N_LOADED))
    return replace(corpus, labels=Labels(attack, attack))


def _unverified(
    name: str, /, *, data_dir: Path | None = None, on_progress: ProgressCallback | None = None
) -> LabelledMatrix:
    """Reads whatever stands there."""
    del on_progress
    path = (data_dir or Path()) / f"{name}.csv"
    return made_up.parse(path.read_bytes(), path)


def _lenient(
    name: str, /, *, data_dir: Path | None = None, on_progress: ProgressCallback | None = None
) -> LabelledMatrix:
    """Gives the records it had before, where there are none to read."""
    try:
        return load_made_up(name, data_dir=data_dir, on_progress=on_progress)
    except OddflowError:
        return made_up.parse(made_up.CONTENT.encode(), Path(name))


def _crashing(
    name: str, /, *, data_dir: Path | None = None, on_progress: ProgressCallback | None = None
) -> LabelledMatrix:
    """Lets an error of its own code out."""
    try:
        return load_made_up(name, data_dir=data_dir, on_progress=on_progress)
    except OddflowError as error:
        raise IndexError("list index out of range") from error


def _terse(
    name: str, /, *, data_dir: Path | None = None, on_progress: ProgressCallback | None = None
) -> LabelledMatrix:
    """Does not say what is wrong."""
    try:
        return load_made_up(name, data_dir=data_dir, on_progress=on_progress)
    except MalformedInput:
        raise MalformedInput("x", "bad file") from None


for _load in (_unverified, _lenient, _crashing, _terse):
    _load.__module__ = load_made_up.__module__

LOADERS: Mapping[str, Loader] = {
    "no meaning": _with_schema(meaning=""),
    "no group": _with_schema(group=""),
    "blanks in a name": _with_schema(name=" size"),
    "one group": _with_features(_in_one_group),
    "a rate of 2": _with_column("rate", Kind.RATE, np.full(99, 2.0)),
    "a flag of 2": _with_column("flag", Kind.FLAG, np.full(99, 2.0)),
    "a negative count": _with_column("count", Kind.COUNT, np.full(99, -1.0)),
    "a level of no list": _with_features(_of_other_levels),
    "levels out of order": _with_features(_unsorted_levels),
    "a feature named label": _with_column("true_label", Kind.NUMBER, np.arange(99.0)),
    "a feature that is the label": _with_column("size2", Kind.NUMBER, None),
    "a row too few": _loader(lambda corpus: corpus.take(slice(0, -1))),
    "another name": _loader(lambda corpus: replace(corpus, name="x")),
    "benign": _with_attacks(lambda name: "benign" if name == "normal" else name),
    "no plain word": _with_attacks(lambda name: "DoS Hulk" if name == "worm" else name),
    "an attack of two families": _loader(_two_families),
    "an attack of the normal family": _loader(_normal_family),
    "uncounted repeats": _loader(lambda c: replace(c, defects={AMBIGUOUS: c.defects[AMBIGUOUS]})),
    "uncounted contradictions": _loader(
        lambda c: replace(c, defects={REPEATED: c.defects[REPEATED]})
    ),
    "a defect of no rows": _loader(lambda c: replace(c, defects={**c.defects, "odd rows": 0})),
    "another order each time": _loader(_each_time_another),
    "other labels each time": _loader(_each_time_other_labels),
    "unverified": _unverified,
    "lenient": _lenient,
    "crashing": _crashing,
    "terse": _terse,
}
"""What is wrong -> a loader that is right but for that."""

_FILE = made_up.FILES[0]


def _with_files(**changed: object) -> ReadableCorpus:
    return replace(MADE_UP, files=(replace(_FILE, **changed),))  # type: ignore[arg-type]


def _with_corpus(**changed: str) -> ReadableCorpus:
    corpus = replace(made_up.CORPUS, **changed)
    return replace(MADE_UP, corpus=corpus, files=(replace(_FILE, corpus=corpus),))


def _undocumented() -> ReadableCorpus:
    """A loader from a module that says nothing of a corpus."""
    load = _loader(lambda corpus: corpus)
    load.__module__ = __name__
    return replace(MADE_UP, load=load)


CORPORA: Mapping[str, ReadableCorpus] = {
    "no terms": _with_corpus(terms=" "),
    "no citation": _with_corpus(citation=""),
    "no year": _with_corpus(citation="Nobody, 'Nothing'"),
    "no homepage": _with_corpus(homepage="example.org"),
    "undocumented": _undocumented(),
    "no hash": _with_files(sha256="unknown"),
    "no rows": _with_files(n_rows=0),
    "unsafe source": _with_files(urls=("http://example.org/flows.csv",)),
    "another's file": replace(
        MADE_UP, files=(replace(_FILE, corpus=_with_corpus(name="x").corpus),)
    ),
    "twice the same file": replace(MADE_UP, files=(_FILE, _FILE)),
    "crashing": replace(MADE_UP, load=_crashing),
}
"""What is wrong -> a corpus that is right but for that."""

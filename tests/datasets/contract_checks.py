"""What every loader of a corpus promises, one function a promise.

A check raises AssertionError where the promise is broken; `broken_loaders.py` holds a loader that
each of them must reject. What is promised of damaged files is in `damage_checks.py`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oddflow.core.matrix import LabelledMatrix, categories
from oddflow.core.schema import Feature, Kind
from oddflow.datasets.catalog import CorpusFile
from oddflow.datasets.corpora import ReadableCorpus
from oddflow.datasets.duplicates import AMBIGUOUS, REPEATED, counted

LABEL_NAMES = re.compile(
    r"(.*[-_ .])?(label|class|attack|attack_cat|attack_type|family|category|target|difficulty)s?",
    re.IGNORECASE,
)
BENIGN = re.compile(r"benign|background|legitimate|normal.+|.+normal|-|none|0", re.IGNORECASE)
NAME = re.compile(r"[a-z0-9][a-z0-9_&+-]*")


@dataclass(frozen=True, eq=False)
class Sample:
    """A file at hand, loaded twice.

    Attributes:
        subject: the corpus.
        file: its entry in the catalog.
        path: where it stands.
        corpus, again: what the loader gave, each time.
    """

    subject: ReadableCorpus
    file: CorpusFile
    path: Path
    corpus: LabelledMatrix
    again: LabelledMatrix


Check = Callable[[Sample], None]
SubjectCheck = Callable[[ReadableCorpus], None]


def sample_of(subject: ReadableCorpus, file: CorpusFile, path: Path) -> Sample:
    """Load a file twice from the folder it stands in."""
    corpus, again = (subject.load(file.name, data_dir=path.parent) for _ in range(2))
    return Sample(subject, file, path, corpus, again)


def check_features_are_described(sample: Sample) -> None:
    """Kind, group and meaning of each; names and groups fit for a report."""
    schema = sample.corpus.features.schema
    for feature in schema.features:
        assert isinstance(feature.kind, Kind), feature.name
        for what in ("name", "group", "meaning"):
            text = getattr(feature, what)
            assert text, f"{feature.name}: no {what}"
            assert text == text.strip(), f"{feature.name}: blanks around its {what}"
    assert 1 < len(schema.groups) < len(schema.features)


def check_values_obey_their_kind(sample: Sample) -> None:
    """Rates within 0 and 1, flags 0 or 1, counts not negative, names of the levels allowed."""
    features = sample.corpus.features
    assert features.numeric.dtype == np.float64
    for i, feature in enumerate(features.schema.numeric):
        values = features.numeric[:, i]
        assert _right_numbers(feature, values), f"{feature.name}: values that are no {feature.kind}"
    for feature, column in zip(features.schema.categorical, features.categorical, strict=True):
        assert list(column.levels) == sorted(set(column.levels)), f"{feature.name}: levels"
        used = {column.levels[code] for code in np.unique(column.codes)}
        assert all(used), f"{feature.name}: an empty name"
        if feature.levels:
            assert used <= set(feature.levels), f"{feature.name}: {used - set(feature.levels)}"


def _right_numbers(feature: Feature, values: NDArray[np.float64]) -> bool:
    match feature.kind:
        case Kind.COUNT:
            right = values >= 0
        case Kind.RATE:
            right = (values >= 0) & (values <= 1)
        case Kind.FLAG:
            right = np.isin(values, (0, 1))
        case _:
            right = np.isfinite(values)
    return bool(right.all() and np.isfinite(values).all())


def check_no_feature_is_a_label(sample: Sample) -> None:
    """None is called like one, and none says of every record what its label says."""
    features, labels = sample.corpus.features, sample.corpus.labels
    for name in features.schema.names:
        assert not LABEL_NAMES.fullmatch(name), f"{name}: the name of a label"
    truths = (labels.is_attack.astype(str), labels.attack, labels.family)
    answers = [codes for codes in (categories(truth).codes for truth in truths) if codes.any()]
    for name in features.schema.names:
        values = np.unique(features.column(name), return_inverse=True)[1].astype(np.int64)
        for answer in answers:
            assert not _same_partition(values, answer), f"{name}: says what the label says"


def _same_partition(one: NDArray[np.int64], other: NDArray[np.int32]) -> bool:
    """Whether two columns of codes divide the records into the same classes."""
    n_one, n_other = len(np.unique(one)), len(np.unique(other))
    return n_one == n_other == len(np.unique(one * (n_other + 1) + other))


def check_rows_are_those_of_the_catalog(sample: Sample) -> None:
    """As many records as published, under the name of the file."""
    assert len(sample.corpus) == len(sample.corpus.labels) == sample.file.n_rows
    assert sample.corpus.name == sample.file.name


def check_labels_are_plain(sample: Sample) -> None:
    """`normal` for benign, one word in lower case, and one family for each attack."""
    labels = sample.corpus.labels
    for names in (labels.attack, labels.family):
        for name in set(names):
            assert isinstance(name, str), name
            assert NAME.fullmatch(name), f"{name!r}: no plain label"
            assert name == "normal" or not BENIGN.fullmatch(name), f"{name!r} for normal"
    pairs = set(zip(labels.attack, labels.family, strict=True))
    assert len(pairs) == len(set(labels.attack)), f"attacks of several families: {pairs}"
    assert all((a == "normal") == (f == "normal") for a, f in pairs), pairs


def check_defects_are_counted(sample: Sample) -> None:
    """Each with its number of rows, and repeated and ambiguous rows among them."""
    defects = sample.corpus.defects
    for defect, n_rows in defects.items():
        assert n_rows > 0, f"{defect}: {n_rows!r}"
    found = counted(replace(sample.corpus, defects={})).defects
    for defect in (REPEATED, AMBIGUOUS):
        assert defects.get(defect, 0) == found.get(defect, 0), defect


def check_loading_twice_gives_the_same(sample: Sample) -> None:
    """Values, labels and defects."""
    one, other = sample.corpus, sample.again
    assert one.features.fingerprint() == other.features.fingerprint()
    assert np.array_equal(one.labels.attack, other.labels.attack)
    assert np.array_equal(one.labels.family, other.labels.family)
    assert dict(one.defects) == dict(other.defects)


def check_users_are_told(subject: ReadableCorpus) -> None:
    """Citation, terms and homepage; what is wrong with the corpus stands in its module."""
    corpus = subject.corpus
    for text in (corpus.name, corpus.folder, corpus.terms, corpus.citation):
        assert text.strip()
    assert re.search(r"\b(19|20)\d\d\b", corpus.citation), "a citation without its year"
    assert corpus.homepage.startswith("https://")
    page = sys.modules[subject.load.__module__].__doc__ or ""
    assert page.count("\n- ") >= 4, "the module says too little of what to know"
    for word in ("What to know before using it:", "- Terms: ", "defects"):
        assert word in page, f"the module's docstring lacks {word!r}"


def check_files_are_described(subject: ReadableCorpus) -> None:
    """Hashes, sizes and names that tell the files apart; the corpus that they belong to."""
    files = subject.files
    assert files
    assert len({file.name for file in files}) == len({file.sha256 for file in files}) == len(files)
    for file in files:
        assert file.corpus == subject.corpus
        assert re.fullmatch("[0-9a-f]{64}", file.sha256), file.name
        assert 0 < file.n_rows < file.n_bytes, file.name
        assert all(url.startswith("https://") for url in file.urls), file.name


FOR_FILES: tuple[Check, ...] = (
    check_features_are_described,
    check_values_obey_their_kind,
    check_no_feature_is_a_label,
    check_rows_are_those_of_the_catalog,
    check_labels_are_plain,
    check_defects_are_counted,
    check_loading_twice_gives_the_same,
)
"""Promises about the records of a file at hand."""

FOR_CORPORA: tuple[SubjectCheck, ...] = (check_users_are_told, check_files_are_described)
"""Promises that need no file."""

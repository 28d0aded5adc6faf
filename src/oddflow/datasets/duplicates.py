"""Records that occur more than once, and records whose features carry several labels.

Flow corpora hold many of both. Repeated records weigh more in training and in every figure, and
what stands in training and test alike is learnt by heart; records that differ in their label alone
are ones that no detector gets right. Loaders keep all rows as published and count them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from oddflow.core.matrix import LabelledMatrix, categories

REPEATED = "rows equal to an earlier row"
"""Key in `LabelledMatrix.defects`: rows with the features and attack of a row before them."""

AMBIGUOUS = "rows whose features carry several labels"
"""Key in `LabelledMatrix.defects`: rows with the features of one that has another attack."""

_ATTACK = "@attack"  # no feature of a corpus is called so


def counted(corpus: LabelledMatrix) -> LabelledMatrix:
    """The same corpus, its repeated and ambiguous rows counted in `defects` if there are any."""
    table = _table(corpus)
    groups = table.group_by(corpus.features.schema.names).agg(
        pl.len().alias("@rows"), pl.col(_ATTACK).n_unique().alias("@attacks")
    )
    n_distinct = int(groups["@attacks"].sum())
    n_ambiguous = int(groups.filter(pl.col("@attacks") > 1)["@rows"].sum())
    found = {REPEATED: len(corpus) - n_distinct, AMBIGUOUS: n_ambiguous}
    defects = {defect: n_rows for defect, n_rows in found.items() if n_rows}
    return replace(corpus, defects={**corpus.defects, **defects})


def without_duplicates(corpus: LabelledMatrix) -> LabelledMatrix:
    """The records of a corpus whose features and attack no earlier one has, in their order.

    Records with equal features and different attacks are all kept. `defects` still describes the
    corpus as published.

    >>> from oddflow.core.matrix import FeatureMatrix, Labels
    >>> from oddflow.core.schema import numbered_schema
    >>> features = FeatureMatrix(numbered_schema(1), np.array([[1.0], [1.0], [1.0], [2.0]]), ())
    >>> attack = np.array(["normal", "normal", "worm", "worm"], dtype=object)
    >>> corpus = LabelledMatrix("made up", features, Labels(attack, attack))
    >>> without_duplicates(corpus).labels.attack.tolist()
    ['normal', 'worm', 'worm']
    """
    first = (
        _table(corpus)
        .with_row_index("@row")
        .unique([*corpus.features.schema.names, _ATTACK], keep="first")
    )
    return corpus.take(np.sort(first["@row"].to_numpy()).astype(np.intp))


def _table(corpus: LabelledMatrix) -> pl.DataFrame:
    """One column a feature, codes in place of names, and one of the attack."""
    features = corpus.features
    pairs = zip(features.schema.categorical, features.categorical, strict=True)
    codes = {feature.name: column.codes for feature, column in pairs}
    numbers = {f.name: features.numeric[:, i] for i, f in enumerate(features.schema.numeric)}
    attack = categories(corpus.labels.attack).codes
    return pl.DataFrame({**numbers, **codes, _ATTACK: attack})

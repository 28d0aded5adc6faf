"""Which features tell the classes apart: by mutual information, and by Boruta.

Both look at labelled training records and at nothing else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError, MissingExtra
from oddflow.core.matrix import FeatureMatrix

MAX_RECORDS = 20_000
"""Records that a selection looks at; more are drawn from."""
BORUTA_ROUNDS = 30


def by_mutual_information(
    matrix: FeatureMatrix, classes: NDArray[np.object_], *, n_features: int, seed: int
) -> tuple[str, ...]:
    """The features that say most about the class, the best first.

    Mutual information is estimated from nearest neighbours for numbers (Ross, PLoS ONE 9, 2014)
    and counted for categories.

    Args:
        matrix: training records.
        classes: the class of each, shape (n,), strings.
        n_features: how many to give.
        seed: of the records drawn and of the estimate.

    Raises:
        InputError: fewer features than asked for, or lengths that disagree.
    """
    from sklearn.feature_selection import mutual_info_classif

    values, names, is_name = _table(matrix, classes, n_features)
    rows = _drawn(len(matrix), seed)
    information = mutual_info_classif(
        values[rows], classes[rows].astype(str), discrete_features=is_name, random_state=seed
    )
    return _best(names, information, n_features)


def by_boruta(
    matrix: FeatureMatrix, classes: NDArray[np.object_], *, n_features: int, seed: int
) -> tuple[str, ...]:
    """The features that Boruta finds most important, the best first.

    Boruta (Kursa and Rudnicki, Journal of Statistical Software 36, 2010) keeps the features that a
    random forest finds more important than shuffled copies of them. Those that it confirms come
    before the others; among them the median importance decides.

    Raises:
        InputError: fewer features than asked for, or lengths that disagree.
        MissingExtra: BorutaPy is not installed.
    """
    try:
        from boruta import BorutaPy
    except ImportError as error:
        raise MissingExtra(purpose="Boruta", package="boruta", extra="train") from error
    from sklearn.ensemble import RandomForestClassifier

    values, names, _ = _table(matrix, classes, n_features)
    rows = _drawn(len(matrix), seed)
    forest = RandomForestClassifier(max_depth=7, class_weight="balanced", random_state=seed)
    boruta = BorutaPy(forest, n_estimators=50, max_iter=BORUTA_ROUNDS, random_state=seed)
    boruta.fit(values[rows], classes[rows].astype(str))
    # The history starts with a row of zeros; a feature that was rejected has NaN from then on.
    importance = np.nan_to_num(np.nanmedian(boruta.importance_history_[1:], axis=0))
    return _best(names, importance - boruta.ranking_, n_features)


def _table(
    matrix: FeatureMatrix, classes: NDArray[np.object_], n_features: int
) -> tuple[NDArray[np.float64], tuple[str, ...], NDArray[np.bool_]]:
    """Numbers and codes of categories side by side, their names, and which of them are codes."""
    schema = matrix.schema
    if len(classes) != len(matrix) or not 0 < n_features <= len(schema.features):
        raise InputError(
            f"expected {len(matrix)} classes and 1 to {len(schema.features)} features to choose, "
            f"received {len(classes)} and {n_features}"
        )
    codes = [column.codes.astype(np.float64) for column in matrix.categorical]
    names = tuple(feature.name for feature in (*schema.numeric, *schema.categorical))
    is_name = np.arange(len(names)) >= len(schema.numeric)
    return np.column_stack([matrix.numeric, *codes]), names, is_name


def _drawn(n: int, seed: int) -> NDArray[np.intp]:
    return np.sort(np.random.default_rng(seed).permutation(n)[:MAX_RECORDS])


def _best(names: tuple[str, ...], worth: NDArray[np.float64], n: int) -> tuple[str, ...]:
    return tuple(names[i] for i in np.argsort(-worth, kind="stable")[:n])

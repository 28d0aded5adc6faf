"""What callers hand to a detector, brought to a FeatureMatrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from oddflow.core.errors import InputError, SchemaMismatch
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.schema import FeatureSchema, inferred_schema, numbered_schema


def to_matrix(records: Any, schema: FeatureSchema | None = None) -> FeatureMatrix:  # noqa: ANN401
    """Read records as features.

    Args:
        records: a FeatureMatrix; a pandas or polars data frame; or a two-dimensional array, of
            numbers or, with 41 columns of mixed type, of KDD features in their order.
        schema: what the columns must be; None to find out: KDD's 41 by their names, or else what
            the types of the columns say.

    Raises:
        InputError: not two-dimensional, or values that are not finite numbers where needed.
        SchemaMismatch: other columns than `schema`'s.
    """
    if isinstance(records, FeatureMatrix):
        return _expect(records, schema)
    if hasattr(records, "columns"):
        return _from_frame(records, schema)
    try:
        array = np.asarray(records)
    except ValueError as error:
        raise InputError(
            f"expected records as rows of a two-dimensional array, received {error}"
        ) from error
    if array.ndim != 2:
        raise InputError(
            f"expected records as rows of a two-dimensional array, received shape {array.shape}; "
            "wrap a single record in a list"
        )
    if schema is None:
        is_kdd = array.shape[1] == len(KDD41.features) and array.dtype.kind in "OU"
        schema = KDD41 if is_kdd else numbered_schema(array.shape[1])
    if array.shape[1] != len(schema.features):
        raise SchemaMismatch(
            expected=schema.names, received=[f"column {i}" for i in range(array.shape[1])]
        )
    return FeatureMatrix.from_columns(schema, dict(zip(schema.names, array.T, strict=True)))


def _from_frame(frame: Any, schema: FeatureSchema | None) -> FeatureMatrix:  # noqa: ANN401
    columns = {str(name): np.asarray(frame[name]) for name in frame.columns}
    if schema is None and set(columns) == set(KDD41.names):
        schema = KDD41
    if schema is None:
        schema = inferred_schema(
            list(columns), [column.dtype.kind not in "biuf" for column in columns.values()]
        )
    return FeatureMatrix.from_columns(schema, columns)


def _expect(matrix: FeatureMatrix, schema: FeatureSchema | None) -> FeatureMatrix:
    if schema is not None and matrix.schema.sha256 != schema.sha256:
        raise SchemaMismatch(expected=schema.names, received=matrix.schema.names)
    return matrix

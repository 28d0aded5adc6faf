"""Fewer columns than the encoding has: principal components, or the columns of chosen features."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.features.encode import Encoder

Array = NDArray[np.float32]


class Reduction(NamedTuple):
    """A linear map of encoded records.

    kernel (columns, m); bias (m,); slices: reduced columns that belong together, such as those of
    one feature, in order.
    """

    kernel: Array
    bias: Array
    slices: tuple[slice, ...]

    def apply(self, encoded: Array) -> Array:
        """Reduced records, shape (n, m)."""
        return np.asarray(encoded @ self.kernel + self.bias, dtype=np.float32)


def principal_components(encoded: Array, n_components: int) -> Reduction:
    """Onto the directions of largest variance of the training records, scaled to variance 1.

    Raises:
        InputError: more components than columns or records.
    """
    from sklearn.decomposition import PCA

    if not 0 < n_components <= min(encoded.shape):
        raise InputError(
            f"expected between 1 and {min(encoded.shape)} principal components, received "
            f"{n_components}"
        )
    pca = PCA(n_components, whiten=False, svd_solver="full").fit(encoded.astype(np.float64))
    kernel = pca.components_.T / np.sqrt(np.maximum(pca.explained_variance_, 1e-12))
    single = tuple(slice(i, i + 1) for i in range(n_components))
    return Reduction(kernel.astype(np.float32), (-pca.mean_ @ kernel).astype(np.float32), single)


def columns_of(encoder: Encoder, names: Collection[str]) -> Reduction:
    """The encoded columns of some features, in the order of the encoding.

    Raises:
        InputError: the encoder knows no such feature.
    """
    unknown = sorted(set(names) - set(encoder.slices))
    if unknown or not names:
        raise InputError(f"expected names of encoded features, received {unknown or 'none'}")
    slices = [columns for name, columns in encoder.slices.items() if name in names]
    chosen = np.concatenate([np.arange(columns.start, columns.stop) for columns in slices])
    kernel = np.eye(encoder.n_columns, dtype=np.float32)[:, chosen]
    ends = np.cumsum([columns.stop - columns.start for columns in slices]).tolist()
    starts = [0, *ends[:-1]]
    together = tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))
    return Reduction(kernel, np.zeros(len(chosen), dtype=np.float32), together)

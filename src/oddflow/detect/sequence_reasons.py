"""Why a connection is odd in its history: which features, of itself or of the connections before.

The two distances that a score is made of are sums over columns: with d the values less their means
and P the inverse of their covariance, d' P d = sum of d_j (P d)_j. A feature's part is the sum over
its columns in both distances, where a negative sum counts as nothing. Caps of the score are left
out of it. It says what the score rests on, and less than scoring again does
(`oddflow.detect.explain`): not what another value would change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.verdicts import Cause, Explanation
from oddflow.detect.heads import Parts, Whitened
from oddflow.detect.sequence_head import SequenceHead, SequenceParts
from oddflow.features.encode import Encoder
from oddflow.features.hosts import IntervalCode

Array = NDArray[np.float32]
INTERVAL = "seconds_since_previous"
"""Name of the time since the host's connection before among causes."""


@dataclass(frozen=True, eq=False)
class Reasons:
    """Means (k,) and whitenings (k, k) of the two distances.

    Raises:
        InputError: shapes that disagree, or a number that is not finite.
    """

    now_mean: Array
    now_whitening: Array
    history_mean: Array
    history_whitening: Array

    def __post_init__(self) -> None:
        n = len(self.now_mean)
        shapes = [array.shape for array in self.arrays().values()]
        if shapes != [(n,), (n, n)] * 2:
            raise InputError(f"expected means (k,) and whitenings (k, k), received {shapes}")
        for name, array in self.arrays().items():
            if array.dtype != np.float32 or not np.isfinite(array).all():
                raise InputError(f"{name}: expected finite 32-bit numbers")

    @classmethod
    def of(cls, head: SequenceHead) -> Reasons:
        """Those of a fitted head.

        Raises:
            InputError: it is not made of two Mahalanobis distances.
        """
        (now,), (history,) = head.now.heads, head.history.heads
        if not isinstance(now, Whitened) or not isinstance(history, Whitened):
            raise InputError("expected a head of two Mahalanobis distances, received another")
        return cls(now.mean, now.whitening, history.mean, history.whitening)

    def arrays(self) -> dict[str, Array]:
        """What has to be kept, by name."""
        return {
            "now_mean": self.now_mean,
            "now_whitening": self.now_whitening,
            "history_mean": self.history_mean,
            "history_whitening": self.history_whitening,
        }

    def explain(
        self,
        encoder: Encoder,
        interval: IntervalCode,
        records: FeatureMatrix,
        interval_s: NDArray[np.float64],
        parts: SequenceParts[Array],
        *,
        n_causes: int,
    ) -> list[Explanation]:
        """Causes of each record, the largest share first.

        What was expected is what the network rebuilt of the record in its history; without a
        network, what normal records have in the mean.

        Args:
            encoder: of the records.
            interval: of the time since the connection before.
            records: to explain, n of them.
            interval_s: since the connection before, shape (n,).
            parts: what the network says of them.
            n_causes: at most.
        """
        columns = self._credit(parts)
        credit = [columns[:, at].sum(axis=1) for at in encoder.slices.values()]
        credit = [np.maximum(one, 0) for one in (*credit, columns[:, -1])]
        shares = np.stack(credit, axis=1)
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        rebuilt = np.broadcast_to(
            self.now_mean[: parts.now.encoded.shape[1]], parts.now.encoded.shape
        )
        if parts.now.residual.shape[1]:
            rebuilt = parts.now.encoded - parts.now.residual
        codes = encoder.codes
        observed = [records.column(code.feature.name) for code in codes]

        def cause(row: int, i: int) -> Cause:
            if i == len(codes):
                return Cause(
                    feature=INTERVAL,
                    share=float(shares[row, i]),
                    observed=_plain(interval_s[row]),
                    expected=_plain(interval.decode(float(rebuilt[row, -1]))),
                )
            name = codes[i].feature.name
            return Cause(
                feature=name,
                share=float(shares[row, i]),
                observed=_plain(observed[i][row]),
                expected=_plain(codes[i].decode(rebuilt[row, encoder.slices[name]])),
            )

        order = np.argsort(-shares, axis=1, kind="stable")[:, :n_causes]
        return [
            Explanation(tuple(cause(row, i) for i in chosen if shares[row, i] > 0))
            for row, chosen in enumerate(order.tolist())
        ]

    def _credit(self, parts: SequenceParts[Array]) -> NDArray[np.float64]:
        """Part of each encoded column in both distances, shape (n, columns)."""
        now = _parts_of_distance(parts.now, self.now_mean, self.now_whitening)
        return now + _parts_of_distance(parts.history, self.history_mean, self.history_whitening)


def _parts_of_distance(parts: Parts[Array], mean: Array, whitening: Array) -> NDArray[np.float64]:
    """Part of each column of a step in one distance, its value and its residual added."""
    away = np.concatenate([parts.encoded, parts.residual], axis=1) - mean
    each = (away * (away @ whitening @ whitening.T)).astype(np.float64)
    n_columns = parts.encoded.shape[1]
    if not parts.residual.shape[1]:
        return each
    return each[:, :n_columns] + each[:, n_columns:]


def _plain(value: Any) -> float | str:  # noqa: ANN401 - an element of a column
    return value if isinstance(value, str) else float(f"{float(value):.6g}")

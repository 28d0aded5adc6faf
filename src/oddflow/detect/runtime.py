"""Runs a scorer graph in ONNX Runtime: bounded chunks, one thread, no training framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import ArtifactError, InputError
from oddflow.detect.graph_check import check_scorer_graph

CHUNK = 128
"""Records of one call: enough to fill the core's arithmetic, few enough to stay in its cache."""

OUTPUTS = ("score", "residual", "code")

_N_AXES = {"encoded": 2, "score": 1, "residual": 2, "code": 2}


class Scored(NamedTuple):
    """What a scorer says of n records.

    score (n,), higher is odder; residual (n, columns), input less reconstruction in encoded
    units; code (n, latent), the encoder's summary.
    """

    score: NDArray[np.float64]
    residual: NDArray[np.float32]
    code: NDArray[np.float32]


class Scorer:
    """A loaded scorer graph. The scores of a record do not depend on those scored with it.

    Attributes:
        n_columns: width of an encoded record.

    Raises:
        ArtifactError: the bytes are no scorer graph.
    """

    def __init__(self, model: bytes) -> None:
        import onnxruntime as ort

        check_scorer_graph(model, n_records=CHUNK)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session: Any = ort.InferenceSession(
                model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ArtifactError(f"the scorer graph cannot be loaded: {error}") from error
        inputs = {i.name: i for i in self._session.get_inputs()}
        outputs = {o.name: o for o in self._session.get_outputs()}
        if set(inputs) != {"encoded"} or set(outputs) != set(OUTPUTS):
            raise ArtifactError(
                f"expected a scorer graph from `encoded` to {', '.join(OUTPUTS)}, "
                f"received one from {sorted(inputs)} to {sorted(outputs)}"
            )
        self.n_columns, _, self._latent = (
            _width(value) for value in (inputs["encoded"], outputs["score"], outputs["code"])
        )
        self._try_out()

    def run(self, encoded: NDArray[np.float32]) -> Scored:
        """Score encoded records, shape (n, columns), and say what the score rests on.

        Raises:
            InputError: another width than the graph was made for.
        """
        n = len(encoded)
        scored = Scored(
            np.empty(n),
            np.empty((n, self.n_columns), dtype=np.float32),
            np.empty((n, self._latent), dtype=np.float32),
        )
        for rows, chunk in self._chunks(encoded):
            score, residual, code = self._session.run(OUTPUTS, {"encoded": chunk})
            scored.score[rows], scored.residual[rows], scored.code[rows] = score, residual, code
        return scored

    def scores(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Scores alone, shape (n,); the same as those of `run`, without copying the rest.

        Raises:
            InputError: another width than the graph was made for.
        """
        scores = np.empty(len(encoded))
        for rows, chunk in self._chunks(encoded):
            scores[rows] = self._session.run(OUTPUTS[:1], {"encoded": chunk})[0]
        return scores

    def _chunks(self, encoded: NDArray[np.float32]) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        if encoded.ndim != 2 or encoded.shape[1] != self.n_columns:
            raise InputError(
                f"expected encoded records of shape (n, {self.n_columns}), received {encoded.shape}"
            )
        for start in range(0, len(encoded), CHUNK):
            rows = slice(start, start + CHUNK)
            yield rows, np.ascontiguousarray(encoded[rows], dtype=np.float32)

    def _try_out(self) -> None:
        """Raise ArtifactError unless the graph does for two records what it says of itself."""
        two = np.zeros((2, self.n_columns), dtype=np.float32)
        try:
            found = self._session.run(OUTPUTS, {"encoded": two})
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ArtifactError(f"the scorer graph cannot be run: {error}") from error
        shapes = [part.shape for part in found]
        if shapes != [(2,), (2, self.n_columns), (2, self._latent)]:
            raise ArtifactError(f"the scorer graph gave {shapes} for two records")


def _width(value: Any) -> int:  # noqa: ANN401 - what ONNX Runtime says of an input or output
    """Numbers a record, 1 for a value without a second axis."""
    is_right = (
        value.type == "tensor(float)"
        and len(value.shape) == _N_AXES[value.name]
        and not isinstance(value.shape[0], int)
        and all(isinstance(width, int) and width > 0 for width in value.shape[1:])
    )
    if not is_right:
        raise ArtifactError(
            f"expected the scorer graph's `{value.name}` to hold 32-bit numbers on "
            f"{_N_AXES[value.name]} axes, the first of any length, received {value.type} of shape "
            f"{value.shape}"
        )
    return int(value.shape[1]) if len(value.shape) > 1 else 1

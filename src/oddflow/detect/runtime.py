"""Runs a scorer graph in ONNX Runtime: bounded chunks, no training framework.

A chunk is computed by one thread, so that the bits of a score depend neither on the records around
it nor on the number of threads, which take the chunks in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import ArtifactError, InputError
from oddflow.detect.graph_check import check_scorer_graph

CHUNK = 128
"""Records of one call: enough to fill the core's arithmetic, few enough to stay in its cache."""


class Scored(NamedTuple):
    """What an autoencoder's scorer says of n records.

    score (n,), higher is odder; residual (n, columns), input less reconstruction in encoded
    units; code (n, latent), the encoder's summary.
    """

    score: NDArray[np.float64]
    residual: NDArray[np.float32]
    code: NDArray[np.float32]


class RecordScorer(Protocol):
    """Gives encoded records a score each; all that detection and explanation need."""

    @property
    def n_columns(self) -> int:
        """Width of an encoded record."""
        ...

    def scores(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,)."""
        ...


@final
class Scorer:
    """A loaded scorer graph of an autoencoder.

    The scores of a record do not depend on those scored with it.

    Args:
        model: the serialised graph.
        threads: chunks scored side by side.

    Raises:
        ArtifactError: the bytes are no such graph.
    """

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        self._graph = GraphRunner(model, {"score": 1, "residual": 2, "code": 2}, threads=threads)

    @property
    def n_columns(self) -> int:
        """Width of an encoded record."""
        return self._graph.n_columns

    def run(self, encoded: NDArray[np.float32]) -> Scored:
        """Score encoded records, shape (n, columns), and say what the score rests on.

        Raises:
            InputError: another width than the graph was made for.
        """
        score, residual, code = self._graph.run(encoded, ("score", "residual", "code"))
        return Scored(score.astype(np.float64), residual, code)

    def residuals(self, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encoded records less their reconstruction, shape (n, columns).

        Raises:
            InputError: another width than the graph was made for.
        """
        return self._graph.run(encoded, ("residual",))[0]

    def scores(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Scores alone, shape (n,); the same as those of `run`, without copying the rest.

        Raises:
            InputError: another width than the graph was made for.
        """
        return self._graph.run(encoded, ("score",))[0].astype(np.float64)


@final
class ClassScorer:
    """A loaded scorer graph of a classifier.

    Its score is the logit of the likeliest attack less the logit of normal: above 0 where an
    attack is likelier than normal. It does not depend on the records scored with it.

    Raises:
        ArtifactError: the bytes are no such graph.
    """

    def __init__(self, model: bytes, *, threads: int = 1) -> None:
        self._graph = GraphRunner(model, {"score": 1, "logits": 2}, threads=threads)

    @property
    def n_columns(self) -> int:
        """Width of an encoded record."""
        return self._graph.n_columns

    @property
    def n_classes(self) -> int:
        """Classes it tells apart."""
        return self._graph.widths["logits"]

    def logits(self, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logarithms of the odds of the classes, up to a constant, shape (n, classes).

        Raises:
            InputError: another width than the graph was made for.
        """
        return self._graph.run(encoded, ("logits",))[0]

    def scores(self, encoded: NDArray[np.float32]) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,).

        Raises:
            InputError: another width than the graph was made for.
        """
        return self._graph.run(encoded, ("score",))[0].astype(np.float64)


@final
class GraphRunner:
    """A graph from `encoded` (n, columns) to outputs of known names, run chunk by chunk.

    Args:
        model: the serialised graph.
        n_axes: output -> its number of axes, 1 or 2; the first is that of the records.
        threads: chunks that are run side by side.

    Attributes:
        n_columns: width of an encoded record.
        widths: output -> numbers a record.

    Raises:
        ArtifactError: the bytes are no such graph.
    """

    def __init__(self, model: bytes, n_axes: Mapping[str, int], *, threads: int = 1) -> None:
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
        if set(inputs) != {"encoded"} or set(outputs) != set(n_axes):
            raise ArtifactError(
                f"expected a scorer graph from `encoded` to {', '.join(n_axes)}, "
                f"received one from {sorted(inputs)} to {sorted(outputs)}"
            )
        self.n_columns = _width(inputs["encoded"], 2)
        self.widths = {name: _width(outputs[name], axes) for name, axes in n_axes.items()}
        self._shapes = {
            name: () if axes == 1 else (self.widths[name],) for name, axes in n_axes.items()
        }
        self._try_out()
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def run(self, encoded: NDArray[np.float32], names: Sequence[str]) -> list[NDArray[np.float32]]:
        """The named outputs for encoded records, shape (n, columns).

        Raises:
            InputError: another width than the graph was made for.
        """
        if encoded.ndim != 2 or encoded.shape[1] != self.n_columns:
            raise InputError(
                f"expected encoded records of shape (n, {self.n_columns}), received {encoded.shape}"
            )
        found = [np.empty((len(encoded), *self._shapes[n]), dtype=np.float32) for n in names]

        def run_chunk(start: int) -> None:
            rows = slice(start, start + CHUNK)
            chunk = np.ascontiguousarray(encoded[rows], dtype=np.float32)
            for whole, part in zip(
                found, self._session.run(list(names), {"encoded": chunk}), strict=True
            ):
                whole[rows] = part

        starts = range(0, len(encoded), CHUNK)
        each = map if self._pool is None or len(starts) == 1 else self._pool.map
        for _ in each(run_chunk, starts):
            pass
        return found

    def _try_out(self) -> None:
        """Raise ArtifactError unless the graph does for two records what it says of itself."""
        two = np.zeros((2, self.n_columns), dtype=np.float32)
        try:
            found = self._session.run(list(self._shapes), {"encoded": two})
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ArtifactError(f"the scorer graph cannot be run: {error}") from error
        shapes = [part.shape for part in found]
        if shapes != [(2, *shape) for shape in self._shapes.values()]:
            raise ArtifactError(f"the scorer graph gave {shapes} for two records")


def _width(value: Any, n_axes: int) -> int:  # noqa: ANN401 - what ONNX Runtime says of a value
    """Numbers a record, 1 for a value without a second axis."""
    is_right = (
        value.type == "tensor(float)"
        and len(value.shape) == n_axes
        and not isinstance(value.shape[0], int)
        and all(isinstance(width, int) and width > 0 for width in value.shape[1:])
    )
    if not is_right:
        raise ArtifactError(
            f"expected the scorer graph's `{value.name}` to hold 32-bit numbers on "
            f"{n_axes} axes, the first of any length, received {value.type} of shape "
            f"{value.shape}"
        )
    return int(value.shape[1]) if len(value.shape) > 1 else 1

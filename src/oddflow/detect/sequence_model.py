"""A trained detector of sequences in use: connections in, scores out, histories kept between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.context import Context
from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix
from oddflow.core.verdicts import Threshold, Verdict
from oddflow.detect.calibrate import Calibration
from oddflow.detect.runtime import GraphRunner
from oddflow.detect.sequence_graph import HISTORY, NOW, SCORE, STATE, parts_of
from oddflow.detect.sequence_memory import Memory, StateMemory, WindowMemory
from oddflow.detect.sequence_reasons import Reasons
from oddflow.features.encode import Encoder
from oddflow.features.hosts import (
    MAX_HOSTS,
    By,
    IntervalCode,
    Rows,
    Seated,
    keys_of,
    new_seats,
    seat,
)


@dataclass(frozen=True, eq=False)
class SequenceModel:
    """Everything that scoring needs, and nothing that training needs.

    Attributes:
        encoder: records to numbers.
        interval: times between connections to numbers.
        by: whose history counts.
        length: steps of it.
        runner: of the graph.
        n_state: numbers that the graph keeps of a host; 0 for one that reads windows.
        calibration: scores of held-out normals.
        reasons: why a score is high.
    """

    encoder: Encoder
    interval: IntervalCode
    by: By
    length: int
    runner: GraphRunner
    n_state: int
    calibration: Calibration
    reasons: Reasons

    def start(self, *, n_hosts: int = MAX_HOSTS) -> SequenceStream:
        """A stream that has seen nothing yet.

        Args:
            n_hosts: whose histories are kept; beyond them, the one silent for longest is forgotten.
        """
        return SequenceStream(self, n_hosts=n_hosts)

    def score_samples(self, records: FeatureMatrix) -> NDArray[np.float64]:
        """Oddness of each connection of a whole recording, shape (n,).

        Raises:
            SchemaMismatch: other features than the model was trained on.
            InputError: the records have no context.
        """
        return self.start().score(records)


@final
class SequenceStream:
    """Scores the connections of one recording or network, block by block.

    However the connections are cut into blocks, the scores are the same.
    """

    def __init__(self, model: SequenceModel, *, n_hosts: int = MAX_HOSTS) -> None:
        self._model, self._seats = model, new_seats(n_hosts)
        self._memory = memory_for(
            model.length, model.encoder.n_columns + 1, model.n_state, n_hosts=n_hosts
        )

    @property
    def n_forgotten(self) -> int:
        """Histories that had to make room for others so far."""
        return int(self._seats.counts[1])

    def score(self, records: FeatureMatrix) -> NDArray[np.float64]:
        """Oddness of each of the next connections, shape (n,).

        Raises:
            SchemaMismatch: other features than the model was trained on.
            InputError: the records have no context.
        """
        _, (scores,) = self._run(records, (SCORE,))
        return scores.astype(np.float64)

    def detect(
        self, records: FeatureMatrix, threshold: Threshold, *, n_causes: int = 5
    ) -> Iterator[Verdict]:
        """Explained verdicts on those of the next connections that are above the threshold.

        The causes of a verdict are what is odd about the connection or about the history that ends
        with it, see `Reasons`; values are those of the connection.

        Raises:
            SchemaMismatch, InputError: as `score`.
        """
        seated, (scores, now, history) = self._run(records, (SCORE, NOW, HISTORY))
        exact = scores.astype(np.float64)
        rows = np.flatnonzero(threshold.flags(exact))
        explanations = self._model.reasons.explain(
            self._model.encoder,
            self._model.interval,
            records.take(rows),
            seated.interval_s[rows],
            parts_of(now[rows], history[rows], self._model.encoder.n_columns + 1),
            n_causes=n_causes,
        )
        p_values = self._model.calibration.p_values(exact[rows])
        for row, p_value, explanation in zip(rows, p_values, explanations, strict=True):
            yield Verdict(
                row=int(row),
                score=float(exact[row]),
                p_value=float(p_value),
                threshold=threshold.value,
                explanation=explanation,
            )

    def _run(
        self, records: FeatureMatrix, names: tuple[str, ...]
    ) -> tuple[Seated, list[NDArray[np.float32]]]:
        model = self._model
        context = require_context(records)
        encoded = model.encoder.transform(records)
        seated = seat(self._seats, keys_of(context, model.by), context.start_s)
        steps = with_interval(encoded, seated, model.interval)
        return seated, self._memory.run(model.runner, seated, steps, names)


def scorer_of(graph: bytes, n_state: int, *, threads: int = 1) -> GraphRunner:
    """A graph with a head, ready to run.

    Raises:
        ArtifactError: the bytes are no such graph.
    """
    axes = {SCORE: 1, NOW: 2, HISTORY: 2, **({STATE: 2} if n_state else {})}
    return GraphRunner(graph, axes, threads=threads)


def memory_for(length: int, n_columns: int, n_state: int, *, n_hosts: int = MAX_HOSTS) -> Memory:
    """Windows of `length` steps, or where a graph keeps a state, room for that."""
    if n_state:
        return StateMemory(n_state, n_hosts=n_hosts)
    return WindowMemory(length, n_columns, n_hosts=n_hosts)


def with_interval(encoded: Rows, seated: Seated, interval: IntervalCode) -> Rows:
    """Encoded records with the time since the connection before as one more column."""
    return np.concatenate([encoded, interval.encode(seated)], axis=1)


def require_context(records: FeatureMatrix) -> Context:
    """The context of records.

    Raises:
        InputError: they have none.
    """
    if records.context is None:
        raise InputError(
            "a detector of sequences needs to know between whom each connection was and when, and "
            "these records do not say (FeatureMatrix.context); give connections of a capture, a "
            "conn.log, eve.json, the lab or IoT-23, or use a detector of single records"
        )
    return records.context

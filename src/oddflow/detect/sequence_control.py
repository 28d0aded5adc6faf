"""The control beside every result on sequences: the same detector without order.

If a detector of sequences gains by the order in which a host's connections come, and by the times
between them, it must lose where both are shuffled. If it does not lose, it gains by what a host
does and not by when, and no claim about time is supported.
"""

from __future__ import annotations

from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.context import Context
from oddflow.core.detector import Detector
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.sequence_model import require_context


@final
class Shuffled:
    """Trains and scores a detector on connections that are shuffled inside their hosts.

    Each connection is given the time and the place of another one of the same originator, chosen
    without repetition: hosts, their connections, and the times at which each host is busy stay what
    they were. Shuffling goes over a whole recording, later parts of it included.

    Args:
        detector: the same that is judged without shuffling.
        seed: of the shuffling.
    """

    def __init__(self, detector: Detector, *, seed: int) -> None:
        self.detector, self.seed = detector, seed

    def fit(self, records: FeatureMatrix, /) -> Self:
        """Learn from normal connections without their order.

        Raises:
            InputError: no context, or what the detector refuses.
        """
        self.detector.fit(*self._shuffled(records)[:1])
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        """Oddness of each connection, shape (n,), in the order given.

        Raises:
            InputError: no context, or what the detector refuses.
        """
        shuffled, origin = self._shuffled(records)
        scores = np.empty(len(records))
        scores[origin] = self.detector.score_samples(shuffled)
        return scores

    @property
    def threshold_(self) -> float:
        """Score above which a connection is flagged."""
        return self.detector.threshold_

    def _shuffled(self, records: FeatureMatrix) -> tuple[FeatureMatrix, NDArray[np.intp]]:
        context = require_context(records)
        origin = shuffled_inside_hosts(context, self.seed)
        moved = records.take(origin)
        # Features and responders have moved; originators are the same, and times stay in place.
        kept = Context(context.originator, context.responder[origin], context.start_s)
        return FeatureMatrix(moved.schema, moved.numeric, moved.categorical, kept), origin


def shuffled_inside_hosts(context: Context, seed: int) -> NDArray[np.intp]:
    """For each place the connection that comes there, one of the same originator, shape (n,).

    >>> context = Context(np.array([1, 2, 1]), np.array([5, 5, 6]), np.array([0.0, 1.0, 2.0]))
    >>> shuffled_inside_hosts(context, 0).tolist()
    [2, 1, 0]
    """
    draws = np.random.default_rng(seed).random(len(context))
    places = np.argsort(context.originator, kind="stable")
    chosen = np.lexsort((draws, context.originator))
    origin = np.empty(len(context), dtype=np.intp)
    origin[places] = chosen
    return origin

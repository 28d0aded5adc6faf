"""An isolation forest as a score head: how few questions part a record from normal ones.

Source: Liu, Ting and Zhou, "Isolation Forest", ICDM 2008. A record that stands apart is parted
from a sample of normal records by few random questions "is column j at most t?". scikit-learn
grows the trees; here each is filled up to a complete one, so that all trees are walked at once by
looking up where every record goes next.

Departure from the source: the score is the negative of the mean path length, not two to the power
of it. The order of records is the same, and no power has to give the same bits everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.detect.graph import Graph
from oddflow.detect.heads import Parts

Array = NDArray[np.float32]

DEPTH = 8
"""Questions in a tree, at most: what parts the 256 records of a sample (section 4.2)."""
SAMPLE = 1 << DEPTH
EULER = 0.5772156649015329


@final
@dataclass(frozen=True, eq=False)
class IsolationForest:
    """A grown forest. Node i of a tree asks; its children are 2 i + 1 (yes) and 2 i + 2 (no).

    Attributes:
        columns: what each node asks about, shape (trees, 2^DEPTH - 1), int64.
        limits: at most what it may be for a yes, same shape.
        lengths: path length at each leaf, with what an unparted leaf would still take, shape
            (trees, 2^DEPTH).
    """

    columns: NDArray[np.int64]
    limits: Array
    lengths: Array

    @classmethod
    def fit(cls, encoded: Array, *, n_trees: int, seed: int) -> IsolationForest:
        """Grow trees on encoded normal records, shape (n, columns).

        Raises:
            InputError: there are fewer than two records.
        """
        from sklearn.ensemble import IsolationForest as Grower

        if len(encoded) < 2:
            raise InputError(
                f"an isolation forest takes 2 or more records, received {len(encoded)}"
            )
        grown = Grower(
            n_estimators=n_trees, max_samples=min(SAMPLE, len(encoded)), random_state=seed
        ).fit(encoded)
        trees = [_filled_up(estimator.tree_) for estimator in grown.estimators_]
        columns, limits, lengths = (np.stack(part) for part in zip(*trees, strict=True))
        return cls(columns, limits, lengths)

    def score(self, parts: Parts[Array]) -> Array:
        """See `oddflow.detect.heads.Head.score`."""
        encoded, n_trees = parts.encoded, len(self.columns)
        tree, row = np.arange(n_trees), np.arange(len(encoded))[:, None]
        node = np.zeros((len(encoded), n_trees), dtype=np.intp)
        for _ in range(DEPTH):
            asked = encoded[row, self.columns[tree, node]]
            node = 2 * node + 1 + (asked > self.limits[tree, node])
        leaf = node - self.columns.shape[1]
        return np.asarray(-self.lengths[tree, leaf].mean(axis=1), dtype=np.float32)

    def add_to(self, graph: Graph, parts: Parts[str]) -> str:
        """See `oddflow.detect.heads.Head.add_to`."""
        n_trees, n_nodes = self.columns.shape
        columns, limits = graph.constant(self.columns.ravel()), graph.constant(self.limits.ravel())
        one, two = graph.constant(np.int64(1)), graph.constant(np.int64(2))
        starts = graph.constant(np.arange(n_trees) * n_nodes)
        # At the root nothing depends on the record but its value: gathered once, then walked.
        asked = graph.op("Gather", parts.encoded, graph.constant(self.columns[:, 0]), axis=1)
        is_no = graph.op("Greater", asked, graph.constant(self.limits[:, 0]))
        node = graph.op("Add", graph.op("Cast", is_no, to=_INT64), one)
        for _ in range(DEPTH - 1):
            place = graph.op("Add", node, starts)
            column = graph.op("Gather", columns, place, axis=0)
            asked = graph.op("GatherElements", parts.encoded, column, axis=1)
            is_no = graph.op("Greater", asked, graph.op("Gather", limits, place, axis=0))
            ahead = graph.op("Add", graph.op("Mul", node, two), one)
            node = graph.op("Add", ahead, graph.op("Cast", is_no, to=_INT64))
        first_leaf = graph.constant(np.arange(n_trees) * (n_nodes + 1) - n_nodes)
        leaf = graph.op("Add", node, first_leaf)
        length = graph.op("Gather", graph.constant(self.lengths.ravel()), leaf, axis=0)
        return graph.weighted_sum(length, np.full(n_trees, -1 / n_trees))


_INT64 = 7
"""ONNX's number of the type."""


def _filled_up(tree: Any) -> tuple[NDArray[np.int64], Array, Array]:  # noqa: ANN401 - scikit-learn's
    """Columns, limits and path lengths of one tree as a complete one.

    A leaf above the last level goes on with questions that change nothing.
    """
    n_nodes = (1 << DEPTH) - 1
    columns = np.zeros(n_nodes, dtype=np.int64)
    limits = np.full(n_nodes, np.inf, dtype=np.float32)
    lengths = np.zeros(n_nodes + 1, dtype=np.float32)
    at = {0: (0, 0)}  # place in the complete tree -> node of the grown one, and its depth
    for place in range(n_nodes):
        node, depth = at.pop(place)
        is_leaf = tree.children_left[node] < 0
        if not is_leaf:
            columns[place] = tree.feature[node]
            limits[place] = _not_above(tree.threshold[node])
        yes = node if is_leaf else tree.children_left[node]
        no = node if is_leaf else tree.children_right[node]
        at[2 * place + 1], at[2 * place + 2] = (
            (child, depth + (not is_leaf)) for child in (yes, no)
        )
    for place, (node, depth) in at.items():
        lengths[place - n_nodes] = depth + average_path(int(tree.n_node_samples[node]))
    return columns, limits, lengths


def _not_above(limit: float) -> np.float32:
    """The largest 32-bit number that is not above a limit: no 32-bit value lies between."""
    near = np.float32(limit)
    return near if near <= limit else np.nextafter(near, np.float32(-np.inf))


def average_path(n: int) -> float:
    """Mean path length in a tree of n records (equation 1 of the source).

    >>> average_path(1), average_path(2), round(average_path(256), 3)
    (0.0, 1.0, 10.244)
    """
    if n <= 2:
        return float(max(n - 1, 0))
    return 2 * (float(np.log(n - 1)) + EULER) - 2 * (n - 1) / n

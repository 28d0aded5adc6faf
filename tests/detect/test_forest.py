"""The isolation forest: scikit-learn's trees, walked all at once."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
from numpy.testing import assert_allclose
from sklearn.ensemble import IsolationForest as Grower

from oddflow.core.errors import InputError
from oddflow.detect.forest import SAMPLE, IsolationForest, average_path
from oddflow.detect.graph import Graph
from oddflow.detect.heads import Parts


def test_path_lengths_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(1000, 6)).astype(np.float32)
    normals[:, 3] = np.round(normals[:, 3])  # equal values: leaves that are not parted further
    records = np.concatenate([normals[:200], normals[:200] * 3]).astype(np.float32)
    forest = IsolationForest.fit(normals, n_trees=30, seed=1)
    grown = Grower(n_estimators=30, max_samples=SAMPLE, random_state=1).fit(normals)
    lengths = -np.log2(-grown.score_samples(records)) * average_path(SAMPLE)
    scores = forest.score(Parts(records, records, records))
    assert_allclose(-scores, lengths, rtol=1e-3)
    assert np.abs(scores).max() > 0


def test_the_graph_gives_the_same_scores() -> None:
    rng = np.random.default_rng(2)
    normals = rng.normal(size=(400, 5)).astype(np.float32)
    forest = IsolationForest.fit(normals, n_trees=20, seed=0)
    graph = Graph()
    name = forest.add_to(graph, Parts("encoded", "encoded", "encoded"))
    graph.op("Identity", name, output="score")
    model = graph.model({"encoded": 5}, {"score": None}).SerializeToString()
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    records = (3 * rng.normal(size=(150, 5))).astype(np.float32)
    found = session.run(None, {"encoded": records})[0]
    assert_allclose(found, forest.score(Parts(records, records, records)), rtol=1e-5)


def test_few_records_give_a_forest_and_one_does_not() -> None:
    few = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    forest = IsolationForest.fit(few, n_trees=50, seed=0)
    far = np.array([[0.5], [50.0]], dtype=np.float32)
    near, away = forest.score(Parts(far, far, far))
    assert away > near
    with pytest.raises(InputError, match="received 1"):
        IsolationForest.fit(few[:1], n_trees=50, seed=0)

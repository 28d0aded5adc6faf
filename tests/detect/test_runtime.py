import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from oddflow.core.errors import ArtifactError, InputError
from oddflow.detect.build import scorer_graph
from oddflow.detect.heads import SquaredError
from oddflow.detect.runtime import Scorer
from tests.detect.oracle import layout_of, random_weights

LAYOUT = layout_of(4, 3)
GRAPH = scorer_graph(LAYOUT, random_weights(4, (5, 2), (3, 5), seed=0), SquaredError(7))


def test_another_width_is_refused_and_no_records_give_no_scores() -> None:
    scorer = Scorer(GRAPH)
    assert scorer.scores(np.zeros((0, 7), np.float32)).shape == (0,)
    for shape in ((3, 6), (7,), (1, 2, 7)):
        with pytest.raises(InputError, match=r"shape \(n, 7\)"):
            scorer.run(np.zeros(shape, np.float32))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_graph_are_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError, match="scorer graph"):
        Scorer(data)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GRAPH) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_graph_loads_or_is_refused(position: int, patch: bytes) -> None:
    damaged = GRAPH[:position] + patch + GRAPH[position + len(patch) :]
    try:
        scorer = Scorer(damaged)
    except ArtifactError:
        return
    assert scorer.n_columns > 0


def test_a_graph_of_another_kind_is_refused() -> None:
    def value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))

    graph = helper.make_graph(
        [helper.make_node("Relu", ["encoded"], ["score"])],
        "other",
        [value("encoded", "n", 7)],
        [value("score", "n", 7)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(ArtifactError, match=r"to \['score'\]"):
        Scorer(model.SerializeToString())

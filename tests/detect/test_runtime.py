"""The scorer takes what it was made for and refuses the rest."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from oddflow.core.errors import ArtifactError, InputError
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.build import scorer_graph
from oddflow.detect.heads import SquaredError
from oddflow.detect.runtime import Scorer
from tests.detect import oracle


@pytest.fixture(scope="module")
def graph() -> bytes:
    weights = oracle.random_weights(5, (3, 2), (3,), np.random.default_rng(0))
    return scorer_graph(oracle.layout_of((5,)), weights, SquaredError(5))


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 6), (3, 5, 1), ()])
def test_other_shapes_are_refused(graph: bytes, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"expected encoded records of shape \(n, 5\)"):
        Scorer(graph).run(np.zeros(shape, np.float32))


@pytest.mark.parametrize("n", [0, 1, 128, 129])
def test_what_it_says_has_a_row_for_each_record(graph: bytes, n: int) -> None:
    scored = Scorer(graph).run(np.ones((n, 5), np.float32))
    assert [part.shape for part in scored] == [(n,), (n, 5), (n, 2)]
    assert scored.score.dtype == np.float64


def test_other_orders_in_memory_and_double_precision_change_nothing(graph: bytes) -> None:
    encoded = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    expected = Scorer(graph).scores(encoded)
    assert (Scorer(graph).scores(np.asfortranarray(encoded)) == expected).all()
    assert (Scorer(graph).scores(encoded[::-1])[::-1] == expected).all()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_graph_are_refused(content: bytes) -> None:
    with pytest.raises(ArtifactError):
        Scorer(content)


@pytest.mark.parametrize("keep", [0, 1, 0.5, 0.99])
def test_a_cut_graph_is_refused(graph: bytes, keep: float) -> None:
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        Scorer(graph[: int(keep * len(graph)) if keep < 1 else len(graph) - 1])


def other_graph(
    inputs: dict[str, list[object]], outputs: dict[str, list[object]], kind: int = TensorProto.FLOAT
) -> bytes:
    """A valid graph of other inputs and outputs: each output is its input."""
    source = next(iter(inputs))
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Identity", [source], [name]) for name in outputs],
            "other",
            [helper.make_tensor_value_info(n, kind, s) for n, s in inputs.items()],
            [helper.make_tensor_value_info(n, kind, s) for n, s in outputs.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    serialized: bytes = model.SerializeToString()
    return serialized


WIDE: list[object] = ["n", 5]
ALL = {"score": WIDE, "residual": WIDE, "code": WIDE}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(other_graph({"x": WIDE}, ALL), id="another input"),
        pytest.param(other_graph({"encoded": WIDE}, {"score": WIDE}), id="outputs missing"),
        pytest.param(other_graph({"encoded": WIDE}, ALL), id="a score that is a matrix"),
        pytest.param(
            other_graph({"encoded": ["n"]}, dict.fromkeys(ALL, ["n"])), id="vectors throughout"
        ),
        pytest.param(
            other_graph({"encoded": ["n", "m"]}, dict.fromkeys(ALL, ["n", "m"])), id="any width"
        ),
        pytest.param(other_graph({"encoded": []}, dict.fromkeys(ALL, [])), id="single numbers"),
        pytest.param(other_graph({"encoded": WIDE}, ALL, TensorProto.DOUBLE), id="double"),
        pytest.param(other_graph({"encoded": WIDE}, ALL, TensorProto.INT64), id="integers"),
        pytest.param(other_graph({"encoded": [3, 5]}, dict.fromkeys(ALL, [3, 5])), id="3 records"),
    ],
)
def test_a_valid_graph_of_something_else_is_refused(other: bytes) -> None:
    with pytest.raises(ArtifactError):
        Scorer(other)


def test_weights_outside_the_file_are_refused(graph: bytes) -> None:
    """A graph may name a file that holds its weights; ours never does, so nothing else is read."""
    model = onnx.load_from_string(graph)
    constant = model.graph.initializer[0]
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    entry = constant.external_data.add()
    entry.key, entry.value = "location", "hosts"
    with pytest.raises(ArtifactError):
        Scorer(model.SerializeToString())


def test_one_thread_is_used(small_detector: LSTMAutoencoderDetector) -> None:
    options = small_detector.model_.scorer._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)

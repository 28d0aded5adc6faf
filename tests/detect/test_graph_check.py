import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from oddflow.core.errors import ArtifactError
from oddflow.detect.build import scorer_graph
from oddflow.detect.class_graph import class_graph
from oddflow.detect.forest import IsolationForest
from oddflow.detect.graph_check import OPERATORS, check_scorer_graph
from oddflow.detect.heads import Combination, Neighbours, Parts, SquaredError, Whitened
from oddflow.models.layers import (
    Activated,
    Affine,
    Convolution,
    LongShortTerm,
    Pooled,
    Recurrent,
    Repeated,
    Scaled,
    Shaped,
)
from tests.detect.oracle import layout_of, random_weights


def graph_of(nodes: Sequence[NodeProto], constants: Sequence[TensorProto] = ()) -> bytes:
    inputs = [helper.make_tensor_value_info("encoded", TensorProto.FLOAT, ["n", 4])]
    outputs = [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", None])]
    graph = helper.make_graph(nodes, "hostile", inputs, outputs, list(constants))
    opset = helper.make_opsetid("", 17)
    return bytes(helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString())


def autoencoder_graph(*widths: int) -> bytes:
    """Scored by a combination of all heads."""
    layout = layout_of(*widths)
    weights = random_weights(layout.width, (6, 3), (4, 6), seed=0)
    values = np.random.default_rng(0).normal(size=(50, sum(widths))).astype(np.float32)
    parts = Parts(values, values, values[:, :3])
    heads = (
        SquaredError(sum(widths)),
        Whitened.fit(("residual", "encoded"), parts, cap=2.0, ridge=0.1),
        Neighbours(parts.code, 2),
    )
    return scorer_graph(layout, weights, Combination.fit(heads, (1.0, 1.0, 1.0), parts))


def forest_graph() -> bytes:
    """Scored by an isolation forest."""
    values = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    weights = random_weights(4, (3,), (4,), seed=0)
    return scorer_graph(layout_of(4), weights, IsolationForest.fit(values, n_trees=2, seed=0))


def classifier_graph() -> bytes:
    """With a layer of each kind."""

    def ones(*shape: int) -> np.ndarray:
        return np.ones(shape, dtype=np.float32)

    layers = (
        Affine(ones(3, 4), ones(4)),
        Activated("relu"),
        LongShortTerm(random_weights(4, (4,), (4,), seed=0).encoder[0], every_step=True),
        Scaled(ones(4), ones(4)),
        Convolution(ones(3, 4, 2), ones(2), (1, 1)),
        Activated("sigmoid"),
        Pooled("largest", 2, 1, (0, 1)),
        Pooled("mean", 3, 3, (0, 0)),
        Shaped((2,)),
        Repeated(2),
        Recurrent(ones(2, 4), ones(4, 4), ones(4), "tanh", 2, every_step=False),
        Activated("softmax"),
    )
    return class_graph(6, 4, layers, reduction=None, layout=layout_of(3, 2, 1))


def operators_of(graph: bytes) -> set[str]:
    return {node.op_type for node in onnx.load_from_string(graph).graph.node}


def test_our_own_graphs_pass() -> None:
    for widths in ((7,), (5, 3, 2), (4, 4, 4)):
        check_scorer_graph(autoencoder_graph(*widths), n_records=128)
    check_scorer_graph(classifier_graph(), n_records=128)
    check_scorer_graph(forest_graph(), n_records=128)


def test_no_operator_is_allowed_that_we_never_write() -> None:
    graphs = classifier_graph(), autoencoder_graph(5, 3, 2), forest_graph()
    assert set().union(*map(operators_of, graphs)) == OPERATORS


def refusal(kind: str, **settings: Any) -> str | None:  # noqa: ANN401 - of the operator
    """Why a graph with one such operator over 4 positions of 1 channel is refused, if it is."""
    constants = [
        numpy_helper.from_array(np.array([-1, 1, 4]), "shape"),
        numpy_helper.from_array(np.ones((1, 1, 2), np.float32), "kernel"),
        numpy_helper.from_array(np.array([1]), "axis"),
    ]
    inputs = ["positions", "kernel"] if kind == "Conv" else ["positions"]
    nodes = [
        helper.make_node("Reshape", ["encoded", "shape"], ["positions"]),
        helper.make_node(kind, inputs, ["wide"], **settings),
        helper.make_node("Squeeze", ["wide", "axis"], ["score"]),
    ]
    try:
        check_scorer_graph(graph_of(nodes, constants), n_records=128)
    except ArtifactError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Conv", {"kernel_shape": [2], "pads": [10**6, 10**6]}),
        ("MaxPool", {"kernel_shape": [10**9], "pads": [10**9 - 1, 10**9 - 1]}),
        ("AveragePool", {"kernel_shape": [10**9], "pads": [10**9 - 1, 10**9 - 1]}),
    ],
)
def test_padding_without_bounds_is_refused_before_it_is_made(
    kind: str, settings: dict[str, list[int]]
) -> None:
    assert refusal(kind, kernel_shape=[2], pads=[1, 1]) is None
    assert "more than 50,000,000 numbers" in str(refusal(kind, **settings))


def test_a_graph_that_doubles_itself_is_refused_before_it_runs() -> None:
    names = ["encoded", *[f"x{i}" for i in range(40)], "score"]
    nodes = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in itertools.pairwise(names)]
    with pytest.raises(ArtifactError, match=r"more than 50,000,000 numbers|cannot be read"):
        check_scorer_graph(graph_of(nodes), n_records=128)


@pytest.mark.parametrize(
    "kind", ["Loop", "Expand", "ConstantOfShape", "Scan", "If", "NonZero", "RNN", "ReduceSum"]
)
def test_operators_that_we_never_write_are_refused(kind: str) -> None:
    node = helper.make_node(kind, ["encoded"], ["score"])
    with pytest.raises(ArtifactError, match=f"uses {kind}"):
        check_scorer_graph(graph_of([node]), n_records=128)


def test_operators_of_other_domains_are_refused() -> None:
    node = helper.make_node("Add", ["encoded", "encoded"], ["score"], domain="com.evil")
    with pytest.raises(ArtifactError, match=r"com\.evil\.Add"):
        check_scorer_graph(graph_of([node]), n_records=128)


def test_numbers_in_other_files_are_refused() -> None:
    constant = numpy_helper.from_array(np.ones(4, np.float32), "c")
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value="/etc/passwd")
    node = helper.make_node("Add", ["encoded", "c"], ["score"])
    with pytest.raises(ArtifactError, match=r"other files|cannot be read"):
        check_scorer_graph(graph_of([node], (constant,)), n_records=128)


def test_too_many_nodes_are_refused() -> None:
    names = [f"x{i}" for i in range(2100)]
    nodes = [
        helper.make_node("Identity", [a], [b])
        for a, b in zip(["encoded", *names], [*names, "score"], strict=True)
    ]
    with pytest.raises(ArtifactError, match="nodes"):
        check_scorer_graph(graph_of(nodes), n_records=128)

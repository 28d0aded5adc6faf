import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from oddflow.core.errors import ArtifactError
from oddflow.detect.build import scorer_graph
from oddflow.detect.graph_check import check_scorer_graph
from oddflow.detect.heads import SquaredError
from tests.detect.oracle import layout_of, random_weights


def graph_of(nodes: Sequence[NodeProto], constants: Sequence[TensorProto] = ()) -> bytes:
    inputs = [helper.make_tensor_value_info("encoded", TensorProto.FLOAT, ["n", 4])]
    outputs = [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", None])]
    graph = helper.make_graph(nodes, "hostile", inputs, outputs, list(constants))
    opset = helper.make_opsetid("", 17)
    return bytes(helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString())


def test_our_own_graphs_pass() -> None:
    for layout in (layout_of(7), layout_of(5, 3, 2), layout_of(4, 4, 4)):
        weights = random_weights(layout.width, (6, 3), (4, 6), seed=0)
        head = SquaredError(layout.slices[-1].stop)
        check_scorer_graph(scorer_graph(layout, weights, head), n_records=128)


def test_a_graph_that_doubles_itself_is_refused_before_it_runs() -> None:
    names = ["encoded", *[f"x{i}" for i in range(40)], "score"]
    nodes = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in itertools.pairwise(names)]
    with pytest.raises(ArtifactError, match=r"more than 50,000,000 numbers|cannot be read"):
        check_scorer_graph(graph_of(nodes), n_records=128)


@pytest.mark.parametrize("kind", ["Loop", "Expand", "ConstantOfShape", "Scan", "If", "NonZero"])
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

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from oddflow.core.errors import ArtifactError, InputError
from oddflow.detect.build import scorer_graph
from oddflow.detect.class_graph import class_graph
from oddflow.detect.heads import SquaredError
from oddflow.detect.runtime import CHUNK, ClassScorer, Scorer
from oddflow.models.layers import Affine
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
        [helper.make_node("Tanh", ["encoded"], ["score"])],
        "other",
        [value("encoded", "n", 7)],
        [value("score", "n", 7)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(ArtifactError, match=r"to \['score'\]"):
        Scorer(model.SerializeToString())


def classifier_graph() -> bytes:
    """Three classes of seven columns."""
    kernel = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    layers = [Affine(kernel, np.zeros(3, dtype=np.float32))]
    return class_graph(7, 3, layers, reduction=None, layout=None)


def test_each_scorer_refuses_the_graph_of_the_other() -> None:
    assert (ClassScorer(classifier_graph()).n_columns, Scorer(GRAPH).n_columns) == (7, 7)
    with pytest.raises(
        ArtifactError, match=r"to score, logits, .* to \['code', 'residual', 'score'\]"
    ):
        ClassScorer(GRAPH)
    with pytest.raises(
        ArtifactError, match=r"to score, residual, code, .* to \['logits', 'score'\]"
    ):
        Scorer(classifier_graph())


def test_a_class_scorer_gives_logits_of_any_number_of_records() -> None:
    scorer = ClassScorer(classifier_graph())
    assert scorer.n_classes == 3
    encoded = np.random.default_rng(1).normal(size=(CHUNK + 3, 7)).astype(np.float32)
    assert scorer.logits(encoded).shape == (CHUNK + 3, 3)
    assert scorer.scores(encoded).shape == (CHUNK + 3,)
    assert scorer.logits(encoded[:0]).shape == (0, 3)
    for call in (scorer.logits, scorer.scores):
        with pytest.raises(InputError, match=r"shape \(n, 7\)"):
            call(encoded[:, :6])


@pytest.mark.parametrize("keep", [0, 1, len(GRAPH) // 2, len(GRAPH) - 1])
def test_a_cut_graph_is_refused(keep: int) -> None:
    with pytest.raises(ArtifactError, match="scorer graph"):
        Scorer(GRAPH[:keep])


def same_throughout(shape: list[int | str], kind: int = TensorProto.FLOAT) -> bytes:
    """A valid graph of the right names, whose outputs are all its input."""
    names = ("score", "residual", "code")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["encoded"], [name]) for name in names],
        "other",
        [helper.make_tensor_value_info("encoded", kind, shape)],
        [helper.make_tensor_value_info(name, kind, shape) for name in names],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(same_throughout(["n", 7]), id="a score that is a matrix"),
        pytest.param(same_throughout(["n"]), id="vectors"),
        pytest.param(same_throughout([]), id="single numbers"),
        pytest.param(same_throughout(["n", "m"]), id="any width"),
        pytest.param(same_throughout([3, 7]), id="three records"),
        pytest.param(same_throughout(["n", 7], TensorProto.DOUBLE), id="double"),
        pytest.param(same_throughout(["n", 7], TensorProto.INT64), id="integers"),
        pytest.param(same_throughout(["n", 7], TensorProto.STRING), id="text"),
    ],
)
def test_the_right_names_with_other_values_are_refused(other: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"expected the scorer graph's|does not say how many"):
        Scorer(other)


def test_a_graph_that_lies_about_its_shapes_is_refused() -> None:
    """It claims a score for each record and gives one for all."""
    model = onnx.load_from_string(GRAPH)
    last = next(node for node in model.graph.node if "score" in node.output)
    last.output[:] = ["each"]
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0]), "first"))
    model.graph.node.append(helper.make_node("Gather", ["each", "first"], ["score"], axis=0))
    with pytest.raises(ArtifactError, match=r"cannot be read|for two records"):
        Scorer(model.SerializeToString())


def test_weights_outside_the_graph_are_not_fetched() -> None:
    """ONNX may name files that hold weights; a model directory never does."""
    model = onnx.load_from_string(GRAPH)
    constant = model.graph.initializer[0]
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    entry = constant.external_data.add()
    entry.key, entry.value = "location", "pyproject.toml"
    with pytest.raises(ArtifactError, match="scorer graph keeps numbers in other files"):
        Scorer(model.SerializeToString())


def test_memory_order_changes_no_score() -> None:
    encoded = np.random.default_rng(0).normal(size=(9, 7)).astype(np.float32)
    expected = Scorer(GRAPH).scores(encoded)
    assert (Scorer(GRAPH).scores(np.asfortranarray(encoded)) == expected).all()
    assert (Scorer(GRAPH).scores(encoded[::-1])[::-1] == expected).all()

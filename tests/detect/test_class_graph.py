"""A classifier's graph says what Keras says, and its score is the attack's odds over normal's."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from oddflow.detect.class_graph import NETWORK_INPUT, class_graph, softmax
from oddflow.detect.recipes import RECIPES, Input
from oddflow.detect.runtime import ClassScorer
from oddflow.features.reduce import Reduction
from oddflow.features.windows import StepLayout
from oddflow.models.backend import import_keras
from oddflow.models.chain import Keras
from oddflow.models.classifier import LOGITS, Examples, Task
from oddflow.models.layers import Affine, layers_of
from oddflow.models.train import TrainSettings
from tests.contracts.checks import BATCHES
from tests.detect.oracle import layout_of
from tests.models.networks import randomise

N_CLASSES = 5
N_COLUMNS = 30
STEPS = layout_of(12, 5, 3, 10)
ONCE = TrainSettings(epochs=1, batch_size=32)
Array = NDArray[np.float32]


def random_array(*shape: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def layout_for(name: str) -> StepLayout | None:
    return None if RECIPES[name].input is Input.FLAT else STEPS


def network_of(name: str) -> Keras:
    """The network of a recipe, as its training leaves it, with other weights."""
    layout = layout_for(name)
    encoded = np.abs(random_array(40, N_COLUMNS, seed=1)).clip(0, 1)
    inputs = encoded if layout is None else layout.windows(encoded)
    classes = np.eye(N_CLASSES, dtype=np.float32)[np.arange(40) % N_CLASSES]
    data = Examples(inputs, classes)
    model = RECIPES[name].learn(Task(data, data, ONCE, 0), layout).model
    randomise(model, seed=3)
    return model


def graph_of(name: str, model: Keras, reduction: Reduction | None = None) -> bytes:
    return class_graph(
        N_COLUMNS if reduction is None else len(reduction.kernel),
        N_CLASSES,
        layers_of(model, until=LOGITS),
        reduction=reduction,
        layout=layout_for(name),
    )


def logits_by_keras(model: Keras, inputs: Array) -> Array:
    head = import_keras().Model(model.inputs, model.get_layer(LOGITS).output)
    return np.asarray(head.predict(inputs, batch_size=512, verbose=0))


@pytest.mark.parametrize("name", RECIPES)
def test_the_network_of_a_recipe_says_what_keras_says(name: str) -> None:
    model, layout = network_of(name), layout_for(name)
    scorer = ClassScorer(graph_of(name, model))
    assert (scorer.n_columns, scorer.n_classes) == (N_COLUMNS, N_CLASSES)
    encoded = random_array(300, N_COLUMNS, seed=2)
    inputs = encoded if layout is None else layout.windows(encoded)
    expected = logits_by_keras(model, inputs)
    found = scorer.logits(encoded)
    assert expected.std(axis=0).min() > 1e-3, "outputs that all are alike test nothing"
    assert np.abs(found - expected).max() <= 1e-5 * max(expected.std(), 1)
    scores = expected[:, 1:].max(axis=1) - expected[:, 0]
    assert np.abs(scorer.scores(encoded) - scores).max() <= 1e-5 * max(scores.std(), 1)
    whole, order = scorer.logits(encoded), np.random.default_rng(0).permutation(300)
    assert scorer.logits(encoded[order]).tobytes() == whole[order].tobytes(), "order"
    for size in BATCHES:
        parts = [scorer.logits(encoded[s : s + size]) for s in range(0, 300, size)]
        assert np.concatenate(parts).tobytes() == whole.tobytes(), f"batches of {size}"


def plain(kernel: Array, bias: Array, reduction: Reduction | None = None) -> ClassScorer:
    """Logits that are a linear map of the columns."""
    n_columns = len(kernel) if reduction is None else len(reduction.kernel)
    layers = [Affine(kernel, bias)]
    return ClassScorer(
        class_graph(n_columns, kernel.shape[1], layers, reduction=reduction, layout=None)
    )


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_the_score_is_the_likeliest_attacks_logit_less_normals(n_classes: int) -> None:
    scorer = plain(np.eye(n_classes, dtype=np.float32), np.zeros(n_classes, dtype=np.float32))
    logits = random_array(200, n_classes, seed=4)
    assert (scorer.logits(logits) == logits).all()
    expected = logits[:, 1:].max(axis=1) - logits[:, 0]
    assert scorer.scores(logits).dtype == np.float64
    assert (scorer.scores(logits) == expected).all()
    assert ((scorer.scores(logits) > 0) == (logits.argmax(axis=1) > 0)).all()


def test_a_tie_is_normal() -> None:
    scorer = plain(np.eye(3, dtype=np.float32), np.zeros(3, dtype=np.float32))
    assert scorer.scores(np.ones((1, 3), dtype=np.float32)).tolist() == [0]


def test_the_reduction_comes_before_the_network() -> None:
    reduction = Reduction(
        random_array(9, 4, seed=5),
        random_array(4, seed=6),
        tuple(slice(i, i + 1) for i in range(4)),
    )
    kernel, bias = random_array(4, 3, seed=7), random_array(3, seed=8)
    encoded = random_array(50, 9, seed=9)
    expected = reduction.apply(encoded) @ kernel + bias
    assert plain(kernel, bias, reduction).logits(encoded) == pytest.approx(expected, abs=1e-5)


def test_what_the_network_is_given_can_be_found_in_the_graph() -> None:
    """Keras is given this value where both are compared."""
    model = onnx.load_from_string(graph_of("rnn", network_of("rnn")))
    assert NETWORK_INPUT in {name for node in model.graph.node for name in node.output}
    shapes = onnx.shape_inference.infer_shapes(model).graph.value_info
    (found,) = (value for value in shapes if value.name == NETWORK_INPUT)
    sizes = [dim.dim_value for dim in found.type.tensor_type.shape.dim][1:]
    assert sizes == [STEPS.n_steps, STEPS.width]


def test_softmax_is_its_definition_and_does_not_overflow() -> None:
    logits = random_array(20, 4, seed=1)
    powers = np.exp(logits.astype(np.float64))
    assert softmax(logits) == pytest.approx(powers / powers.sum(axis=1, keepdims=True), rel=1e-12)
    large = np.array([[3e38, 0, -3e38]], dtype=np.float32)
    assert softmax(large).tolist() == [[1, 0, 0]]
    assert softmax(logits[:0]).shape == (0, 4)

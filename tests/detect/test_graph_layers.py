from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.detect.graph import Graph
from oddflow.detect.graph_layers import add_layers, add_windows
from oddflow.detect.runtime import CHUNK, GraphRunner
from oddflow.features.windows import StepLayout
from oddflow.models.chain import Keras
from oddflow.models.layers import (
    Activated,
    Affine,
    Convolution,
    Layer,
    LongShortTerm,
    Pooled,
    Recurrent,
    Scaled,
    Shaped,
    layers_of,
)
from tests.contracts.checks import BATCHES
from tests.detect.oracle import layout_of
from tests.models.networks import CHAINS, KINDS, inputs_of, with_two_outputs

Array = NDArray[np.float32]
NETWORKS = {**KINDS, **CHAINS}
LAYOUTS = [layout_of(122), layout_of(90, 13, 9, 10), layout_of(5, 17), layout_of(*[1] * 41)]


@cache
def built(name: str) -> Keras:
    """Each network is built, and compiled by Keras, once."""
    return NETWORKS[name]()


def runner(layers: Sequence[Layer], shape: Sequence[int], n_out: int) -> GraphRunner:
    """Layers for inputs of this shape, flat at both ends."""
    graph = Graph()
    value = add_layers(graph, "encoded", [Shaped(tuple(shape)), *layers, Shaped((n_out,))])
    graph.op("Identity", value, output="out")
    model = graph.model({"encoded": int(np.prod(shape))}, {"out": n_out})
    return GraphRunner(model.SerializeToString(), {"out": 2})


def exported(model: Keras, layers: Sequence[Layer]) -> Callable[[Array], Array]:
    """What the layers make of inputs of a model in ONNX Runtime; outputs are flat."""
    n_out = int(np.prod(model.outputs[0].shape[1:]))
    run = runner(layers, model.inputs[0].shape[1:], n_out).run
    return lambda inputs: run(inputs.reshape(len(inputs), -1), ("out",))[0]


def assert_computes_the_same(model: Keras, layers: Sequence[Layer]) -> None:
    inputs = inputs_of(model, 150)
    expected = model.predict(inputs, verbose=0, batch_size=150).reshape(150, -1)
    found = exported(model, layers)(inputs)
    assert expected.std(axis=0).max() > 0.01, "outputs that all are alike test nothing"
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def assert_company_changes_no_bit(run: Callable[[Array], Array], inputs: Array) -> None:
    whole, n = run(inputs), len(inputs)
    for size in BATCHES:
        parts = [run(inputs[start : start + size]) for start in range(0, n, size)]
        assert np.concatenate(parts).tobytes() == whole.tobytes(), f"batches of {size}"
    order = np.random.default_rng(0).permutation(n)
    assert run(inputs[order]).tobytes() == whole[order].tobytes(), "order"
    places = run(np.repeat(inputs[:1], CHUNK + 1, axis=0))
    assert {place.tobytes() for place in places} == {whole[0].tobytes()}, "place in a chunk"


@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_computes_what_keras_does(name: str) -> None:
    model = built(name)
    assert_computes_the_same(model, layers_of(model))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_record_gets_the_same_bits_in_any_company(name: str) -> None:
    model = built(name)
    assert_company_changes_no_bit(exported(model, layers_of(model)), inputs_of(model, 400))


def test_outputs_that_depend_on_company_are_noticed() -> None:
    graph = Graph()
    graph.op("Softmax", "encoded", output="out", axis=0)
    model = graph.model({"encoded": 3}, {"out": 3})
    run = GraphRunner(model.SerializeToString(), {"out": 2}).run
    inputs = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    with pytest.raises(AssertionError, match="batches of 1"):
        assert_company_changes_no_bit(lambda part: run(part, ("out",))[0], inputs)


def test_one_branch_is_exported_without_the_other() -> None:
    model = with_two_outputs()
    inputs = inputs_of(model, 50)
    logits, _ = model.predict(inputs, verbose=0)
    found = exported(model, layers_of(model, until="logits"))(inputs)
    np.testing.assert_allclose(found, logits, rtol=1e-5, atol=1e-5)


def swapped_gates(layer: LongShortTerm, first: int, second: int) -> LongShortTerm:
    """Two of the four gates in each other's place."""
    order = list(range(4))
    order[first], order[second] = second, first

    def swapped(array: Array) -> Array:
        gates = np.split(array, 4, axis=-1)
        return np.concatenate([gates[i] for i in order], axis=-1)

    return layer._replace(weights=type(layer.weights)(*map(swapped, layer.weights)))


DAMAGE: dict[str, tuple[str, type[Layer], Callable[..., Layer | None]]] = {
    "input and forget gate": ("lstm", LongShortTerm, lambda one: swapped_gates(one, 0, 1)),
    "candidate and output gate": ("lstm", LongShortTerm, lambda one: swapped_gates(one, 2, 3)),
    "input and output gate": ("lstm", LongShortTerm, lambda one: swapped_gates(one, 0, 3)),
    "shift forgotten": ("dnn", Scaled, lambda one: one._replace(shift=0 * one.shift)),
    "factor forgotten": ("dnn", Scaled, lambda one: one._replace(factor=0 * one.factor + 1)),
    "bias forgotten": ("dense", Affine, lambda one: one._replace(bias=0 * one.bias)),
    "activation forgotten": ("cnn", Activated, lambda _: None),
    "kernel reversed": ("cnn", Convolution, lambda one: one._replace(kernel=one.kernel[::-1])),
    "padding on the other side": (
        "convolution of even width",
        Convolution,
        lambda one: one._replace(pads=one.pads[::-1]),
    ),
    "pool padded on the other side": (
        "mean, padded",
        Pooled,
        lambda one: one._replace(pads=one.pads[::-1]),
    ),
    "mean for largest": ("flat cnn", Pooled, lambda one: one._replace(kind="mean")),
    "recurrence transposed": (
        "rnn",
        Recurrent,
        lambda one: one._replace(recurrent=one.recurrent.T),
    ),
    "other state": ("rnn", Recurrent, lambda one: one._replace(activation="tanh")),
}
"""What is wrong -> network, kind of the damaged layers, and the damage; None leaves them out."""


@pytest.mark.parametrize("wrong", DAMAGE)
def test_a_wrong_layer_is_noticed(wrong: str) -> None:
    name, kind, damage = DAMAGE[wrong]
    model = built(name)
    damaged = [damage(layer) if isinstance(layer, kind) else layer for layer in layers_of(model)]
    with pytest.raises(AssertionError, match="Not equal"):
        assert_computes_the_same(model, [layer for layer in damaged if layer is not None])


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: f"T={one.n_steps}")
def test_windows_are_those_of_the_layout(layout: StepLayout) -> None:
    graph, n_columns = Graph(), layout.slices[-1].stop
    flat = Shaped((layout.n_steps * layout.width,))
    value = add_layers(graph, add_windows(graph, "encoded", layout), [flat])
    graph.op("Identity", value, output="out")
    model = graph.model({"encoded": n_columns}, {"out": flat.shape[0]})
    run = GraphRunner(model.SerializeToString(), {"out": 2}).run
    encoded = np.random.default_rng(0).normal(size=(150, n_columns)).astype(np.float32)
    windows = run(encoded, ("out",))[0].reshape(150, layout.n_steps, layout.width)
    assert (windows == layout.windows(encoded)).all()
    assert (windows[:, layout.mask == 0] == 0).all()
    assert (windows[:, layout.mask == 1] == encoded).all()

from collections.abc import Callable

import numpy as np
import pytest

from oddflow.models.backend import import_keras
from oddflow.models.chain import Keras, UnsupportedLayer
from oddflow.models.layers import (
    READERS,
    Activated,
    Affine,
    Convolution,
    LongShortTerm,
    Pooled,
    Recurrent,
    Repeated,
    Scaled,
    Shaped,
    layers_of,
)
from tests.models.networks import CHAINS, KINDS, network, with_two_outputs


def tanh(x: Keras) -> Keras:
    """Not Keras', but of the same name."""
    return import_keras().ops.tanh(x) / 2


def test_a_dense_layer_is_its_weights_and_its_activation() -> None:
    model = KINDS["dense relu"]()
    kernel, bias = model.get_weights()
    affine, activated = layers_of(model)
    assert isinstance(affine, Affine)
    assert (affine.kernel == kernel).all()
    assert (affine.bias == bias).all()
    assert affine.kernel.dtype == affine.bias.dtype == np.float32
    assert activated == Activated("relu")


def test_a_missing_bias_is_zero() -> None:
    (affine,) = layers_of(KINDS["dense without bias"]())
    assert isinstance(affine, Affine)
    assert affine.bias.tolist() == [0] * 5


@pytest.mark.parametrize(
    ("settings", "factor", "shift"),
    [({}, 3 / 0.5, 7 - 2 * 6), ({"scale": False}, 2, 7 - 4), ({"center": False}, 6, -12)],
)
def test_batch_norm_is_a_factor_and_a_shift(
    settings: dict[str, bool], factor: float, shift: float
) -> None:
    layer = import_keras().layers.BatchNormalization(epsilon=0.05, **settings)
    model = network((1,), layer)
    values = {"gamma": 3, "beta": 7, "moving_mean": 2, "moving_variance": 0.2}
    for variable in layer.variables:
        variable.assign([values[variable.name]])
    (scaled,) = layers_of(model)
    assert isinstance(scaled, Scaled)
    assert scaled.factor == pytest.approx([factor])
    assert scaled.shift == pytest.approx([shift])


@pytest.mark.parametrize(
    ("width", "padding", "pads"),
    [(3, "same", (1, 1)), (4, "same", (1, 2)), (1, "same", (0, 0)), (4, "valid", (0, 0))],
)
def test_a_convolution_says_where_it_pads(width: int, padding: str, pads: tuple[int, int]) -> None:
    layer = import_keras().layers.Conv1D(2, width, padding=padding)
    (convolution,) = layers_of(network((9, 5), layer))
    assert isinstance(convolution, Convolution)
    assert convolution.kernel.shape == (width, 5, 2)
    assert convolution.pads == pads


@pytest.mark.parametrize(
    ("length", "width", "stride", "padding", "pads"),
    [
        (9, 2, 2, "valid", (0, 0)),
        (9, 2, 2, "same", (0, 1)),
        (10, 5, 2, "same", (1, 2)),
        (10, 2, 3, "same", (0, 1)),
        (9, 2, 3, "same", (0, 0)),
    ],
)
def test_a_pool_says_where_it_pads(
    length: int, width: int, stride: int, padding: str, pads: tuple[int, int]
) -> None:
    layer = import_keras().layers.MaxPooling1D(width, strides=stride, padding=padding)
    assert layers_of(network((length, 4), layer)) == (Pooled("largest", width, stride, pads),)


def test_a_pool_of_all_positions_is_as_wide_as_they_are() -> None:
    pooled, shaped = layers_of(KINDS["mean of all"]())
    assert pooled == Pooled("mean", 61, 61, (0, 0))
    assert shaped == Shaped((16,))


def test_recurrent_layers_say_which_states_they_give() -> None:
    first, second, _, _ = layers_of(CHAINS["rnn"]())
    assert isinstance(first, Recurrent)
    assert (first.activation, first.n_steps, first.every_step) == ("tanh", 4, True)
    assert isinstance(second, Recurrent)
    assert (second.activation, second.n_steps, second.every_step) == ("relu", 4, False)


def test_an_autoencoder_is_read_whole() -> None:
    encoder, repeated, decoder, output = layers_of(CHAINS["autoencoder"]())
    assert isinstance(encoder, LongShortTerm)
    assert not encoder.every_step
    assert repeated == Repeated(4)
    assert isinstance(decoder, LongShortTerm)
    assert decoder.every_step
    assert isinstance(output, Affine)


def test_what_does_nothing_after_training_is_left_out() -> None:
    layers = import_keras().layers
    silent = [
        layers.Dropout(0.5),
        layers.SpatialDropout1D(0.5),
        layers.GaussianNoise(1.0),
        layers.GaussianDropout(0.5),
        layers.Activation("linear"),
    ]
    assert layers_of(network((4, 3), *silent)) == ()


def test_every_kind_that_is_read_is_among_the_tested() -> None:
    tested = {type(layer).__name__ for build in KINDS.values() for layer in build().layers}
    assert tested == set(READERS)


def test_the_chain_stops_at_the_named_layer() -> None:
    model = with_two_outputs()
    logits = layers_of(model, until="logits")
    assert [type(layer) for layer in logits] == [LongShortTerm, Affine, Activated, Affine]
    rebuilt = layers_of(model, until="reconstruction")
    assert [type(layer) for layer in rebuilt] == [LongShortTerm, Repeated, LongShortTerm, Affine]
    assert len(layers_of(model, until="encoder")) == 1


def test_the_chain_is_that_of_this_network() -> None:
    """A layer may be used in other networks before and after."""
    keras = import_keras()
    shared = keras.layers.Dense(3, name="shared")
    first = keras.Input((3,))
    network((3,), keras.layers.Dense(3), shared)
    model = keras.Model(first, keras.layers.ReLU(name="own")(shared(first)))
    network((3,), keras.layers.BatchNormalization(), shared)
    assert [type(layer) for layer in layers_of(model, until="shared")] == [Affine]


def one_layer(shape: tuple[int | None, ...], make: Callable[[Keras], Keras]) -> Keras:
    keras = import_keras()
    inputs = keras.Input(shape, name="in")
    return keras.Model(inputs, make(keras.layers)(inputs))


UNSUPPORTED: dict[str, tuple[Callable[[Keras], Keras], str]] = {
    "kind": (lambda k: k.GRU(3, name="odd"), "layer odd: a GRU cannot be exported; expected one"),
    "activation": (lambda k: k.Dense(3, activation="elu", name="odd"), "odd: activation elu"),
    "own activation": (lambda k: k.Dense(3, activation=tanh), r"activation tests\.\S+\.tanh"),
    "stride": (lambda k: k.Conv1D(3, 2, strides=2), r"Conv1D with strides \(2,\)"),
    "dilation": (lambda k: k.Conv1D(3, 2, dilation_rate=2), r"dilation_rate \(2,\)"),
    "groups": (lambda k: k.Conv1D(4, 2, groups=2), "groups 2 cannot be exported; expected 1"),
    "causal": (lambda k: k.Conv1D(3, 2, padding="causal"), "causal .* expected same or valid"),
    "channels first": (lambda k: k.Flatten(data_format="channels_first"), "channels_first"),
    "pool": (lambda k: k.MaxPooling1D(2, data_format="channels_first"), "channels_first"),
    "kept axis": (lambda k: k.GlobalMaxPooling1D(keepdims=True), "keepdims True"),
    "other axis": (lambda k: k.BatchNormalization(axis=1), "axis 1 cannot .* expected -1 or 2"),
    "backwards": (lambda k: k.LSTM(3, go_backwards=True), "go_backwards True"),
    "states": (lambda k: lambda x: k.SimpleRNN(3, return_state=True)(x)[0], "return_state True"),
    "lstm activation": (lambda k: k.LSTM(3, activation="relu"), "activation relu"),
    "lstm gates": (lambda k: k.LSTM(3, recurrent_activation="tanh"), "recurrent_activation tanh"),
    "linear recurrence": (lambda k: k.SimpleRNN(3, activation=None), "activation linear"),
    "two inputs": (lambda k: lambda x: k.Add(name="odd")([x, x]), "odd: .* one input, .* of 2"),
    "training": (lambda k: lambda x: k.Dropout(0.5)(x, training=True), "training=True for good"),
    "arithmetic": (lambda _: lambda x: x * 2.0, "a Multiply cannot be exported"),
}


@pytest.mark.parametrize("wrong", UNSUPPORTED)
def test_what_cannot_be_exported_is_refused(wrong: str) -> None:
    make, message = UNSUPPORTED[wrong]
    model = one_layer((4, 6), make)
    with pytest.raises(UnsupportedLayer, match=message):
        layers_of(model)


def test_a_class_of_the_same_name_is_refused() -> None:
    keras = import_keras()
    own = type("Dense", (keras.layers.Dense,), {"__module__": "own"})
    with pytest.raises(UnsupportedLayer, match=r"a own\.Dense cannot be exported"):
        layers_of(one_layer((3,), lambda _: own(3)))


def test_steps_of_any_number_are_refused() -> None:
    with pytest.raises(UnsupportedLayer, match=r"input in: .* received \(None, 3\)"):
        layers_of(one_layer((None, 3), lambda k: k.LSTM(2)))


def test_a_network_without_shape_is_refused() -> None:
    keras = import_keras()
    model = keras.Sequential([keras.layers.Dense(3)])
    with pytest.raises(UnsupportedLayer, match="expected one output, received 0"):
        layers_of(model)


def test_one_of_several_outputs_must_be_named() -> None:
    with pytest.raises(UnsupportedLayer, match="expected one output, received 2"):
        layers_of(with_two_outputs())


def test_a_name_that_no_layer_has_is_refused() -> None:
    with pytest.raises(UnsupportedLayer, match=r"'softmax' .* received 0; there are .*logits"):
        layers_of(with_two_outputs(), until="softmax")


def test_a_layer_that_is_used_twice_is_no_place_to_stop() -> None:
    twice = import_keras().layers.Dense(3, name="twice")
    model = one_layer((3,), lambda _: lambda x: twice(twice(x)))
    with pytest.raises(UnsupportedLayer, match="received 2"):
        layers_of(model, until="twice")
    assert len(layers_of(model)) == 2

"""One seed decides the first weights of every kind of layer, and what training leaves out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from oddflow.models.ann import build_ann
from oddflow.models.backend import import_keras
from oddflow.models.classifier import learn
from oddflow.models.cnn import Sizes, build_cnn
from oddflow.models.dnn import build_dnn
from oddflow.models.recurrent import build_lstm, build_rnn
from oddflow.models.seeded import MAX_DRAWS, SeededLayers
from tests.models.tasks import flat_weights, task

BUILDERS: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "ann": (build_ann, (9,)),
    "dnn": (build_dnn, (9,)),
    "cnn": (lambda *args: build_cnn(*args, sizes=Sizes()), (9,)),
    "rnn": (build_rnn, (3, 4)),
    "lstm": (build_lstm, (3, 4)),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_the_seed_decides_the_first_weights(name: str) -> None:
    build, shape = BUILDERS[name]
    first, again, other = (flat_weights(build(shape, 3, seed)) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)


@pytest.mark.parametrize("name", ["dnn", "cnn", "lstm"])
def test_the_seed_decides_what_training_leaves_out(name: str) -> None:
    """Trained twice, dropout included, a network ends with the same bits."""
    build, shape = BUILDERS[name]
    first, again, other = (
        flat_weights(learn(task(shape, n=64, seed=seed), build).model) for seed in (3, 3, 4)
    )
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)


def test_dropout_takes_seeds_of_its_own() -> None:
    """With other seeds for the dropped units, the same first weights lead elsewhere."""
    keras = import_keras()
    ends = []
    for seed in (0, 0, 1):
        model = keras.Sequential(
            [
                keras.Input((5,)),
                keras.layers.Dense(8, kernel_initializer=initial(2)),
                SeededLayers(seed).dropout(0.5),
                keras.layers.Dense(3, kernel_initializer=initial(3)),
            ]
        )
        ends.append(flat_weights(learn(task((5,), n=64), lambda *_, model=model: model).model))
    assert ends[0].tobytes() == ends[1].tobytes()
    assert not np.allclose(ends[0], ends[2])


def initial(seed: int) -> Any:  # noqa: ANN401 - a Keras initializer
    return import_keras().initializers.GlorotUniform(seed=seed)


def test_layers_of_one_network_start_differently() -> None:
    layers = SeededLayers(0)
    keras = import_keras()
    inputs = keras.Input((6,))
    model = keras.Model(inputs, layers.dense(6)(layers.dense(6)(inputs)))
    first, _, second, _ = model.get_weights()
    assert (first != second).any()


def test_relu_starts_wider_than_the_others() -> None:
    """He's bound is sqrt(6 / fan in), Glorot's sqrt(6 / (fan in + fan out))."""
    keras, layers = import_keras(), SeededLayers(0)
    inputs = keras.Input((50,))
    for activation, bound in (("relu", np.sqrt(6 / 50)), ("sigmoid", np.sqrt(6 / 250))):
        kernel = keras.Model(inputs, layers.dense(200, activation)(inputs)).get_weights()[0]
        assert np.abs(kernel).max() == pytest.approx(bound, rel=0.01)
        assert np.abs(kernel).max() <= bound * (1 + 1e-6)


def test_there_are_as_many_seeds_as_promised() -> None:
    layers = SeededLayers(0)
    for _ in range(MAX_DRAWS):
        layers.dropout(0.1)
    with pytest.raises(StopIteration):
        layers.dropout(0.1)

"""The form of the network that trains fast computes what the network computes."""

from typing import Any

import numpy as np
import pytest

from oddflow.models.backend import import_keras
from oddflow.models.classifier import fine_tune
from oddflow.models.cnn import Sizes, build_cnn, learn_cnn
from tests.models.networks import randomise
from tests.models.tasks import flat_weights, task

SIZES = {
    "as used": Sizes(filters=(4, 6), n_hidden=16),
    "penalties": Sizes(filters=(4, 6), n_hidden=16, l1=1e-3, l2=1e-2),
    "wide": Sizes(filters=(5,), width=5, n_hidden=16),
    "three": Sizes(filters=(6, 8, 8), n_hidden=16),
    "one column": Sizes(filters=(6, 8), width=1, n_hidden=16),
}
LENGTHS = (8, 9, 11, 13, 16, 31)


def twins(length: int, sizes: Sizes) -> tuple[Any, Any]:
    """Both forms with the same random weights."""
    twin, network = (build_cnn((length,), 3, 0, sizes=sizes, is_twin=t) for t in (True, False))
    randomise(twin, seed=1)
    give(twin, network)
    return twin, network


def give(twin: Any, network: Any) -> None:  # noqa: ANN401 - keras.Models
    """Weights in the same order, in the shape of the other."""
    own = network.get_weights()
    given = twin.get_weights()
    network.set_weights([g.reshape(o.shape) for g, o in zip(given, own, strict=True)])


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", SIZES)
def test_both_forms_compute_the_same(name: str, length: int) -> None:
    twin, network = twins(length, SIZES[name])
    rows = np.random.default_rng(0).normal(0, 3, size=(20, length)).astype(np.float32)
    expected = np.asarray(network(rows))
    assert expected.std(axis=0).min() > 0.01, "outputs that all are alike test nothing"
    assert np.asarray(twin(rows)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", ["as used", "penalties"])
def test_the_penalty_is_the_same_in_both(name: str) -> None:
    twin, network = twins(11, SIZES[name])
    sizes = SIZES[name]
    kernels = [w for w in network.get_weights() if w.ndim > 1][:-1]  # that of logits has none
    expected = sum(
        sizes.l1 * np.abs(kernel).sum() + sizes.l2 * np.square(kernel).sum() for kernel in kernels
    )
    for model in (twin, network):
        assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("length", [10, 13])
@pytest.mark.parametrize("name", ["as used", "penalties"])
def test_the_network_takes_over_what_the_twin_learnt(name: str, length: int) -> None:
    job = task((length,))
    learnt = learn_cnn(job, sizes=SIZES[name])
    twin = build_cnn((length,), 3, job.seed, sizes=SIZES[name], is_twin=True)
    before = flat_weights(twin)
    history = fine_tune(twin, job)
    assert history.loss == learnt.histories["training"].loss
    assert flat_weights(twin).tobytes() == flat_weights(learnt.model).tobytes()
    assert not np.allclose(before, flat_weights(twin))
    rows = job.held_out.rows
    logits = np.asarray(learnt.model(rows))
    assert logits == pytest.approx(np.asarray(twin(rows)), rel=1e-4, abs=1e-5)
    names = {type(layer).__name__ for layer in learnt.model.layers}
    assert {"Conv1D", "MaxPooling1D"} <= names
    assert not names & {"Concatenate", "Maximum", "Cropping1D"}


def test_the_penalty_is_a_part_of_the_loss_but_not_of_the_verdict() -> None:
    """Held-out rows are judged by their cross-entropy alone."""
    light, heavy = (
        learn_cnn(task((9,), epochs=4), sizes=SIZES["as used"]._replace(l2=l2)).histories[
            "training"
        ]
        for l2 in (0.0, 1.0)
    )
    assert heavy.loss[0] > light.loss[0] + 5
    assert heavy.loss[-1] < heavy.loss[0] - 1, "weights do not shrink"
    assert max(heavy.validation_loss) < 5


def test_a_wrong_reshaping_is_noticed() -> None:
    """With the neighbours in another order, the two forms disagree."""
    twin, network = twins(11, SIZES["as used"])
    weights = network.get_weights()
    network.set_weights([weights[0][::-1], *weights[1:]])
    rows = np.random.default_rng(0).normal(size=(20, 11)).astype(np.float32)
    assert np.asarray(twin(rows)) != pytest.approx(np.asarray(network(rows)), rel=1e-2, abs=1e-2)


def test_dropout_is_the_seeds() -> None:
    keras = import_keras()
    model = build_cnn((9,), 3, 0, sizes=Sizes(dropout=0.3))
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.3, 0.3]

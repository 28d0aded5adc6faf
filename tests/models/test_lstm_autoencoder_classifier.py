"""The proposed model: its head decides the best epoch, its decoder has a share in the loss."""

from typing import Any

import numpy as np
import pytest

from oddflow.models.backend import import_keras
from oddflow.models.classifier import Network
from oddflow.models.lstm_autoencoder import Widths, reconstruction_loss
from oddflow.models.lstm_autoencoder_classifier import learn_lstm_autoencoder_classifier
from oddflow.models.train import TrainSettings
from tests.models.tasks import flat_weights, task

SHAPE = (3, 4)
MASK = np.ones(SHAPE, dtype=np.float32)
MASK[2, 2:] = 0
PRE_TRAINING = TrainSettings(epochs=4, batch_size=32, learning_rate=1e-2)


def learnt(*, weight: float = 0.1, seed: int = 0, epochs: int = 3) -> Network:
    return learn_lstm_autoencoder_classifier(
        task(SHAPE, seed=seed, epochs=epochs),
        mask=MASK,
        widths=Widths(encoder=(6, 4), decoder=(6,)),
        n_hidden=5,
        dropout=0.1,
        pre_training=PRE_TRAINING,
        auxiliary_weight=weight,
    )


def held_out() -> tuple[Any, Any]:
    """Windows and classes by which the best epoch is chosen."""
    return task(SHAPE).held_out


def rebuilding_error(network: Network) -> float:
    rows, _ = held_out()
    _, rebuilt = network.model(rows)
    return float(np.asarray(reconstruction_loss(rows, rebuilt, MASK)).mean())


def head_loss(network: Network) -> float:
    """Cross-entropy of the logits, from its definition."""
    rows, classes = held_out()
    logits = np.asarray(network.model(rows)[0], dtype=np.float64)
    log_sum = np.log(np.exp(logits).sum(axis=1))
    return float((log_sum - (logits * classes).sum(axis=1)).mean())


def test_it_has_two_outputs_and_two_stages() -> None:
    network = learnt()
    assert [tuple(o.shape[1:]) for o in network.model.outputs] == [(3,), SHAPE]
    assert network.model.outputs[0].name == "logits" or network.model.get_layer("logits")
    assert list(network.histories) == ["pre-training", "fine-tuning"]


def test_pre_training_lowers_the_reconstruction_error() -> None:
    history = learnt().histories["pre-training"]
    assert len(history.loss) == PRE_TRAINING.epochs
    assert min(history.validation_loss) < history.validation_loss[0]
    assert history.loss[-1] < 0.95 * history.loss[0]


def test_the_decoder_has_a_share_in_the_loss() -> None:
    without, small, large = (learnt(weight=weight, epochs=8) for weight in (0.0, 0.1, 30.0))
    assert rebuilding_error(large) < 0.9 * rebuilding_error(without)
    assert not np.allclose(flat_weights(without.model), flat_weights(small.model))
    assert large.histories["fine-tuning"].loss[0] > 5 * without.histories["fine-tuning"].loss[0]
    assert without.histories["pre-training"].loss == large.histories["pre-training"].loss


def test_the_decoder_stays_as_it_was_where_it_has_no_share() -> None:
    """Its weights then are those of pre-training, whatever is fine-tuned."""
    short, long = (learnt(weight=0.0, epochs=epochs) for epochs in (1, 3))
    for name in ("decoder_0", "reconstruction"):
        first, second = (n.model.get_layer(name).get_weights() for n in (short, long))
        assert all((a == b).all() for a, b in zip(first, second, strict=True)), name
    first, second = (n.model.get_layer("encoder_0").get_weights() for n in (short, long))
    assert (first[0] != second[0]).any(), "the encoder learns the labels"


@pytest.mark.parametrize("weight", [0.0, 30.0])
def test_the_loss_of_the_head_alone_decides_the_best_epoch(weight: float) -> None:
    network = learnt(weight=weight)
    history = network.histories["fine-tuning"]
    best = history.validation_loss[history.best_epoch]
    assert best == min(history.validation_loss)
    assert head_loss(network) == pytest.approx(best, rel=1e-4)


def test_the_seed_decides_every_bit() -> None:
    first, again, other = (flat_weights(learnt(seed=seed).model) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, other)


def test_the_code_is_what_head_and_decoder_share() -> None:
    keras, network = import_keras(), learnt()
    code = network.model.get_layer("encoder_1").output
    rows, _ = held_out()
    parts = keras.Model(network.model.input, [code, *network.model.outputs])(rows)
    head = network.model.get_layer("logits")
    assert parts[0].shape == (len(rows), 4)
    assert np.asarray(parts[1]).shape == (len(rows), head.units)

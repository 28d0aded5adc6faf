"""Training the networks of sequences: what rows they are given, and how many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.evaluation import TrainingHistory
from oddflow.detect.calibrate import Split
from oddflow.detect.sequence_memory import WindowMemory
from oddflow.features.hosts import Rows, Seated, new_seats, seat
from oddflow.models.lstm_autoencoder import Widths
from oddflow.models.sequence_autoencoder import build_sequence_autoencoder, sequence_loss
from oddflow.models.sequence_stateful import build_stateful_autoencoder, stretch_loss
from oddflow.models.train import Epoch, LossFn, TrainSettings, train

HALF_STRETCH = 32
"""Steps of a stretch that carry loss, and steps before them that warm the state up."""
MAX_ROWS = 30_000
"""Windows that a network is trained on, at most; more are drawn from. Each may take 10 kB."""


class Material(NamedTuple):
    """Normal connections, ready to train on.

    steps: encoded, shape (n, columns); split: who may see which row; keys: whose history each
    belongs to in training, where histories end with a stretch of time, shape (n,); seated: where
    each belongs when scored, where they run on.
    """

    steps: Rows
    split: Split
    keys: NDArray[np.int64]
    seated: Seated


class Trained(NamedTuple):
    """A network and the losses of its training; None for both where there is none."""

    network: Any
    history: TrainingHistory | None


OnEpoch = Callable[[Epoch], None]


def sample(rows: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    """At most `MAX_ROWS` of the rows, in their order."""
    chosen = np.random.default_rng(seed).permutation(len(rows))[:MAX_ROWS]
    return rows[np.sort(chosen)]


def train_windowed(
    material: Material,
    length: int,
    widths: Widths,
    settings: TrainSettings,
    seed: int,
    on_epoch: OnEpoch | None,
) -> Trained:
    """Train on windows of `length` steps."""
    n_columns = material.steps.shape[1]
    network = build_sequence_autoencoder(length, n_columns, widths, seed=seed)
    fit, held_out = (sample(rows, seed) for rows in (material.split.fit, material.split.validation))
    windows = chosen_windows(material, length, np.concatenate([fit, held_out]))
    return _train(
        network, windows[: len(fit)], windows[len(fit) :], sequence_loss, settings, seed, on_epoch
    )


def chosen_windows(material: Material, length: int, rows: NDArray[np.intp]) -> Rows:
    """The windows that end with the given rows; all others are made on the way and dropped."""
    n_columns = material.steps.shape[1]
    chosen = np.empty((len(rows), length, n_columns + 1), dtype=np.float32)
    place = np.full(len(material.steps), -1)
    place[rows] = np.arange(len(rows))
    first, seated = 0, seat(new_seats(), material.keys, np.zeros(len(material.keys)))
    for windows in WindowMemory(length, n_columns).windows(seated, material.steps):
        places = place[first : first + len(windows)]
        chosen[places[places >= 0]] = windows[places >= 0]
        first += len(windows)
    return chosen


def train_stateful(
    material: Material,
    widths: Widths,
    settings: TrainSettings,
    seed: int,
    on_epoch: OnEpoch | None,
) -> Trained:
    """Train on stretches of histories."""
    fit, held_out = (
        stretches_of(material.steps[rows], material.keys[rows])
        for rows in (material.split.fit, material.split.validation)
    )
    network = build_stateful_autoencoder(
        2 * HALF_STRETCH,
        material.steps.shape[1],
        n_units=widths.encoder[0],
        n_code=widths.encoder[-1],
        n_hidden=widths.decoder[-1],
        seed=seed,
    )
    return _train(network, fit, held_out, stretch_loss, settings, seed, on_epoch)


def stretches_of(steps: Rows, keys: NDArray[np.int64], *, half: int = HALF_STRETCH) -> Rows:
    """Histories cut into stretches of twice `half` steps, for `build_stateful_autoencoder`.

    Each step carries loss in one stretch; the `half` steps before those of a stretch warm it up.

    Returns:
        Shape (stretches, 2 * half, columns + 2).
    """
    order = np.argsort(keys, kind="stable")
    begins = np.diff(keys[order], prepend=keys[order][0] + 1) != 0
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    turn, within = np.divmod(np.arange(len(order)) - first, half)
    own = np.cumsum(begins | (within == 0)) - 1  # number of the stretch
    stretches = np.zeros((own[-1] + 1, 2 * half, steps.shape[1] + 2), dtype=np.float32)
    stretches[:, :, -2] = 1
    place = np.where(turn == 0, 0, half) + within
    stretches[own, place, :-2], stretches[own, place, -2] = steps[order], 0
    stretches[own, place, -1] = 1
    has_next = np.isin(own + 1, own[turn > 0])
    warms, at = order[has_next], within[has_next]
    after = own[has_next] + 1
    stretches[after, at, :-2], stretches[after, at, -2] = steps[warms], 0
    return stretches


def _train(
    network: Any,  # noqa: ANN401 - a keras.Model
    fit: Rows,
    held_out: Rows,
    loss: LossFn,
    settings: TrainSettings,
    seed: int,
    on_epoch: OnEpoch | None,
) -> Trained:
    history = train(
        network,
        fit,
        fit,
        held_out=(held_out, held_out),
        loss=loss,
        settings=settings,
        seed=seed,
        on_epoch=on_epoch,
    )
    return Trained(network, history)

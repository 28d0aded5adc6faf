"""Training of the LSTM autoencoder on encoded normal records, for one network or several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.errors import InputError
from oddflow.core.evaluation import TrainingHistory
from oddflow.core.matrix import FeatureMatrix
from oddflow.detect.calibrate import Split
from oddflow.features.encode import Encoder
from oddflow.features.windows import StepLayout, Steps, step_layout
from oddflow.models.lstm_autoencoder import LOSSES, Widths, build_lstm_autoencoder
from oddflow.models.train import Epoch, TrainSettings, train


class Prepared(NamedTuple):
    """Records ready to train on: encoded by what the rows of `split.fit` taught, shape (n, k)."""

    encoder: Encoder
    layout: StepLayout
    encoded: NDArray[np.float32]
    split: Split


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What network to train, and how; the loss is one of `LOSSES`."""

    widths: Widths
    training: TrainSettings
    loss: str = "squared"

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise InputError(f"loss must be one of {', '.join(LOSSES)}, received {self.loss!r}")


def prepare(records: FeatureMatrix, split: Split, steps: Steps) -> Prepared:
    """Learn the encoding from the rows to fit, and encode all."""
    encoder = Encoder.fit(records.take(split.fit))
    return Prepared(encoder, step_layout(encoder, steps), encoder.transform(records), split)


def train_autoencoder(
    prepared: Prepared,
    settings: NetworkSettings,
    *,
    seed: int,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> tuple[Any, TrainingHistory]:
    """A `keras.Model` that rebuilds the windows of normal records, and its losses.

    Raises:
        MissingExtra: Keras is not installed.
    """
    _, layout, encoded, split = prepared
    windows = layout.windows(encoded[split.fit])
    held_out = layout.windows(encoded[split.validation])
    network = build_lstm_autoencoder(layout.n_steps, layout.width, settings.widths, seed=seed)
    history = train(
        network,
        windows,
        windows,
        held_out=(held_out, held_out),
        loss=partial(LOSSES[settings.loss], mask=layout.mask),
        settings=settings.training,
        seed=seed,
        on_epoch=on_epoch,
    )
    return network, history

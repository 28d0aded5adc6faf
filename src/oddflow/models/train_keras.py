"""Epochs on any other Keras backend (TensorFlow, PyTorch), by `keras.Model.fit`: slower, same."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from oddflow.models.train import Job


@final
class KerasTrainer:
    """Runs epochs by `fit`; see `oddflow.models.train.Trainer`."""

    def __init__(self, job: Job) -> None:
        job.model.compile(optimizer=job.optimizer, loss=job.loss)
        self._model, self._batch_size = job.model, job.batch_size
        self._rows, self._targets, self._held_out = job.rows, job.targets, job.held_out
        self._criterion = job.criterion

    def run(self, order: NDArray[np.intp]) -> float:
        """One pass over the training rows in the given order; the mean loss."""
        history = self._model.fit(
            self._rows[order],
            self._targets[order],
            batch_size=self._batch_size,
            shuffle=False,
            verbose=0,
        )
        return float(history.history["loss"][-1])

    def evaluate(self) -> float:
        """Mean loss of the held-out rows."""
        rows, targets = self._held_out
        outputs = self._model.predict(rows, batch_size=1024, verbose=0)
        return float(np.mean(np.asarray(self._criterion(targets, outputs))))

    def snapshot(self) -> list[Any]:
        """A copy of the weights."""
        return list(self._model.get_weights())

    def restore(self, snapshot: list[Any]) -> None:
        """Write the weights of a snapshot into the model."""
        self._model.set_weights(snapshot)

"""Small tasks of classification for networks, and what their weights are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.models.classifier import Examples, Task
from oddflow.models.train import TrainSettings

Array = NDArray[np.float32]
QUICK = TrainSettings(epochs=2, batch_size=32, learning_rate=1e-2)


def binary_rows(n: int, n_columns: int = 12, *, seed: int = 0) -> Array:
    """Rows of 0 and 1 that repeat three patterns, one column in twenty flipped."""
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(9).random((3, n_columns)) < 0.5
    chosen = patterns[rng.integers(0, 3, n)]
    return (chosen ^ (rng.random(chosen.shape) < 0.05)).astype(np.float32)


def examples(rows: Array, *, n_classes: int = 3) -> Examples:
    """Rows of a class each that a direction of their own decides."""
    flat = rows.reshape(len(rows), -1)
    directions = np.random.default_rng(5).normal(size=(flat.shape[1], n_classes))
    slots = (flat @ directions).argmax(axis=1)
    return Examples(rows, np.eye(n_classes, dtype=np.float32)[slots])


def task(shape: tuple[int, ...], *, n: int = 150, seed: int = 0, **settings: Any) -> Task:  # noqa: ANN401
    """Random rows of a shape and their classes."""
    rng = np.random.default_rng(1)
    fit, held_out = (rng.normal(size=(m, *shape)).astype(np.float32) for m in (n, 40))
    changed = {name: getattr(QUICK, name) for name in QUICK.__slots__} | settings
    return Task(examples(fit), examples(held_out), TrainSettings(**changed), seed)


def binary_task(*, n: int = 300, seed: int = 0) -> Task:
    """Rows of 0 and 1 and their classes."""
    parts = (binary_rows(n), binary_rows(60, seed=2))
    return Task(examples(parts[0]), examples(parts[1]), QUICK, seed)


def flat_weights(model: Any) -> Array:  # noqa: ANN401 - a keras.Model
    """All weights of a network in one row."""
    return np.concatenate([np.ravel(weight) for weight in model.get_weights()])

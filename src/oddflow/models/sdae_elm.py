"""SDAE-ELM: stacked denoising autoencoders find features, an extreme learning machine decides.

Sources: Vincent et al., "Stacked denoising autoencoders", Journal of Machine Learning Research 11
(2010); Huang, Zhu and Siew, "Extreme learning machine: theory and applications", Neurocomputing 70
(2006); put together for intrusion detection by Wang, Liu, He and Chan (2021). Each autoencoder
learns to rebuild its input from a noisy copy of it. The extreme learning machine is one hidden
layer of random weights, never trained; its output weights B solve, in closed form,

    (H'H + I / C) B = H'T                                        H: hidden units, T: one-hot classes

The original's sizes are not at hand; ours are the defaults of the recipe.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from oddflow.core.evaluation import TrainingHistory
from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS, Examples, Network, Task
from oddflow.models.seeded import SeededLayers
from oddflow.models.train import Rows, TrainSettings, train
from oddflow.models.weights import Array

SOLVED_AT_ONCE = 8192
"""Rows whose hidden units are in memory at once."""


def learn_sdae_elm(
    task: Task,
    *,
    widths: tuple[int, ...],
    noise: float,
    n_random: int,
    penalty: float,
    pre_training: TrainSettings,
) -> Network:
    """Train the autoencoders one on top of the other, then solve for the output weights.

    Args:
        task: its inputs are records (n, columns) with values in [0, 1]; its settings are not used,
            since the last stage is no iteration.
        widths: units of the codes.
        noise: standard deviation of what is added to an input, whose values are about 1.
        n_random: hidden units of the extreme learning machine.
        penalty: 1 / C, keeps the output weights small.
        pre_training: settings of each autoencoder.
    """
    rows, held_out = task.fit.rows, task.held_out.rows
    encoders: list[Any] = []
    histories: dict[str, TrainingHistory] = {}
    for number, units in enumerate(widths, start=1):
        stage = f"denoising autoencoder {number}"
        model, encoder = _build_autoencoder(rows.shape[1], units, noise, task.seed + number)
        histories[stage] = train(
            model,
            rows,
            rows,
            held_out=(held_out, held_out),
            loss=_squared_error,
            settings=pre_training,
            seed=task.seed,
            on_epoch=task.tell(stage),
        )
        encoders.append(encoder)
        rows, held_out = (_outputs(encoder, part) for part in (rows, held_out))
    return Network(_solved(task, encoders, rows, n_random, penalty), histories)


def _build_autoencoder(n_columns: int, units: int, noise: float, seed: int) -> tuple[Any, Any]:
    """The autoencoder, and the part of it that gives the code."""
    keras, layers = import_keras(), SeededLayers(seed)
    inputs = keras.Input((n_columns,), name="records")
    code = layers.dense(units, "sigmoid")(layers.noise(noise)(inputs))
    return keras.Model(inputs, layers.dense(n_columns)(code)), keras.Model(inputs, code)


def _squared_error(rows: Any, rebuilt: Any) -> Any:  # noqa: ANN401 - tensors
    ops = import_keras().ops
    return ops.mean(ops.square(rows - rebuilt), axis=1)


def _outputs(model: Any, rows: Rows) -> Rows:  # noqa: ANN401 - a keras.Model
    return np.asarray(model.predict(rows, batch_size=SOLVED_AT_ONCE, verbose=0))


def _solved(task: Task, encoders: list[Any], codes: Rows, n_random: int, penalty: float) -> Any:  # noqa: ANN401
    """One network: the encoders, the random layer, and the layer that was solved for."""
    keras, layers = import_keras(), SeededLayers(task.seed)
    inputs = keras.Input((codes.shape[1],), name="codes")
    random = layers.dense(n_random, "sigmoid")
    machine = keras.Model(inputs, random(inputs))
    spread = codes.std(axis=0)
    # Random weights must reach over the range of the codes, or all hidden units say the same.
    draws = np.random.default_rng(task.seed).normal(size=(codes.shape[1], n_random))
    kernel = draws / np.maximum(spread, 1e-3)[:, None] / np.sqrt(codes.shape[1])
    random.set_weights([kernel, -codes.mean(axis=0) @ kernel])
    solution = solve_output(machine, Examples(codes, task.fit.classes), penalty=penalty)
    records = hidden = keras.Input(task.shape, name="records")
    for encoder in encoders:
        hidden = encoder.layers[-1](hidden)
    output = keras.layers.Dense(task.n_classes, name=LOGITS)
    model = keras.Model(records, output(random(hidden)), name="sdae_elm")
    output.set_weights([solution, np.zeros(task.n_classes, dtype=np.float32)])
    return model


def solve_output(machine: Any, examples: Examples, *, penalty: float) -> Array:  # noqa: ANN401
    """The output weights B of the equation above, shape (hidden, classes), block by block."""
    gram: Any = 0.0
    moment: Any = 0.0
    for start in range(0, len(examples.rows), SOLVED_AT_ONCE):
        block = slice(start, start + SOLVED_AT_ONCE)
        hidden = _outputs(machine, examples.rows[block]).astype(np.float64)
        gram = gram + hidden.T @ hidden
        moment = moment + hidden.T @ examples.classes[block]
    return np.linalg.solve(gram + penalty * np.eye(len(gram)), moment).astype(np.float32)

"""Our side: the compiled training loop on JAX, and the scorer graph in ONNX Runtime."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.worker import serve
from benchmarks.workload import BATCH, N_COLUMNS, WIDTHS, windows
from oddflow.detect.build import scorer_graph
from oddflow.detect.heads import SquaredError
from oddflow.detect.runtime import Scorer
from oddflow.features.windows import StepLayout
from oddflow.models.backend import import_keras
from oddflow.models.lstm_autoencoder import (
    autoencoder_weights,
    build_lstm_autoencoder,
    reconstruction_loss,
)
from oddflow.models.train import Job
from oddflow.models.train_jax import JaxTrainer


@cache
def _trainer(n_steps: int) -> JaxTrainer:
    data = windows(n_steps)
    model = build_lstm_autoencoder(n_steps, N_COLUMNS, WIDTHS, seed=0)
    mask = np.ones((n_steps, N_COLUMNS), dtype=np.float32)
    loss = partial(reconstruction_loss, mask=mask)
    optimizer = import_keras().optimizers.Adam(1e-3)
    held_out = (data[:BATCH], data[:BATCH])
    return JaxTrainer(Job(model, optimizer, loss, data, data, held_out, BATCH))


def train(n_steps: int, epochs: int) -> float:
    """Windows trained on."""
    trainer = _trainer(n_steps)
    n = len(windows(n_steps))
    for epoch in range(epochs):
        trainer.run(np.random.default_rng(epoch).permutation(n))
    return n * epochs


@cache
def _scorer(n_steps: int) -> tuple[Scorer, NDArray[np.float32]]:
    columns = [slice(i * N_COLUMNS, (i + 1) * N_COLUMNS) for i in range(n_steps)]
    weights = autoencoder_weights(build_lstm_autoencoder(n_steps, N_COLUMNS, WIDTHS, seed=0))
    head = SquaredError(n_steps * N_COLUMNS)
    data = windows(n_steps)
    return Scorer(scorer_graph(StepLayout(tuple(columns)), weights, head)), data.reshape(
        len(data), -1
    )


def score(n_steps: int, passes: int) -> float:
    """Windows scored."""
    scorer, data = _scorer(n_steps)
    for _ in range(passes):
        scorer.scores(data)
    return len(data) * passes


def score_one(n_steps: int, calls: int) -> float:
    """Calls with a single window."""
    scorer, data = _scorer(n_steps)
    for i in range(calls):
        scorer.scores(data[i : i + 1])
    return calls


@cache
def _square(n: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, n), dtype=np.float32), rng.standard_normal((n, n)).astype("f4")


def matrix_product(n: int, repeats: int) -> float:
    """Floating-point operations of large single-precision products in numpy's BLAS."""
    a, b = _square(n)
    for _ in range(repeats):
        a @ b
    return 2.0 * n**3 * repeats


if __name__ == "__main__":
    serve(
        {"train": train, "score": score, "score_one": score_one, "matrix_product": matrix_product}
    )

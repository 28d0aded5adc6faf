"""Our side: the compiled training loop on JAX, and the scorer graph in ONNX Runtime."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.worker import serve
from benchmarks.workload import BATCH, N_WINDOWS, WIDTHS, layout_of, records, windows
from oddflow.detect.build import scorer_graph
from oddflow.detect.heads import SquaredError
from oddflow.detect.runtime import Scorer
from oddflow.models.backend import import_keras
from oddflow.models.lstm_autoencoder import (
    autoencoder_weights,
    build_lstm_autoencoder,
    reconstruction_loss,
)
from oddflow.models.train import Job
from oddflow.models.train_jax import JaxTrainer


@cache
def _trainer(layout: str) -> JaxTrainer:
    data, steps = windows(layout), layout_of(layout)
    model = build_lstm_autoencoder(steps.n_steps, steps.width, WIDTHS, seed=0)
    loss = partial(reconstruction_loss, mask=steps.mask)
    optimizer = import_keras().optimizers.Adam(1e-3)
    held_out = (data[:BATCH], data[:BATCH])
    return JaxTrainer(Job(model, optimizer, loss, data, data, held_out, loss, BATCH))


def train(layout: str, epochs: int) -> float:
    """Windows trained on."""
    trainer = _trainer(layout)
    for epoch in range(epochs):
        trainer.run(np.random.default_rng(epoch).permutation(N_WINDOWS))
    return N_WINDOWS * epochs


@cache
def _scorer(layout: str) -> tuple[Scorer, NDArray[np.float32]]:
    steps, data = layout_of(layout), records(layout)
    model = build_lstm_autoencoder(steps.n_steps, steps.width, WIDTHS, seed=0)
    head = SquaredError(data.shape[1])
    return Scorer(scorer_graph(steps, autoencoder_weights(model), head)), data


def score(layout: str, passes: int) -> float:
    """Windows scored."""
    scorer, data = _scorer(layout)
    for _ in range(passes):
        scorer.scores(data)
    return len(data) * passes


def score_one(layout: str, calls: int) -> float:
    """Calls with a single window."""
    scorer, data = _scorer(layout)
    for i in range(calls):
        scorer.scores(data[i : i + 1])
    return calls


@cache
def _squares(n: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((n, n), dtype=np.float32) for _ in range(2))
    return a, b, np.empty_like(a)


def matrix_product(n: int, repeats: int) -> float:
    """Floating-point operations of large single-precision products in numpy's BLAS."""
    a, b, result = _squares(n)
    for _ in range(repeats):
        np.matmul(a, b, out=result)  # into the same memory, or page faults would count as well
    return 2.0 * n**3 * repeats


if __name__ == "__main__":
    serve(
        {"train": train, "score": score, "score_one": score_one, "matrix_product": matrix_product}
    )

"""The model is Keras', so that it trains on other backends too; JAX is only the quickest."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json
from functools import partial
import numpy as np
from oddflow.models.lstm_autoencoder import Widths, build_lstm_autoencoder, reconstruction_loss
from oddflow.models.train import TrainSettings, train
rows = np.random.default_rng(0).normal(size=(200, 4, 6)).astype("float32")
model = build_lstm_autoencoder(4, 6, Widths(encoder=(8, 4), decoder=(8,)), seed=0)
loss = partial(reconstruction_loss, mask=np.ones((4, 6), dtype="float32"))
settings = TrainSettings(epochs=3, batch_size=32, learning_rate=1e-2)
history = train(model, rows, rows, held_out=(rows, rows), loss=loss, settings=settings, seed=0)
print(json.dumps(history.loss))
"""
OTHERS = [name for name in ("tensorflow", "torch") if importlib.util.find_spec(name)]


def losses(backend: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    values: list[float] = json.loads(done.stdout.splitlines()[-1])
    return values


@pytest.mark.skipif(not OTHERS, reason="needs a second Keras backend: pip install tensorflow-cpu")
def test_another_backend_trains_the_same_model() -> None:
    ours = losses("jax")
    assert ours[-1] < ours[0]
    for backend in OTHERS:
        theirs = losses(backend)
        assert theirs[-1] < theirs[0]
        # Weights start from other random numbers there, so losses are alike and not equal.
        assert theirs == pytest.approx(ours, rel=0.1)

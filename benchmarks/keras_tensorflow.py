"""The peer: the same network in Keras on TensorFlow, used as its documentation shows."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchmarks.worker import serve
from benchmarks.workload import BATCH, N_COLUMNS, WIDTHS, windows
from oddflow.models.lstm_autoencoder import build_lstm_autoencoder


@cache
def _model(n_steps: int) -> Any:  # noqa: ANN401 - a keras.Model
    model = build_lstm_autoencoder(n_steps, N_COLUMNS, WIDTHS, seed=0)
    model.compile(optimizer="adam", loss="mse")
    return model


@cache
def _data(n_steps: int) -> Any:  # noqa: ANN401 - an array
    return windows(n_steps)


def fit_arrays(n_steps: int, epochs: int) -> float:
    """Windows trained on: `fit` given arrays, as shipped."""
    data = _data(n_steps)
    _model(n_steps).fit(data, data, batch_size=BATCH, epochs=epochs, verbose=0)
    return float(len(data) * epochs)


@cache
def _dataset(n_steps: int) -> Any:  # noqa: ANN401 - a tf.data.Dataset
    import tensorflow as tf

    data = _data(n_steps)
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = tf.data.Dataset.from_tensor_slices((data, data)).shuffle(len(data)).batch(BATCH)
    return dataset.with_options(options)


def fit_dataset(n_steps: int, epochs: int) -> float:
    """Windows trained on: `fit` given a tf.data pipeline with autotune off."""
    _model(n_steps).fit(_dataset(n_steps), epochs=epochs, verbose=0)
    return float(len(_data(n_steps)) * epochs)


def predict(n_steps: int, passes: int) -> float:
    """Windows rebuilt by `predict`, as shipped."""
    data = _data(n_steps)
    for _ in range(passes):
        _model(n_steps).predict(data, verbose=0)
    return float(len(data) * passes)


def predict_on_batch(n_steps: int, passes: int, batch: int) -> float:
    """Windows rebuilt by `predict_on_batch`."""
    data = _data(n_steps)
    for _ in range(passes):
        for start in range(0, len(data), batch):
            _model(n_steps).predict_on_batch(data[start : start + batch])
    return float(len(data) * passes)


def predict_one(n_steps: int, calls: int) -> float:
    """Calls of `predict` with a single window."""
    data = _data(n_steps)
    for i in range(calls):
        _model(n_steps).predict(data[i : i + 1], verbose=0)
    return float(calls)


def predict_on_batch_one(n_steps: int, calls: int) -> float:
    """Calls of `predict_on_batch` with a single window."""
    data = _data(n_steps)
    for i in range(calls):
        _model(n_steps).predict_on_batch(data[i : i + 1])
    return float(calls)


if __name__ == "__main__":
    serve(
        {
            "fit_arrays": fit_arrays,
            "fit_dataset": fit_dataset,
            "predict": predict,
            "predict_on_batch": predict_on_batch,
            "predict_one": predict_one,
            "predict_on_batch_one": predict_on_batch_one,
        }
    )

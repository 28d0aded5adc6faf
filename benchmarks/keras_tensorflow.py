"""The peer: the same network in Keras on TensorFlow, used as its documentation shows."""

from __future__ import annotations

from functools import cache
from typing import Any

from benchmarks.worker import serve
from benchmarks.workload import BATCH, WIDTHS, layout_of, windows
from oddflow.models.lstm_autoencoder import build_lstm_autoencoder


@cache
def _model(layout: str) -> Any:  # noqa: ANN401 - a keras.Model
    steps = layout_of(layout)
    model = build_lstm_autoencoder(steps.n_steps, steps.width, WIDTHS, seed=0)
    model.compile(optimizer="adam", loss="mse")
    return model


@cache
def _data(layout: str) -> Any:  # noqa: ANN401 - an array
    return windows(layout)


def fit_arrays(layout: str, epochs: int) -> float:
    """Windows trained on: `fit` given arrays, as shipped."""
    data = _data(layout)
    _model(layout).fit(data, data, batch_size=BATCH, epochs=epochs, verbose=0)
    return float(len(data) * epochs)


@cache
def _dataset(layout: str) -> Any:  # noqa: ANN401 - a tf.data.Dataset
    import tensorflow as tf

    data = _data(layout)
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = tf.data.Dataset.from_tensor_slices((data, data)).shuffle(len(data)).batch(BATCH)
    return dataset.with_options(options)


def fit_dataset(layout: str, epochs: int) -> float:
    """Windows trained on: `fit` given a tf.data pipeline with autotune off."""
    _model(layout).fit(_dataset(layout), epochs=epochs, verbose=0)
    return float(len(_data(layout)) * epochs)


def predict(layout: str, passes: int) -> float:
    """Windows rebuilt by `predict`, as shipped."""
    data = _data(layout)
    for _ in range(passes):
        _model(layout).predict(data, verbose=0)
    return float(len(data) * passes)


def predict_on_batch(layout: str, passes: int, batch: int) -> float:
    """Windows rebuilt by `predict_on_batch`."""
    data = _data(layout)
    for _ in range(passes):
        for start in range(0, len(data), batch):
            _model(layout).predict_on_batch(data[start : start + batch])
    return float(len(data) * passes)


def predict_one(layout: str, calls: int) -> float:
    """Calls of `predict` with a single window."""
    data = _data(layout)
    for i in range(calls):
        _model(layout).predict(data[i : i + 1], verbose=0)
    return float(calls)


def predict_on_batch_one(layout: str, calls: int) -> float:
    """Calls of `predict_on_batch` with a single window."""
    data = _data(layout)
    for i in range(calls):
        _model(layout).predict_on_batch(data[i : i + 1])
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

"""Keras, on the JAX backend unless the user chose another (`KERAS_BACKEND`)."""

from __future__ import annotations

import os
from typing import Any

from oddflow.core.errors import MissingExtra


def import_keras() -> Any:  # noqa: ANN401 - a module without types
    """The keras module.

    Raises:
        MissingExtra: Keras or its backend is not installed.
    """
    os.environ.setdefault("KERAS_BACKEND", "jax")
    try:
        import keras
    except ImportError as error:
        raise MissingExtra(purpose="training", package="keras with jax", extra="train") from error
    return keras

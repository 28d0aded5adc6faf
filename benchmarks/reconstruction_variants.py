"""Other ways to rebuild a record than the default network: what `benchmarks.reconstruction` tries.

Each variant changes one thing. What wins there moves into `oddflow.models`; what does not stays
here, so that nobody has to try it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from oddflow.features.encode import CategoryCode, Encoder
from oddflow.features.windows import StepLayout, Steps
from oddflow.models.lstm_autoencoder import Widths, build_lstm_autoencoder, reconstruction_loss

Array = NDArray[np.float32]
Loss = Callable[[Any, Any], Any]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One change of the default.

    Attributes:
        build: (steps, width, seed) -> keras.Model.
        loss: (layout, encoder) -> loss of each window.
        steps: of a record.
        rebuilt: (encoder, layout) -> from outputs of the network to rebuilt windows.
    """

    build: Callable[[int, int, int], Any]
    loss: Callable[[StepLayout, Encoder], Loss] = lambda layout, _encoder: partial(
        reconstruction_loss, mask=layout.mask
    )
    steps: Steps = Steps.GROUPS
    rebuilt: Callable[[Encoder, StepLayout], Callable[[Array], Array]] = lambda _encoder, _layout: (
        lambda outputs: outputs
    )


def _default(
    n_steps: int,
    width: int,
    seed: int,
    encoder: tuple[int, ...] = (64, 16),
    decoder: tuple[int, ...] = (32, 64),
) -> Any:  # noqa: ANN401 - a keras.Model
    widths = Widths(encoder=encoder, decoder=decoder)
    return build_lstm_autoencoder(n_steps, width, widths, seed=seed)


def _after(layer: Callable[[int], Any]) -> Callable[[int, int, int], Any]:
    """The default network behind a layer that disturbs its input in training."""

    def build(n_steps: int, width: int, seed: int) -> Any:  # noqa: ANN401 - a keras.Model
        inputs = keras.Input((n_steps, width))
        return keras.Model(inputs, _default(n_steps, width, seed)(layer(seed)(inputs)))

    return build


def _with_code(
    change: Callable[[Any, int], Any], *, attends: bool = False
) -> Callable[[int, int, int], Any]:
    """The default network with something done to its code, or a decoder that attends to steps."""

    def build(n_steps: int, width: int, seed: int) -> Any:  # noqa: ANN401 - a keras.Model
        keras.utils.set_random_seed(seed)
        inputs = keras.Input((n_steps, width))
        steps = keras.layers.LSTM(64, return_sequences=True)(inputs)
        every = keras.layers.LSTM(16, return_sequences=True)(steps)
        code = change(every[:, -1], seed)
        hidden = keras.layers.RepeatVector(n_steps)(code)
        hidden = keras.layers.LSTM(32, return_sequences=True)(hidden)
        if attends:
            narrow = keras.layers.Dense(8)(every)  # a wide view of the steps would copy them
            seen = keras.layers.Attention()([keras.layers.Dense(8)(hidden), narrow])
            hidden = keras.layers.Concatenate()([hidden, seen])
        hidden = keras.layers.LSTM(64, return_sequences=True)(hidden)
        return keras.Model(inputs, keras.layers.Dense(width)(hidden))

    return build


def _student(layout: StepLayout, _encoder: Encoder) -> Loss:
    """Negative log-likelihood of Student's t with 4 degrees of freedom, up to constants."""
    mask = layout.mask

    def loss(windows: Any, outputs: Any) -> Any:  # noqa: ANN401 - tensors
        squared = ops.square(outputs - windows)
        return ops.sum(2.5 * ops.log1p(squared / 4) * mask, axis=(1, 2)) / float(mask.sum())

    return loss


def _categories(layout: StepLayout, encoder: Encoder) -> list[tuple[int, slice]]:
    """Step and columns within it of each category."""
    found = []
    for code in encoder.codes:
        columns = encoder.slices[code.feature.name]
        for step, whole in enumerate(layout.slices):
            if isinstance(code, CategoryCode) and whole.start <= columns.start < whole.stop:
                inside = slice(columns.start - whole.start, columns.stop - whole.start)
                found.append((step, inside))
    return found


def _likelihood(layout: StepLayout, encoder: Encoder) -> Loss:
    """Cross-entropy of each category, and squared error of the numbers."""
    groups = _categories(layout, encoder)
    mask = layout.mask.copy()
    for step, columns in groups:
        mask[step, columns] = 0

    def loss(windows: Any, outputs: Any) -> Any:  # noqa: ANN401 - tensors
        total = ops.sum(ops.square(outputs - windows) * mask, axis=(1, 2))
        for step, columns in groups:
            logits, truth = outputs[:, step, columns], windows[:, step, columns]
            total = total + ops.categorical_crossentropy(truth, logits, from_logits=True)
        return total / float(layout.mask.sum())

    return loss


def _softmax(encoder: Encoder, layout: StepLayout) -> Callable[[Array], Array]:
    groups = _categories(layout, encoder)

    def rebuilt(outputs: Array) -> Array:
        windows = outputs.copy()
        for step, columns in groups:
            powers = np.exp(windows[:, step, columns] - windows[:, step, columns].max(1)[:, None])
            windows[:, step, columns] = powers / powers.sum(1, keepdims=True)
        return windows

    return rebuilt


def _noise(code: Any, seed: int) -> Any:  # noqa: ANN401 - tensors
    return keras.layers.GaussianNoise(0.1, seed=seed)(code)


def _penalty(code: Any, _seed: int) -> Any:  # noqa: ANN401 - tensors
    return keras.layers.ActivityRegularization(l2=1e-3)(code)


VARIANTS: dict[str, Variant] = {
    "default": Variant(build=_default),
    "code of 8": Variant(build=partial(_default, encoder=(64, 8))),
    "code of 32": Variant(build=partial(_default, encoder=(64, 32))),
    "record as one step": Variant(build=_default, steps=Steps.RECORD),
    "deeper decoder": Variant(build=partial(_default, decoder=(32, 64, 64))),
    "attentive decoder": Variant(build=_with_code(lambda code, _seed: code, attends=True)),
    "denoising, columns dropped": Variant(
        build=_after(lambda seed: keras.layers.Dropout(0.1, seed=seed))
    ),
    "denoising, Gaussian": Variant(
        build=_after(lambda seed: keras.layers.GaussianNoise(0.1, seed=seed))
    ),
    "noise on the code": Variant(build=_with_code(_noise)),
    "penalty on the code": Variant(build=_with_code(_penalty)),
    "Student's likelihood": Variant(build=_default, loss=_student),
    "cross-entropy of categories": Variant(build=_default, loss=_likelihood, rebuilt=_softmax),
}
"""By the name under which tables show them."""

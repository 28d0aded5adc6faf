"""Epochs on JAX: one compiled call each.

`keras.Model.fit` dispatches every batch from Python, which costs a small network more than its
arithmetic. Here the rows stay on the device, an epoch is one `lax.scan` over row numbers, and the
state is donated. Layers, weights and optimizer remain Keras', and for the same order of rows the
losses are those of `fit`. The best weights are written back into the model at the end.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray
from platformdirs import user_cache_path

from oddflow.models.train import Job, LossFn

EVALUATION_BATCH = 1024


class State(NamedTuple):
    """Values of the variables, in Keras' order."""

    trainable: list[Any]
    non_trainable: list[Any]
    optimizer: list[Any]


@final
class JaxTrainer:
    """Runs compiled epochs; see `oddflow.models.train.Trainer`."""

    def __init__(self, job: Job) -> None:
        _keep_compiled_code()
        job.optimizer.build(job.model.trainable_variables)
        self._model, self._batch_size = job.model, job.batch_size
        self._rows = jnp.asarray(job.rows)
        self._targets = self._rows if job.targets is job.rows else jnp.asarray(job.targets)
        self._held_out = [jnp.asarray(array) for array in job.held_out]
        self._held_out_batches = batches(np.arange(len(job.held_out[0])), EVALUATION_BATCH)
        self._epoch = _compile_epoch(job.model, job.optimizer, job.loss)
        self._mean_loss = _compile_evaluation(job.model, job.criterion)
        variables = (
            job.model.trainable_variables,
            job.model.non_trainable_variables,
            job.optimizer.variables,
        )
        # Copies, because the compiled epoch consumes what it is given.
        self._state = State(
            *([jnp.array(variable.value, copy=True) for variable in kind] for kind in variables)
        )

    def run(self, order: NDArray[np.intp]) -> float:
        """One pass over the training rows in the given order; the mean loss."""
        index, weight = batches(order, self._batch_size)
        self._state, loss = self._epoch(self._state, self._rows, self._targets, index, weight)
        return float(loss)

    def evaluate(self) -> float:
        """Mean loss of the held-out rows."""
        return float(self._mean_loss(self._state, *self._held_out, *self._held_out_batches))

    def snapshot(self) -> State:
        """A copy of the weights."""
        copied: State = jax.tree.map(lambda array: jnp.array(array, copy=True), self._state)
        return copied

    def restore(self, snapshot: State) -> None:
        """Write the weights of a snapshot into the model."""
        for variable, value in zip(
            [*self._model.trainable_variables, *self._model.non_trainable_variables],
            [*snapshot.trainable, *snapshot.non_trainable],
            strict=True,
        ):
            variable.assign(value)


def batches(
    order: NDArray[np.intp], batch_size: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Row numbers and weights, both (steps, batch); the last batch is filled up at weight 0.

    >>> index, weight = batches(np.array([2, 0, 1]), 2)
    >>> index.tolist(), weight.tolist()
    ([[2, 0], [1, 2]], [[1.0, 1.0], [1.0, 0.0]])
    """
    n_rows = len(order)
    n_steps = math.ceil(n_rows / batch_size)
    index = np.resize(order, n_steps * batch_size).astype(np.int32)
    weight = (np.arange(n_steps * batch_size) < n_rows).astype(np.float32)
    return index.reshape(n_steps, batch_size), weight.reshape(n_steps, batch_size)


def _compile_epoch(model: Any, optimizer: Any, loss: LossFn) -> Any:  # noqa: ANN401
    """Compile `(state, rows, targets, index, weight) -> (state, mean loss)`."""

    def batch_loss(
        trainable: Any,  # noqa: ANN401
        non_trainable: Any,  # noqa: ANN401
        rows: jax.Array,
        targets: jax.Array,
        weight: jax.Array,
    ) -> tuple[jax.Array, Any]:
        outputs, non_trainable, penalties = model.stateless_call(
            trainable, non_trainable, rows, training=True, return_losses=True
        )
        data_loss = jnp.sum(loss(targets, outputs) * weight) / jnp.sum(weight)
        return data_loss + sum(penalties), non_trainable

    gradient = jax.value_and_grad(batch_loss, has_aux=True)

    def epoch(
        state: State, rows: jax.Array, targets: jax.Array, index: jax.Array, weight: jax.Array
    ) -> tuple[State, jax.Array]:
        def step(state: State, batch: tuple[jax.Array, jax.Array]) -> tuple[State, jax.Array]:
            chosen, weight = batch
            (value, non_trainable), gradients = gradient(
                state.trainable, state.non_trainable, rows[chosen], targets[chosen], weight
            )
            trainable, moments = optimizer.stateless_apply(
                state.optimizer, gradients, state.trainable
            )
            return State(trainable, non_trainable, moments), value * jnp.sum(weight)

        state, totals = lax.scan(step, state, (index, weight))
        return state, jnp.sum(totals) / jnp.sum(weight)

    return jax.jit(epoch, donate_argnums=0)


def _compile_evaluation(model: Any, loss: LossFn) -> Any:  # noqa: ANN401
    """Compile `(state, rows, targets, index, weight) -> mean loss`."""

    def evaluate(
        state: State, rows: jax.Array, targets: jax.Array, index: jax.Array, weight: jax.Array
    ) -> jax.Array:
        def step(total: jax.Array, batch: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            chosen, weight = batch
            outputs, _ = model.stateless_call(
                state.trainable, state.non_trainable, rows[chosen], training=False
            )
            return total + jnp.sum(loss(targets[chosen], outputs) * weight), None

        total, _ = lax.scan(step, jnp.zeros(()), (index, weight))
        return total / jnp.sum(weight)

    return jax.jit(evaluate)


def _keep_compiled_code() -> None:
    """Let a second run start without compiling, unless the user set a cache of their own."""
    config: Any = jax.config
    if config.jax_compilation_cache_dir is None:
        config.update("jax_compilation_cache_dir", str(user_cache_path("oddflow") / "xla"))

"""DBN: stacked restricted Boltzmann machines, then fine-tuned as a network.

Source: Hinton, Osindero and Teh, "A fast learning algorithm for deep belief nets", Neural
Computation 18 (2006): each machine learns, without labels, the hidden units of the one below; their
weights start a network of sigmoid layers that cross-entropy fine-tunes. The paper's table 4 gives
no sizes; the DBN-Softmax of Wang et al. (2021) is made the same way.
"""

from __future__ import annotations

from typing import Any

from oddflow.core.evaluation import TrainingHistory
from oddflow.models.backend import import_keras
from oddflow.models.classifier import LOGITS, Network, Task, fine_tune
from oddflow.models.rbm import Machine, train_rbm
from oddflow.models.seeded import SeededLayers
from oddflow.models.train import TrainSettings


def learn_dbn(task: Task, *, widths: tuple[int, ...], pre_training: TrainSettings) -> Network:
    """Pre-train layer by layer by contrastive divergence, then fine-tune all layers.

    Args:
        task: its inputs are records (n, columns) with values in [0, 1].
        widths: hidden units of the machines.
        pre_training: settings of each machine; those of the task are for fine-tuning.

    Returns:
        The network; the validation losses of its pre-training stages are reconstruction errors.
    """
    rows, held_out = task.fit.rows, task.held_out.rows
    machines: list[Machine] = []
    histories: dict[str, TrainingHistory] = {}
    for number, units in enumerate(widths, start=1):
        stage = f"pre-training, layer {number}"
        machine, histories[stage] = train_rbm(
            rows,
            held_out,
            units,
            settings=pre_training,
            seed=task.seed + number,
            on_epoch=task.tell(stage),
        )
        machines.append(machine)
        rows, held_out = machine.up(rows), machine.up(held_out)
    model = _unrolled(task, machines)
    histories["fine-tuning"] = fine_tune(model, task, stage="fine-tuning")
    return Network(model, histories)


def _unrolled(task: Task, machines: list[Machine]) -> Any:  # noqa: ANN401 - a keras.Model
    """Sigmoid layers with the weights of the machines, and a new layer of logits."""
    keras, layers = import_keras(), SeededLayers(task.seed)
    inputs = hidden = keras.Input(task.shape, name="records")
    for machine in machines:
        layer = layers.dense(machine.weights.shape[1], "sigmoid")
        hidden = layer(hidden)
        layer.set_weights([machine.weights, machine.hidden])
    return keras.Model(inputs, layers.dense(task.n_classes, name=LOGITS)(hidden), name="dbn")

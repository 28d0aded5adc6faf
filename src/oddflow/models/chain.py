"""The chain of layers in a network of Keras: from its input to its output, or to a named layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from oddflow.core.errors import OddflowError

Keras: TypeAlias = Any
"""A model, layer, node or tensor of Keras, which ships no types."""


class UnsupportedLayer(OddflowError):
    """A network, or a layer of one, that cannot be turned into a scorer graph."""


def chain_of(model: Keras, until: str | None) -> list[Keras]:
    """The uses of layers (Keras' nodes) on the way from the input to the output.

    Args:
        model: functional or sequential.
        until: name of the layer to stop after; the model may then have other branches and outputs.

    Raises:
        UnsupportedLayer: the layers are no chain, there is no layer of that name, or the input is
            of no fixed shape.
    """
    chain = _chain(_last(model, until))
    shape = chain[0].outputs[0].shape[1:]
    if None in shape:
        raise UnsupportedLayer(
            f"input {chain[0].operation.name}: expected a shape of known sizes, received {shape}; "
            "build the network for a fixed number of steps"
        )
    return chain


def _last(model: Keras, until: str | None) -> Keras:
    """The node (one use of a layer) that the chain ends in."""
    # Neither a subclassed model nor a sequential one without input shape has any outputs.
    outputs = getattr(model, "outputs", None) or []
    if until is None:
        if len(outputs) != 1:
            raise UnsupportedLayer(
                f"network {model.name}: expected one output, received {len(outputs)}; build it "
                "with an input shape, and name the layer to stop after where there are several"
            )
        return _origin(outputs[0])
    nodes = _nodes(outputs)
    found = [node for node in nodes if node.operation.name == until]
    if len(found) != 1:
        names = ", ".join(sorted({node.operation.name for node in nodes}))
        raise UnsupportedLayer(
            f"network {model.name}: expected one use of a layer {until!r} to stop after, received "
            f"{len(found)}; there are {names or 'no layers'}"
        )
    return found[0]


def _nodes(outputs: Sequence[Keras]) -> list[Keras]:
    """All uses of layers that the outputs depend on."""
    found, waiting = {}, list(outputs)
    while waiting:
        node = _origin(waiting.pop())
        if id(node) not in found:
            found[id(node)] = node
            waiting.extend(node.input_tensors)
    return list(found.values())


def _chain(node: Keras) -> list[Keras]:
    """Nodes from the input to this one."""
    chain = [node]
    while before := chain[-1].input_tensors:
        if chain[-1].arguments.kwargs.get("training"):
            raise UnsupportedLayer(
                f"layer {chain[-1].operation.name}: expected a layer that knows when training is "
                "over, received one that was told training=True for good"
            )
        if len(before) != 1:
            raise UnsupportedLayer(
                f"layer {chain[-1].operation.name}: expected a layer of one input, received one "
                f"of {len(before)}"
            )
        chain.append(_origin(before[0]))
    return chain[::-1]


def _origin(tensor: Keras) -> Keras:
    """The node that a tensor comes from."""
    history = tensor._keras_history  # noqa: SLF001 - there is no public way
    return history.operation._inbound_nodes[history.node_index]  # noqa: SLF001

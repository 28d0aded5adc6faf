"""A scorer graph from a file is run only if it can do no more than one of ours.

ONNX Runtime executes whatever a graph says. Operators are therefore limited to those that
`oddflow.detect.graph` and its neighbours write, none of which reads files, loops or calls code, and
the size of all intermediate values, as inferred for one chunk of records, is limited too.
"""

from __future__ import annotations

import math

import onnx
from onnx import shape_inference

from oddflow.core.errors import ArtifactError

OPERATORS = frozenset(
    {"Add", "AveragePool", "Cast", "Clip", "Concat", "Conv", "Gather", "GatherElements", "Gemm"}
    | {
        "Greater",
        "Identity",
        "LSTM",
        "MatMul",
        "MaxPool",
        "Mul",
        "Pad",
        "Relu",
        "Reshape",
        "Sigmoid",
        "Softmax",
        "Split",
    }
    | {"Sqrt", "Squeeze", "Sub", "Tanh", "TopK", "Transpose", "Unsqueeze"}
)
MAX_NODES = 2_000
MAX_VALUES = 50_000_000
"""Numbers in all intermediate values together, 200 MB of them."""


def check_scorer_graph(data: bytes, *, n_records: int) -> None:
    """Raise unless the graph is harmless for chunks of `n_records` records.

    Raises:
        ArtifactError: what is wrong with it.
    """
    try:
        model = onnx.load_from_string(data)
        _check_nodes(model.graph)
        for value in (*model.graph.input, *model.graph.output):
            if value.type.tensor_type.shape.dim:
                value.type.tensor_type.shape.dim[0].dim_value = n_records
        inferred = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except ArtifactError:
        raise
    except Exception as error:  # protobuf's and ONNX's errors have no common base
        raise ArtifactError(f"the scorer graph cannot be read: {error}") from error
    _check_sizes(inferred.graph)


def _check_nodes(graph: onnx.GraphProto) -> None:
    if len(graph.node) > MAX_NODES:
        raise ArtifactError(f"the scorer graph has {len(graph.node)} nodes, at most {MAX_NODES}")
    kinds = {
        node.op_type if not node.domain else f"{node.domain}.{node.op_type}" for node in graph.node
    }
    if kinds - OPERATORS:
        raise ArtifactError(
            f"the scorer graph uses {', '.join(sorted(kinds - OPERATORS))}; expected operators "
            f"among {', '.join(sorted(OPERATORS))}"
        )
    if any(tensor.external_data for tensor in graph.initializer):
        raise ArtifactError("the scorer graph keeps numbers in other files")


def _check_sizes(graph: onnx.GraphProto) -> None:
    known = {value.name: value for value in (*graph.value_info, *graph.output)}
    total = 0
    for name in (name for node in graph.node for name in node.output if name):
        if name not in known:
            raise ArtifactError(f"the scorer graph does not say how large its value {name} is")
        sizes = [dim.dim_value for dim in known[name].type.tensor_type.shape.dim]
        total += math.prod(sizes) if all(size > 0 for size in sizes) else MAX_VALUES + 1
    if total > MAX_VALUES:
        raise ArtifactError(
            f"the scorer graph would need more than {MAX_VALUES:,} numbers at once, or does not "
            "say how many"
        )

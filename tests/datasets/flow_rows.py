"""Right rows of a flow table, to be damaged by tests."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.cicids2017 import LAYOUT
from oddflow.datasets.flow_csv import gather, parse_flow_csv
from oddflow.datasets.flow_features import NAMES

HEADER = ",".join([*NAMES, "Label"])


def flow_row(values: Mapping[str, str] | None = None, label: str = "BENIGN") -> str:
    """A right row in the order of `HEADER`, some of its values replaced by name."""
    right = {"Destination Port": "443", "Flow Duration": "1000"} | dict(values or {})
    assert set(right) <= set(NAMES), right
    return ",".join([*(right.get(name, "1.5") for name in NAMES), label])


def parse(content: str | bytes, block_rows: int = 2) -> LabelledMatrix:
    """A table in the layout of CICIDS2017, read in small blocks."""
    data = content if isinstance(content, bytes) else content.encode()
    return gather("x", parse_flow_csv(BytesIO(data), "x.csv", LAYOUT, block_rows=block_rows))


def table(*rows: str, header: str = HEADER) -> str:
    """A header and rows below it."""
    return "\n".join([header, *rows]) + "\n"

"""A corpus that keeps every promise: forty flows that nobody saw.

What to know before using it:

- Its flows are counted, not captured.
- Rows that equal an earlier one, and one pair that differs in its label alone, are in `defects`.
- The service is `-` where there is none.
- Terms: none; there is nothing to it.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

from oddflow.core.errors import MalformedInput
from oddflow.core.matrix import LabelledMatrix, Labels
from oddflow.core.schema import Feature, FeatureSchema, Kind
from oddflow.datasets.catalog import Corpus, CorpusFile, corpus_file, read_verified, require_rows
from oddflow.datasets.columns import (
    Place,
    categories_of,
    feature_column,
    feature_matrix,
    name_column,
    read_columns,
)
from oddflow.datasets.corpora import ReadableCorpus
from oddflow.datasets.download import ProgressCallback, obtain
from oddflow.datasets.duplicates import counted
from oddflow.ingest.source import line_blocks

SCHEMA = FeatureSchema(
    "made up",
    tuple(
        Feature(name=name, kind=kind, group=group, meaning=f"the {name} of a flow", levels=levels)
        for name, kind, group, levels in (
            ("size", Kind.COUNT, "basic", ()),
            ("service", Kind.CATEGORY, "basic", ()),
            ("protocol", Kind.CATEGORY, "basic", ("tcp", "udp")),
            ("share", Kind.RATE, "window", ()),
            ("is_open", Kind.FLAG, "window", ()),
        )
    ),
)
ATTACK_OF_ROW = {7: "worm", 8: "worm", 30: "scan", 39: "worm"}


def _row(i: int) -> str:
    values = f"{100 + i % 20},{'http' if i % 3 else '-'},{'tcp' if i % 2 else 'udp'},0.{i % 5},1"
    return f"{values},{ATTACK_OF_ROW.get(i, 'normal')}"


HEADER = ",".join([*SCHEMA.names, "label"])
CONTENT = "\n".join(
    [HEADER, *map(_row, range(38)), _row(0), f"{_row(0).rsplit(',', 1)[0]},worm", ""]
)

CORPUS = Corpus(
    name="Made up",
    folder="made-up",
    homepage="https://example.org/made-up",
    terms="none",
    citation="Nobody, 'Nothing', 1999",
)
FILES = (
    CorpusFile(
        corpus=CORPUS,
        name="flows",
        ending=".csv",
        sha256=hashlib.sha256(CONTENT.encode()).hexdigest(),
        n_bytes=len(CONTENT),
        n_rows=40,
        urls=(),
    ),
)
_COLUMNS = (
    *map(feature_column, SCHEMA.features),
    name_column("label", "normal, scan or worm", "^(normal|scan|worm)$"),
)


def load_made_up(
    name: str,
    *,
    data_dir: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> LabelledMatrix:
    file = corpus_file(FILES, name)
    path = obtain(file, data_dir=data_dir, on_progress=on_progress)
    corpus = parse(read_verified(path, file), path)
    require_rows(file, path, len(corpus))
    return corpus


def parse(content: bytes, path: Path) -> LabelledMatrix:
    lines = [
        line for block in line_blocks(BytesIO(content), path, max_lines=99) for line in block[1]
    ]
    if len(lines) < 2 or lines[0] != HEADER:
        raise MalformedInput(path, f"expected the header {HEADER} and rows; give the right file")
    *columns, label = read_columns(Place(path, 2), lines[1:], _COLUMNS)
    attack = categories_of(label).names()
    features = feature_matrix(SCHEMA, columns)
    return counted(LabelledMatrix("flows", features, Labels(attack, attack)))


MADE_UP = ReadableCorpus(CORPUS, FILES, load_made_up)

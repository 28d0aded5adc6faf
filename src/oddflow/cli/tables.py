"""Features and the connections that they are of as a file: Parquet, CSV, or NSL-KDD's own rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from oddflow.cli.sink import line_sink
from oddflow.core.connection import Connections
from oddflow.core.errors import InputError
from oddflow.core.matrix import FeatureMatrix

ENDS = ("uid", "orig_h", "resp_h", "proto")
Write = Callable[[Connections, FeatureMatrix], None]

SUFFIXES = {".parquet": "Parquet", ".csv": "CSV", ".txt": "NSL-KDD's rows without labels"}
"""What the end of a name asks for."""


@contextmanager
def table_sink(path: Path) -> Iterator[Write]:
    """A function that writes connections with their features; the file appears when complete.

    Raises:
        InputError: a suffix that is none of `SUFFIXES`, or the file cannot be written.
    """
    if path.suffix not in SUFFIXES:
        known = ", ".join(f"{suffix} ({what})" for suffix, what in SUFFIXES.items())
        raise InputError(f"{path}: expected a name that ends in one of {known}")
    if path.suffix == ".parquet":
        with _parquet(path) as write:
            yield write
        return
    is_first = True
    with line_sink(path) as write_bytes:

        def write_csv(connections: Connections, features: FeatureMatrix) -> None:
            nonlocal is_first
            as_rows = path.suffix == ".txt"
            frame = features_frame(features) if as_rows else both_frame(connections, features)
            content = BytesIO()
            frame.write_csv(content, include_header=is_first and not as_rows)
            write_bytes(content.getvalue())
            is_first = False

        yield write_csv


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    """Blocks go to files of their own, which are put together at the end, never all in memory."""
    with TemporaryDirectory(prefix="oddflow-") as folder:
        n_blocks = 0

        def write(connections: Connections, features: FeatureMatrix) -> None:
            nonlocal n_blocks
            both_frame(connections, features).write_parquet(Path(folder) / f"{n_blocks:08}.parquet")
            n_blocks += 1

        yield write
        if not n_blocks:
            raise InputError("expected at least one connection to write, received none")
        draft = path.with_name(f".{path.name}.partial")
        try:
            pl.scan_parquet(f"{folder}/*.parquet").sink_parquet(draft)
            draft.replace(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from error
        finally:
            draft.unlink(missing_ok=True)


def both_frame(connections: Connections, features: FeatureMatrix) -> pl.DataFrame:
    """When, who and between which ports, then the features."""
    named = {name: connections.names[name].names() for name in ENDS}
    ends = pl.DataFrame(
        {
            "ts": connections.start_s,
            "uid": named["uid"],
            "orig_h": named["orig_h"],
            "orig_p": connections.orig_p,
            "resp_h": named["resp_h"],
            "resp_p": connections.resp_p,
            "proto": named["proto"],
        },
        schema_overrides=dict.fromkeys(ENDS, pl.String),
    )
    return ends.hstack(features_frame(features))


def features_frame(features: FeatureMatrix) -> pl.DataFrame:
    """One column a feature, in the order of the schema; counts and flags as whole numbers."""
    columns = []
    for feature in features.schema.features:
        values = pl.Series(feature.name, features.column(feature.name))
        if feature.is_category:
            values = values.cast(pl.String)
        elif feature.kind in ("count", "flag"):
            values = values.cast(pl.Int64)
        columns.append(values)
    return pl.DataFrame(columns)

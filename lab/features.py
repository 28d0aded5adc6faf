"""`python -m lab.features RECORDING FILE`: a recording as the table that comes with the package.

Each connection becomes the 41 features of KDD, its kind, when it began and ended, and its ends as
numbers in the order in which they first appear. No packet and no address is left.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from lab.labels import Labels, read_labels
from oddflow.cli.recordings import Tally, featured, recorded
from oddflow.cli.tables import features_frame
from oddflow.core.connection import Connections
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix

PLACES = 6
"""Of seconds: captures have microseconds."""


def feature_table(recording: Path) -> pl.DataFrame:
    """The connections of a recording in the order in which they were known."""
    labels = read_labels(recording / "labels.json")
    blocks = featured(recorded(recording / "capture.pcap"), KDD41, Tally())
    named = pl.concat([_block(*block, labels) for block in blocks])
    first_s = named["start_s"].min()
    hosts = pl.concat([named["orig"], named["resp"]]).unique(maintain_order=True)
    numbers = {host: number for number, host in enumerate(hosts)}
    return named.with_columns(
        pl.col("start_s", "end_s").sub(first_s).round(PLACES),
        pl.col("orig", "resp").replace_strict(numbers, return_dtype=pl.UInt16),
        pl.col("kind").cast(pl.Categorical),
    )


def _block(connections: Connections, features: FeatureMatrix, labels: Labels) -> pl.DataFrame:
    orig, resp = (connections.names[name].names() for name in ("orig_h", "resp_h"))
    frame = features_frame(features).with_columns(pl.col(pl.Float64).cast(pl.Float32))
    return frame.with_columns(
        pl.Series("kind", [labels.of(*ends) for ends in zip(orig, resp, strict=True)]),
        pl.Series("start_s", connections.start_s),
        pl.Series("end_s", connections.end_s),
        pl.Series("orig", orig.astype(np.str_)),
        pl.Series("resp", resp.astype(np.str_)),
    )


def main() -> None:
    """Write what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m lab.features", description=__doc__)
    parser.add_argument("recording", type=Path, help="folder with capture.pcap and labels.json")
    parser.add_argument("file", type=Path, help="Parquet file to write")
    arguments = parser.parse_args()
    table = feature_table(arguments.recording)
    table.write_parquet(arguments.file, compression="zstd", compression_level=22)


if __name__ == "__main__":
    main()

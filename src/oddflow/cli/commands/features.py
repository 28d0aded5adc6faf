"""`oddflow features`: the features of a capture or a log, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

NAME = "features"
NEEDS_ARGUMENTS = True
EXAMPLE = (
    "Examples: `oddflow features capture.pcap -o features.parquet`, "
    "`oddflow features conn.log -o features.csv`"
)


def run(
    recording: options.Recording,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to: .parquet, .csv, or .txt for rows like those of NSL-KDD.",
        ),
    ],
    profile: options.ProfileName = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Compute the 41 features of KDD (28 without payload) for every connection of a recording.

    The features are those on which models are trained and by which they score, made by the same
    code. Connections that are not TCP, UDP or ICMP are left out and counted.
    """
    from oddflow.cli.recordings import Tally, default_profile, featured, recorded
    from oddflow.cli.tables import table_sink
    from oddflow.features.kdd import PROFILES

    out = Output(quiet=quiet, as_json=json)
    chosen = str(profile or default_profile(recording))
    tally = Tally()
    with table_sink(output) as write, out.progress("reading", None, "connections") as advance:
        for connections, features in featured(recorded(recording), PROFILES[chosen], tally):
            write(connections, features)
            advance(tally.n_connections)
    out.result(
        lambda: {"output": str(output), "profile": chosen, **tally.to_json()},
        lambda: f"{output}: {chosen} features of {tally}",
    )

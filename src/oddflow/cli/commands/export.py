"""`oddflow export`: the scorer for other programs, and proof that it scores as Keras does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from oddflow.cli import options
from oddflow.cli.console import Output
from oddflow.core.errors import OddflowError

NAME = "export"
NEEDS_ARGUMENTS = True
EXAMPLE = "Example: `oddflow export oddflow-demo/model -o scorer --verify`"

TOLERANCE = 1e-5
"""Largest difference allowed between ONNX and Keras, as a part of the scores' spread."""


class ScoresDiffer(OddflowError):
    """ONNX and Keras disagree about scores."""


def run(
    model: options.ModelDir,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Where scorer.onnx and encoder.json go."
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare ONNX with Keras on real records.")
    ] = False,
    records: Annotated[
        str, typer.Option("--records", metavar="NAME|FILE", help="The records to compare on.")
    ] = "KDDTest+",
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Copy the scorer graph and the encoding out of a model, and verify it against Keras."""
    from oddflow.core.errors import InputError
    from oddflow.detect.bundle import load_model

    if output is None and not verify:
        raise InputError("nothing to do: give --output DIR, --verify or both")
    out = Output(quiet=quiet, as_json=json)
    bundle = load_model(model)
    result: dict[str, Any] = {"model": str(model)}
    lines = []
    if verify:
        from oddflow.cli.records import load_records
        from oddflow.detect.artifact import compare_with_keras

        agreement = compare_with_keras(bundle, load_records(records, data, out))
        result |= {**agreement._asdict(), "relative": agreement.relative, "tolerance": TOLERANCE}
        message = (
            f"ONNX and Keras scores of {agreement.n_records:,} records differ by at most "
            f"{agreement.max_difference:.3g}, which is {agreement.relative:.2g} of their spread"
        )
        if agreement.relative > TOLERANCE:
            raise ScoresDiffer(f"{message}; at most {TOLERANCE:g} is allowed. Train again")
        lines.append(message)
    if output is not None:
        try:
            files = bundle.export(output)
        except OSError as error:
            raise InputError(f"{output}: cannot be written ({error.strerror})") from error
        result["files"] = [str(file) for file in files]
        lines.append(f"wrote {', '.join(str(file) for file in files)}")
    out.result(lambda: result, lambda: "\n".join(lines))

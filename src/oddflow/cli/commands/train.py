"""`oddflow train`: learn normal traffic, write a model directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from oddflow.cli import options
from oddflow.cli.console import Output

NAME = "train"
NEEDS_ARGUMENTS = False
EXAMPLE = (
    "Examples: `oddflow train -o model --seed 1 --fpr 0.01`, "
    "`oddflow train --records conn.log -o model`"
)


def run(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MODEL", help="Directory to write.")
    ] = Path("model"),
    records: options.NormalRecords = "KDDTrain+",
    profile: options.ProfileName = None,
    steps: Annotated[
        str,
        typer.Option(help="groups or record; hosts or pairs for sequences of connections."),
    ] = "groups",
    memory: Annotated[
        str | None,
        typer.Option(help="With hosts or pairs: window (the default) or state."),
    ] = None,
    score: Annotated[
        str, typer.Option(help="whitened, combined, residual, latent or error.")
    ] = "whitened",
    epochs: Annotated[int | None, typer.Option(min=1, help="Most passes over the data.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Records of a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of Adam, at the start.")] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", metavar="FILE", help="JSON that `oddflow tune` wrote."),
    ] = None,
    contamination: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Share of the records that may be attacks; left out."),
    ] = 0.0,
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble", help="Several networks and other witnesses as one, see docs/ensembles.md."
        ),
    ] = False,
    members: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS",
            help="With --ensemble: residual, latent, error, record, neighbours, isolation_forest; "
            "separated by commas.",
        ),
    ] = None,
    networks: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="With --ensemble: how many.")
    ] = None,
    known_attacks: Annotated[
        bool,
        typer.Option(
            "--known-attacks",
            help="With --ensemble: learn labelled attacks too, of the families that it misses.",
        ),
    ] = False,
    fpr: options.Fpr = None,
    alerts_per_day: options.AlertsPerDay = None,
    records_per_day: options.RecordsPerDay = None,
    seed: options.Seed = 0,
    overwrite: options.Overwrite = False,
    data: options.Data = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Learn normal traffic and write a model directory.

    Attack labels are used to leave attacks out, and to keep some records of each attack, which
    explanations name where an odd record is like one. No score depends on them, unless
    `--known-attacks` asks for that.
    """
    from oddflow.cli import ensembles, training
    from oddflow.cli.records import load_attacks, load_normals
    from oddflow.cli.sequences import asks_for_sequences, train_sequences
    from oddflow.detect.artifact import save_detector
    from oddflow.detect.contamination import estimate_contamination
    from oddflow.detect.ensemble_artifact import save_ensemble
    from oddflow.detect.folder import refuse_to_replace
    from oddflow.detect.sequence_artifact import save_sequence_detector

    asked = ensembles.EnsembleOptions(members, networks, known_attacks)
    common: dict[str, Any] = {"score": score, "contamination": contamination}
    ensembles.require_sense(asked, ensemble=ensemble, steps=steps, memory=memory, **common)
    is_sequence = asks_for_sequences(steps, memory, **common)
    out = Output(quiet=quiet, as_json=json)
    refuse_to_replace(output, overwrite=overwrite)
    parameters: dict[str, Any] = training.read_settings(settings) if settings else {}
    given = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    parameters |= {name: value for name, value in given.items() if value is not None}
    if contamination:
        parameters["contamination"] = contamination
    rate = options.target_fpr(fpr, alerts_per_day, records_per_day, default=0.05)
    parameters |= {"target_fpr": rate, "seed": seed}
    normals, source = load_normals(records, data, out, profile=profile)
    estimate = estimate_contamination(normals)
    if estimate is not None and estimate > contamination:
        can_trim = not (is_sequence or ensemble)
        out.note(training.contamination_warning(estimate, can_trim=can_trim))
    saved: dict[str, Any] = {"source": source, "overwrite": overwrite}
    if is_sequence:
        sequence = train_sequences(normals, out, steps, memory, parameters)
        manifest = save_sequence_detector(sequence, output, **saved)
    else:
        attacks = load_attacks(records, data, out, profile=profile)
        if ensemble:
            together = ensembles.train_ensemble(normals, attacks, out, asked, parameters)
            manifest = save_ensemble(together, output, **saved)
        else:
            parameters |= {"steps": steps, "score_kind": score}
            single = training.train_with_progress(normals, out, **parameters)
            if attacks is not None:
                single.model_ = single.model_.knowing(attacks, seed=seed)
            manifest = save_detector(single, output, **saved)
    told = ensembles.trained_text if ensemble else training.trained_text
    out.result(
        lambda: {
            "model": str(output),
            "sha256": manifest.sha256,
            "n_records": manifest.training.n_records,
            "n_epochs": manifest.training.n_epochs,
            "seconds": manifest.training.seconds,
            "target_fpr": manifest.target_fpr,
            "contamination_estimate": estimate,
            "members": [member.name for member in manifest.members],
            "known_families": list(manifest.classes[1:]),
            **manifest.metrics,
        },
        lambda: told(output, manifest),
    )

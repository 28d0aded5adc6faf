"""`oddflow inspect`: what a model directory holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oddflow.cli import options
from oddflow.cli.console import Output

if TYPE_CHECKING:
    from rich.console import Group

    from oddflow.detect.bundle import Bundle
    from oddflow.detect.manifest import Manifest
    from oddflow.detect.sequence_bundle import SequenceBundle

NAME = "inspect"
NEEDS_ARGUMENTS = True
EXAMPLE = "Example: `oddflow inspect oddflow-demo/model --json`"


def run(
    model: options.ModelDir,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Check a model directory and show where it came from, its features and its thresholds."""
    import msgspec

    from oddflow.cli.sequences import load_any_model

    bundle = load_any_model(model, threads=1)
    Output(quiet=quiet, as_json=json).result(
        lambda: {
            "manifest": msgspec.to_builtins(bundle.manifest),
            "features": list(bundle.model.encoder.schema.names),
            "thresholds": thresholds(bundle),
        },
        lambda: _text(bundle),
    )


def thresholds(bundle: Bundle | SequenceBundle) -> dict[str, float]:
    """Thresholds at the usual rates, as far as the calibration records resolve them."""
    calibration = bundle.model.calibration
    rates = [
        rate for rate in (0.1, 0.05, 0.01, 0.001, 0.0001) if rate * (len(calibration) + 1) >= 1
    ]
    return {f"{rate:g}": calibration.threshold(rate).value for rate in rates}


def _text(bundle: Bundle | SequenceBundle) -> Group:
    from rich.console import Group
    from rich.table import Table

    manifest = bundle.manifest
    learnt = "labelled records" if manifest.classes else "normal records"
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in {
        "model": str(bundle.path),
        "sha256": manifest.sha256,
        "written": f"{manifest.created} by oddflow {manifest.oddflow}, format {manifest.format}",
        "detector": f"{manifest.detector}, profile {manifest.profile}, steps {manifest.steps}",
        **_kind(manifest),
        "trained on": f"{manifest.training.n_records:,} {learnt} of {manifest.training.source}, "
        f"seed {manifest.training.seed}",
        "training": f"{manifest.training.n_epochs} epochs, best {manifest.training.best_epoch}, "
        f"{manifest.training.seconds:.1f} s",
        "calibrated on": f"{len(bundle.model.calibration):,} held-out normal records",
        "thresholds": ", ".join(f"{v:.1f} at {r}" for r, v in thresholds(bundle).items()),
        "features": ", ".join(bundle.model.encoder.schema.names),
    }.items():
        facts.add_row(name, value)
    parts = Table("part", "bytes", "sha256", box=None, padding=(0, 2, 0, 0))
    for name, part in sorted(manifest.parts.items()):
        parts.add_row(name, f"{part.bytes:,}", part.sha256[:16] + "…")
    return Group(facts, "", parts)


def _kind(manifest: Manifest) -> dict[str, str]:
    """What only some kinds of models have: members, classes, histories."""
    facts = {}
    if manifest.members:
        told = (f"{member.name} (weight {member.weight:.3g})" for member in manifest.members)
        facts["members"] = ", ".join(told)
    if manifest.classes:
        known = "known attacks" if manifest.members else "attacks"
        facts[known] = ", ".join(manifest.classes[1:])
    if manifest.is_of_sequences:
        settings = manifest.training.settings
        facts["history"] = f"of {manifest.steps}: memory {settings['memory']}"
        if settings["memory"] == "window":
            facts["history"] += f" of {settings['length']} connections"
    return facts

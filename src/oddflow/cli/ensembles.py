"""Ensembles on the command line: what can be asked for, their training, and what is said of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from oddflow.cli.console import Output
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
    from oddflow.detect.ensemble import EnsembleDetector
    from oddflow.detect.manifest import Manifest
    from oddflow.models.train import Epoch


class EnsembleOptions(NamedTuple):
    """What was asked for beside `--ensemble`.

    members: kinds, separated by commas; None for the default. n_networks: likewise. known_attacks:
    True if labelled attacks may be learnt.
    """

    members: str | None = None
    n_networks: int | None = None
    known_attacks: bool = False

    def parameters(self) -> dict[str, Any]:
        """The parameters of the detector that were given.

        Raises:
            InputError: an unknown kind of member, or one given twice.
        """
        from oddflow.detect.members import require_kinds

        given: dict[str, Any] = {}
        if self.members is not None:
            given["members"] = tuple(kind.strip() for kind in self.members.split(","))
            require_kinds(given["members"])
        if self.n_networks is not None:
            given["n_networks"] = self.n_networks
        return given


def require_sense(
    options: EnsembleOptions,
    *,
    ensemble: bool,
    steps: str,
    memory: str | None,
    score: str,
    contamination: float,
) -> None:
    """Refuse what does not go together.

    Raises:
        InputError: an option of ensembles without `--ensemble`, or one with it that they do not
            have.
    """
    if not ensemble:
        if options != EnsembleOptions():
            raise InputError("--members, --networks and --known-attacks are for --ensemble; add it")
        return
    is_given = {
        "--steps": steps != "groups",
        "--memory": memory is not None,
        "--score": score != "whitened",
        "--contamination": contamination != 0,
    }
    wrong = [name for name, given in is_given.items() if given]
    if wrong:
        raise InputError(
            f"--ensemble looks at feature groups of single records, scores by its members "
            f"(--members) and leaves no record out; leave out {' and '.join(wrong)}"
        )
    options.parameters()


def train_ensemble(
    normals: FeatureMatrix,
    labelled: LabelledMatrix | None,
    out: Output,
    options: EnsembleOptions,
    parameters: Mapping[str, Any],
) -> EnsembleDetector:
    """A fitted ensemble, which names similar attacks where some are labelled.

    Epochs that are asked for limit the classifier of known attacks too.

    Args:
        normals: to learn from.
        labelled: the same with the labelled attacks among them; None if nobody labelled them.
        out: for the bar.
        options: see `EnsembleOptions`.
        parameters: of the detector, besides these.

    Raises:
        InputError: what the detector refuses, or attacks are to be learnt and there are none.
    """
    from oddflow.detect.ensemble import EnsembleDetector

    detector = EnsembleDetector(**{**parameters, **options.parameters()})
    detector.known_epochs = min(detector.known_epochs, parameters.get("epochs", sys.maxsize))
    if not options.known_attacks:
        _fit(detector, normals, None, out)
    elif labelled is None or not labelled.labels.is_attack.any():
        raise InputError(
            "--known-attacks learns from records that are labelled as attacks, and there are none; "
            "leave it out to learn from normal traffic alone"
        )
    else:
        _fit(detector, labelled.features, labelled.labels.family, out)
        if not detector.weak_families_:
            out.note("no family of attacks is missed by the members: none was learnt")
    if labelled is not None:
        detector.model_ = detector.model_.knowing(labelled, seed=detector.seed)
    return detector


def _fit(
    detector: EnsembleDetector,
    records: FeatureMatrix,
    families: NDArray[np.object_] | None,
    out: Output,
) -> None:
    """Fit it with one bar over all its networks."""
    n_epochs = detector.n_networks * detector.epochs
    n_epochs += 0 if families is None else detector.known_epochs
    stages: dict[str, int] = {}
    with out.progress("compiling", n_epochs, "epochs") as advance:

        def show(stage: str, epoch: Epoch) -> None:
            before = stages.setdefault(stage, len(stages)) * detector.epochs
            losses = f"loss {epoch.loss:.5f}, held out {epoch.validation_loss:.5f}"
            advance(before + epoch.number, f"{stage}, epoch {epoch.number}: {losses}")

        detector.fit(records, families, on_epoch=show)


def trained_text(output: Path, manifest: Manifest) -> str:
    """What there is now, for people."""
    training, names = manifest.training, [member.name for member in manifest.members]
    records = "records" if manifest.classes else "normal records"
    text = (
        f"{output}: {len(names)} members ({', '.join(names)}), trained on "
        f"{training.n_records:,} {records} of {training.source} in {training.seconds:.0f} s; "
        f"together they flag {manifest.target_fpr:.2%} of traffic like its normal records"
    )
    if not manifest.classes:
        return text
    share = manifest.members[-1].weight
    known = ", ".join(manifest.classes[1:])
    return f"{text}, {names[-1]} up to {share:.0%} of that; it recognises {known}"

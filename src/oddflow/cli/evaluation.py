"""What `evaluate` and `demo` have in common: corpora, systems, tables, the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from oddflow import __version__
from oddflow.cli.console import Output
from oddflow.core.errors import InputError
from oddflow.core.evaluation import Evaluation, TrainingHistory

if TYPE_CHECKING:
    from rich.console import Group

    from oddflow.cli.online import WithModel
    from oddflow.core.detector import DetectorFactory
    from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
    from oddflow.core.verdicts import Threshold, Verdict
    from oddflow.detect.autoencoder import LSTMAutoencoderDetector
    from oddflow.detect.manifest import Manifest
    from oddflow.detect.model import Model
    from oddflow.evaluate.protocols import Protocol

OURS = "lstm_autoencoder"
"""The name of our detector in every table."""
N_EXPLAINED = 6
"""Records explained in a report."""
LEARNT_ATTACKS = (
    "ensemble_known_attacks has learnt labelled attacks beside normal records; the others have not."
)
"""A note on tables in which it stands."""
FALSE_ALERT = "normal, flagged"
"""What a report calls normal records that are flagged."""


@dataclass(frozen=True, eq=False)
class Judged:
    """An evaluation, and what its report shows besides numbers.

    Attributes:
        evaluation: the numbers.
        protocol: what was tested on.
        model: our model of the first seed; None if it was not among the systems.
        history: of its training; None if it was not trained here.
        name: of that model's system in the tables.
    """

    evaluation: Evaluation
    protocol: Protocol
    model: Model | None
    history: TrainingHistory | None
    name: str = OURS


@final
class Trained:
    """A saved model in the place of a detector to be fitted: `fit` changes nothing."""

    def __init__(self, model: Model, threshold: Threshold) -> None:
        self.model_, self.threshold_ = model, threshold.value

    def fit(self, records: FeatureMatrix, /) -> Self:
        """Leave the model as it is."""
        del records
        return self

    def score_samples(self, records: FeatureMatrix, /) -> NDArray[np.float64]:
        """Oddness of each record, shape (n,)."""
        return self.model_.score_samples(records)


def evaluate(
    protocol: Protocol,
    *,
    seeds: int,
    target_fpr: float,
    parameters: dict[str, Any],
    out: Output,
    model: Model | None = None,
    name: str = OURS,
    history: TrainingHistory | None = None,
    systems: Sequence[str] | None = None,
    block_size: int | None = None,
) -> Judged:
    """Run our detector and the baselines, or those of them that are named.

    Args:
        protocol: what to train and test on.
        seeds: how many, from 0.
        target_fpr: of the thresholds.
        parameters: of our detector, besides target and seed.
        out: for the progress bar.
        model: judged in place of a newly trained detector of ours.
        name: what that model is called in the tables, see `system_name`.
        history: of that model's training, if it is known.
        systems: names; None for all but the ensembles, which take long to train.
        block_size: of protocol `online`, records scored before they are learnt from.

    Raises:
        InputError: a system that there is not, or a block where nothing is learnt from.
    """
    from oddflow.cli.online import online_systems
    from oddflow.cli.sequences import sequence_factories
    from oddflow.detect.autoencoder import LSTMAutoencoderDetector
    from oddflow.detect.baselines import baselines
    from oddflow.detect.calibrate import Calibration
    from oddflow.detect.ensemble_systems import INFORMED, ensemble_systems
    from oddflow.evaluate.online import BLOCK_SIZE, ONLINE
    from oddflow.evaluate.running import run_protocol

    require_systems(systems, ours=name)
    if block_size is not None and protocol.name != ONLINE:
        raise InputError(f"--block is for --protocol {ONLINE}; {protocol.name} learns once")
    ours: list[LSTMAutoencoderDetector] = []

    def new_detector(seed: int) -> LSTMAutoencoderDetector:
        ours.append(LSTMAutoencoderDetector(target_fpr=target_fpr, seed=seed, **parameters))
        return ours[-1]

    judged: Callable[[int], WithModel] = new_detector
    if model is not None:
        threshold = model.calibration.threshold(target_fpr)
        judged = lambda _seed: Trained(model, threshold)  # noqa: E731 - beside its other form
    factories: dict[str, DetectorFactory] = {name: judged, **baselines(target_fpr)}
    if protocol.name == ONLINE:
        factories = {**online_systems(name, judged, block_size=block_size or BLOCK_SIZE)}
    else:
        factories |= sequence_factories(protocol, target_fpr, systems)
        if systems:
            factories = ensemble_systems(target_fpr, protocol.train) | factories
        factories[name] = judged
    factories = {key: f for key, f in factories.items() if not systems or key in systems}
    n_fits, n_begun = len(factories) * seeds, 0
    with out.progress("starting", n_fits, "fits") as advance:

        def show(system: str, seed: int) -> None:
            nonlocal n_begun
            advance(n_begun, f"{system}, seed {seed}")
            n_begun += 1

        evaluation = run_protocol(
            protocol,
            factories,
            seeds=range(seeds),
            target_fpr=target_fpr,
            threshold_of=lambda scores: Calibration(scores).threshold(target_fpr).value,
            on_fit=show,
        )
    if any(key.startswith(INFORMED) for key in factories):
        evaluation = replace(evaluation, notes=(*evaluation.notes, LEARNT_ATTACKS))
    if model is not None and name in factories:
        return Judged(evaluation, protocol, model, history, name)
    first = ours[0] if ours else None
    return Judged(
        evaluation,
        protocol,
        first.model_ if first else None,
        first.history_ if first else None,
        name,
    )


def system_name(manifest: Manifest) -> str:
    """What a saved model is called in tables: its kind, and whether it has learnt attacks."""
    from oddflow.detect.rule import KNOWN_ATTACKS

    knows = any(member.name == KNOWN_ATTACKS for member in manifest.members)
    return f"{manifest.detector}_{KNOWN_ATTACKS}" if knows else manifest.detector


def require_systems(systems: Sequence[str] | None, *, ours: str = OURS) -> None:
    """Raise InputError if a system is named that there is not, beside `ours`."""
    from oddflow.detect.baselines import LEARNERS
    from oddflow.detect.ensemble_systems import NAMES as ENSEMBLES
    from oddflow.detect.sequence_systems import NAMES as SEQUENCES

    names = tuple(dict.fromkeys((ours, *ENSEMBLES, *LEARNERS, *SEQUENCES)))
    unknown = sorted(set(systems or ()) - set(names))
    if unknown:
        raise InputError(f"--system must be one of {', '.join(names)}, received {unknown}")


def require_report(path: Path, systems: Sequence[str] | None, *, ours: str = OURS) -> None:
    """Raise InputError if a report could not be written there, or would be about nothing."""
    if systems and ours not in systems:
        raise InputError(f"a report is about {ours}; add --system {ours}")
    if not path.parent.is_dir() or (path.exists() and not path.is_file()):
        raise InputError(f"{path}: cannot be written; name a file in a folder that exists")


def evaluation_text(evaluation: Evaluation, *, ours: str = OURS) -> Group:
    """Tables for the terminal, with the notes that make them comparable.

    Where records have times, so that a kind of attack is something that happened, there is a table
    of the kinds that our detector finds too, or the first system if ours is not there.
    """
    from rich.console import Group
    from rich.text import Text

    from oddflow.evaluate.kinds_table import kinds_table
    from oddflow.evaluate.table import results_table

    tables = []
    for name, result in evaluation.test_sets.items():
        system = ours if ours in result.kinds else next(iter(result.kinds))
        if result.kinds[system].is_timed:
            tables.append(kinds_table(result.kinds[system], test_set=name, system=system))
        tables.append(results_table(result, ours=ours))
    return Group(*tables, *[Text(note, style="dim") for note in evaluation.notes])


def oddest(judged: Judged, *, n: int = N_EXPLAINED) -> list[tuple[str, Verdict]]:
    """The oddest test record of each of some attacks, explained; the oddest attack first.

    One record an attack, since the n oddest of all are often n times the same.
    """
    if judged.model is None:
        return []
    name, test = next(iter(judged.protocol.test_sets.items()))
    scores = judged.model.score_samples(test.features)
    chosen: dict[str, int] = {}
    for row in np.argsort(-scores, kind="stable").tolist():
        chosen.setdefault(str(test.labels.attack[row]), row)
        if len(chosen) == n:
            break
    threshold = judged.model.calibration.threshold(judged.evaluation.target_fpr)
    rows = np.array(list(chosen.values()), dtype=np.intp)
    verdicts = judged.model.explain(test.features, rows, threshold)
    return [
        (f"{name} row {verdict.row}: {attack}", verdict)
        for attack, verdict in zip(chosen, verdicts, strict=True)
    ]


def write_html(judged: Judged, path: Path) -> None:
    """Write the HTML report.

    Raises:
        InputError: our detector was not among the systems, or the file cannot be written.
    """
    from oddflow.detect.residual_map import residual_map
    from oddflow.evaluate.report import render_report, write_report

    if judged.model is None:
        raise InputError(f"a report is about {judged.name}; leave it among the systems")
    test: LabelledMatrix = next(iter(judged.protocol.test_sets.values()))
    kinds = _kinds(judged)
    html = render_report(
        judged.evaluation,
        ours=judged.name,
        title=f"oddflow, protocol {judged.evaluation.protocol}",
        history=judged.history,
        residual_map=residual_map(judged.model, test.features, kinds),
        explained=oddest(judged),
        details={
            "trained on the normal records of": judged.protocol.train.name,
            "normal training records": f"{len(judged.protocol.normals):,}",
            "fingerprint of them": judged.protocol.normals.fingerprint(),
            "oddflow": __version__,
        },
    )
    try:
        write_report(path, html)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def _kinds(judged: Judged) -> NDArray[np.object_]:
    """Kind of each record of the first test set, with false alerts as a kind of their own."""
    result = next(iter(judged.evaluation.test_sets.values()))
    run, labels = result.runs[judged.name][0], result.labels
    is_false_alert = (run.scores > run.threshold) & ~labels.is_attack
    return np.where(is_false_alert, FALSE_ALERT, labels.attack).astype(object)

"""`oddflow evaluate --adversarial`: systems trained as ever, then attacked by their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oddflow.cli.console import Output
from oddflow.cli.evaluation import OURS, Trained
from oddflow.core.errors import InputError

if TYPE_CHECKING:
    from rich.console import Group

    from oddflow.core.detector import Detector, DetectorFactory
    from oddflow.detect.model import Model
    from oddflow.evaluate.evaded import SystemEvaded
    from oddflow.evaluate.protocols import Protocol

SYSTEMS = (OURS, "mahalanobis", "isolation_forest")
"""Attacked unless others are named."""
PER_KIND = 40
"""Most records of a kind of attack that are searched for."""
BUDGET = 300
"""Queries after which no further round of the search is begun for a record."""


@dataclass(frozen=True)
class Attacked:
    """What was found.

    Attributes:
        protocol: its name.
        test_set: whose attacks were changed.
        target_fpr: of the thresholds.
        systems: system -> one result a seed.
        name: of the system that is ours.
    """

    protocol: str
    test_set: str
    target_fpr: float
    systems: dict[str, list[SystemEvaded]]
    name: str = OURS

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "protocol": self.protocol,
            "test_set": self.test_set,
            "target_fpr": self.target_fpr,
            "records_per_kind": PER_KIND,
            "query_budget": BUDGET,
            "systems": {
                name: [run.to_json() for run in runs] for name, runs in self.systems.items()
            },
        }

    def to_text(self) -> Group:
        """Tables for the terminal."""
        from rich.console import Group
        from rich.text import Text

        from oddflow.evaluate.evasion_table import evasions_table, recalls_table

        title = f"{self.test_set}: recall before and after evasion"
        shown = self.name if self.name in self.systems else next(iter(self.systems))
        note = (
            f"Protocol {self.protocol}, thresholds at {self.target_fpr:.1%} of held-out training "
            f"normals. At most {PER_KIND} records of each kind, weighted by their number. The "
            "search is greedy: recall after it is an upper bound. docs/adversarial.md says what an "
            "attacker may change."
        )
        return Group(
            evasions_table(self.systems[shown], system=shown),
            recalls_table(self.systems, title=title, ours=self.name),
            Text(note, style="dim"),
        )


def attack(
    protocol: Protocol,
    *,
    seeds: int,
    target_fpr: float,
    parameters: dict[str, Any],
    out: Output,
    model: Model | None = None,
    name: str = OURS,
    systems: Sequence[str] | None = None,
) -> Attacked:
    """Fit each system with each seed, and search for evasions of the first test set's attacks.

    Args:
        protocol: what to train and test on.
        seeds: how many, from 0.
        target_fpr: of the thresholds.
        parameters: of our detector, besides target and seed.
        out: for the progress bar.
        model: attacked in place of a newly trained detector of ours.
        name: what that model is called.
        systems: names; None for `SYSTEMS`.

    Raises:
        InputError: features whose control is not known, or a system that cannot be attacked.
    """
    from oddflow.evaluate.adversarial import run_adversary

    factories = _factories(target_fpr, parameters, model, name)
    unknown = sorted(set(systems or ()) - set(factories))
    if unknown:
        raise InputError(
            f"--adversarial attacks {', '.join(factories)}; leave out {', '.join(unknown)}"
        )
    test_set, test = next(iter(protocol.test_sets.items()))
    found: dict[str, list[SystemEvaded]] = {}
    for system in systems or (name, *SYSTEMS[1:]):
        found[system] = []
        for seed in range(seeds):
            with out.progress(f"{system}, seed {seed}", None, "records") as advance:
                detector = factories[system](seed).fit(protocol.normals)
                run = run_adversary(
                    detector, test, seed=seed, per_kind=PER_KIND, budget=BUDGET, on_records=advance
                )
            found[system].append(run)
    return Attacked(protocol.name, test_set, target_fpr, found, name)


def _factories(
    target_fpr: float, parameters: dict[str, Any], model: Model | None, name: str
) -> dict[str, DetectorFactory]:
    from oddflow.detect.autoencoder import LSTMAutoencoderDetector
    from oddflow.detect.baselines import baselines

    def ours(seed: int) -> Detector:
        if model is not None:
            return Trained(model, model.calibration.threshold(target_fpr))
        return LSTMAutoencoderDetector(target_fpr=target_fpr, seed=seed, **parameters)

    return {**baselines(target_fpr), name: ours}

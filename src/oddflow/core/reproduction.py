"""A published table set beside our own figures: what was built, what was claimed, what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Evaluation, TrainingHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a paper reports for a system.

    Attributes:
        source: authors, year and place, such as "Yin et al. 2017, table 3".
        metrics: our name of a metric (`accuracy`, `precision`, `recall`, `f1`) -> its value as a
            share of 1. What the source does not give is left out.
        protocol: on which records, as far as the source says.
    """

    source: str
    metrics: Mapping[str, float]
    protocol: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class System:
    """One row of a reproduced table.

    Attributes:
        title: what the table calls it.
        description: the network and its training in a sentence or two.
        in_the_style_of: True where sizes or settings that the original does not give are ours.
        n_parameters: trained numbers, of the first seed.
        published: the figures to compare with; None if the source gives none.
        remarks: what is known of the reasons where ours and the published figures disagree.
        histories: protocol -> stage of training, such as "pre-training, layer 1" -> losses of the
            first seed.
    """

    title: str
    description: str
    in_the_style_of: bool
    n_parameters: int
    published: Published | None
    remarks: tuple[str, ...]
    histories: Mapping[str, Mapping[str, TrainingHistory]]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Reproduction:
    """A table of the paper, reproduced.

    Attributes:
        table: "4", "1" or "corpora".
        title: of the table.
        n_classes: 2, 5 or 23: what the systems were asked to tell apart.
        evaluations: one for each protocol and corpus; the systems in them are keys of `systems`.
        systems: name -> what it is; the order is that of the table.
        is_quick: True if training was cut short, so that no figure is to be quoted.
        corpora: the corpus of each evaluation, in their order; empty if that is not known.

    Raises:
        InputError: corpora of another number than evaluations.
    """

    table: str
    title: str
    n_classes: int
    evaluations: tuple[Evaluation, ...]
    systems: Mapping[str, System]
    is_quick: bool
    corpora: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.corpora and len(self.corpora) != len(self.evaluations):
            raise InputError(
                f"expected the corpus of each of {len(self.evaluations)} evaluations, received "
                f"{list(self.corpora)}"
            )

    def to_json(self) -> dict[str, Any]:
        """What `oddflow reproduce --json` prints; each evaluation as `oddflow evaluate` has it."""
        return {
            "table": self.table,
            "title": self.title,
            "n_classes": self.n_classes,
            "is_quick": self.is_quick,
            "evaluations": [evaluation.to_json() for evaluation in self.evaluations],
            "systems": {name: _system_json(system) for name, system in self.systems.items()},
        }


def _system_json(system: System) -> dict[str, Any]:
    published = system.published
    return {
        "title": system.title,
        "description": system.description,
        "in_the_style_of": system.in_the_style_of,
        "n_parameters": system.n_parameters,
        "published": published
        and {
            "source": published.source,
            "metrics": dict(published.metrics),
            "protocol": published.protocol,
        },
        "remarks": list(system.remarks),
        "histories": {
            protocol: {
                stage: {
                    "loss": list(history.loss),
                    "validation_loss": list(history.validation_loss),
                    "best_epoch": history.best_epoch,
                    "seconds": history.seconds,
                }
                for stage, history in stages.items()
            }
            for protocol, stages in system.histories.items()
        },
    }

"""Which systems, corpora and protocols make a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oddflow.core.errors import InputError
from oddflow.detect.baselines import LEARNERS
from oddflow.reproduce.jobs import Job
from oddflow.reproduce.systems import SYSTEMS

TABLES = ("4", "1", "corpora")
CLASSES = (2, 5, 23)
QUICK_EPOCHS = 3
PROPOSED = ("lstm_autoencoder", "proposed", "combined")
"""The proposed model in its readings, which may be given more seeds than the others."""

Table = dict[tuple[str, str], tuple[str, ...]]
"""(corpus, protocol) -> systems."""

_COMPARED = ("majority", "cnn", "dnn", "ann", "ann_unscaled", "ann_untrained")
_DEEP = ("rnn", "dbn", "lstm")
TABLE_4: Table = {
    ("nsl-kdd", protocol): (*_COMPARED, *_DEEP, *PROPOSED)
    for protocol in ("random-split", "official")
}
TABLE_1: Table = {
    ("nsl-kdd", "official"): ("majority", "dnn_traffic28", "rnn_ids"),
    ("kddcup99", "official"): ("majority", "sdae_elm", "dbn_softmax", "lstm_pca", "lstm_mi"),
    ("cicids2017", "random-split"): ("majority", "ann_boruta"),
    ("insdn", "random-split"): ("majority", "cnn_regularised"),
}
_PLACES = (
    ("unsw-nb15", "random-split"),
    ("cicids2017", "random-split"),
    ("cicids2017", "other-days"),
    ("iot-23", "time-split"),
)
CORPORA: Table = dict.fromkeys(_PLACES, ("lstm_autoencoder", *LEARNERS))
_KDD = ("nsl-kdd", "kddcup99")
"""The corpora whose attacks have the four families, and 23 names in training."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asked for.

    Attributes:
        table: "4", "1" or "corpora".
        n_classes: 2, 5 or 23.
        seeds: how many of each system, from 0.
        proposed_seeds: how many of the proposed model.
        protocols: only these; empty for all of the table.
        systems: only these; empty for all of the table.
        is_quick: train for a few epochs only.
        data_dir: where corpora are looked for first.
    """

    table: str
    n_classes: int = 2
    seeds: int = 1
    proposed_seeds: int = 1
    protocols: Sequence[str] = ()
    systems: Sequence[str] = ()
    is_quick: bool = False
    data_dir: Path | None = None


def jobs_of(request: Request) -> list[Job]:
    """The jobs of a table, the longest first so that no core is left waiting at the end.

    Raises:
        InputError: no such table, classes, protocol or system, or nothing is left of it.
    """
    jobs = [
        Job(
            system=system,
            corpus=corpus,
            protocol=protocol,
            n_classes=request.n_classes,
            seed=seed,
            epochs=QUICK_EPOCHS if request.is_quick else None,
            data_dir=request.data_dir,
        )
        for (corpus, protocol), systems in _table(request).items()
        for system in systems
        for seed in range(_n_seeds(request, system))
    ]
    if not jobs:
        raise InputError(
            f"nothing is left of table {request.table} for {request.n_classes} classes, protocols "
            f"{list(request.protocols) or 'all'} and systems {list(request.systems) or 'all'}"
        )
    return sorted(jobs, key=lambda job: (job.corpus, job.protocol, -_weight(job.system)))


def _table(request: Request) -> Table:
    """The table without what was not asked for."""
    tables: dict[str, Table] = {"4": TABLE_4, "1": TABLE_1, "corpora": CORPORA}
    if request.table not in tables:
        raise InputError(f"--table must be one of {', '.join(TABLES)}, received {request.table!r}")
    if request.n_classes not in CLASSES:
        raise InputError(f"--classes must be 2, 5 or 23, received {request.n_classes}")
    table = tables[request.table]
    known_systems = {system for systems in table.values() for system in systems}
    known_protocols = {protocol for _, protocol in table}
    for option, asked, known in (
        ("--system", request.systems, known_systems),
        ("--protocol", request.protocols, known_protocols),
    ):
        if set(asked) - known:
            raise InputError(
                f"{option} must be one of {', '.join(sorted(known))} in table {request.table}, "
                f"received {', '.join(sorted(set(asked) - known))}"
            )
    chosen = {
        (corpus, protocol): tuple(
            system
            for system in systems
            if (not request.systems or system in request.systems)
            and (request.n_classes == 2 or not SYSTEMS[system].needs_binary)
        )
        for (corpus, protocol), systems in table.items()
        if (not request.protocols or protocol in request.protocols)
        and (request.n_classes == 2 or corpus in _KDD)
    }
    return {place: systems for place, systems in chosen.items() if systems}


def _n_seeds(request: Request, system: str) -> int:
    if system == "majority":
        return 1
    return request.proposed_seeds if system in PROPOSED else request.seeds


def _weight(system: str) -> int:
    """Roughly how long a system takes."""
    return {"proposed": 6, "combined": 5, "cnn": 4, "lstm": 3, "lstm_autoencoder": 2}.get(system, 1)

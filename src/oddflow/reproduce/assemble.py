"""Outcomes of jobs put together to a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from oddflow.core.evaluation import Evaluation, TestSetResult
from oddflow.core.matrix import LabelledMatrix
from oddflow.core.reproduction import Reproduction, System
from oddflow.evaluate.protocols import Protocol
from oddflow.evaluate.supervised import classified_result
from oddflow.reproduce.jobs import Job, Outcome
from oddflow.reproduce.plan import Request
from oddflow.reproduce.published import PUBLISHED, REMARKS
from oddflow.reproduce.splits import classes_of, split_of
from oddflow.reproduce.systems import SYSTEMS, TARGET_FPR

TITLES = {
    "4": "Table 4 of Elazmazy and Nabil (2024): networks on NSL-KDD",
    "1": "Table 1 of Elazmazy and Nabil (2024): systems on their own corpora",
    "corpora": "Detectors trained on benign traffic of other corpora",
}
Done = Sequence[tuple[Job, Outcome]]


def assemble(request: Request, done: Done, *, notes: Sequence[str] = ()) -> Reproduction:
    """The table that the outcomes make.

    Args:
        request: what was asked for.
        done: jobs and what came out, in any order.
        notes: for every evaluation, such as what could not be run.
    """
    places: dict[tuple[str, str], list[tuple[Job, Outcome]]] = defaultdict(list)
    for job, outcome in done:
        places[job.corpus, job.protocol].append((job, outcome))
    names = [name for name in SYSTEMS if any(job.system == name for job, _ in done)]
    return Reproduction(
        table=request.table,
        title=f"{TITLES[request.table]}, {request.n_classes} classes",
        n_classes=request.n_classes,
        evaluations=tuple(
            _evaluation(request, split_of(*place, request.data_dir), of_place, notes)
            for place, of_place in places.items()
        ),
        systems={
            name: _system(name, request, [one for one in done if one[0].system == name])
            for name in names
        },
        is_quick=request.is_quick,
        corpora=tuple(corpus for corpus, _ in places),
    )


def _system(name: str, request: Request, done: Done) -> System:
    entry = SYSTEMS[name]
    first = [(job, outcome) for job, outcome in done if job.seed == 0]
    return System(
        title=entry.title,
        description=entry.description,
        in_the_style_of=entry.in_the_style_of,
        n_parameters=first[0][1].n_parameters,
        published=PUBLISHED.get((name, request.n_classes)),
        remarks=(REMARKS[name],) if name in REMARKS else (),
        histories={
            f"{job.corpus}, {job.protocol}": outcome.histories
            for job, outcome in first
            if outcome.histories
        },
    )


def _evaluation(request: Request, split: Protocol, done: Done, notes: Sequence[str]) -> Evaluation:
    seeds = sorted({job.seed for job, _ in done})
    return Evaluation(
        split.name,
        tuple(seeds),
        TARGET_FPR,
        {
            name: _result(name, test, split, done, request.n_classes)
            for name, test in split.test_sets.items()
        },
        (*_notes(split, done, request.n_classes), *notes),
    )


def _result(
    name: str, test: LabelledMatrix, split: Protocol, done: Done, n_classes: int
) -> TestSetResult:
    systems = [s for s in SYSTEMS if any(job.system == s for job, _ in done)]
    of_system = {s: [outcome for job, outcome in done if job.system == s] for s in systems}
    labels = test.labels
    novel = labels.is_attack & ~np.isin(labels.attack, list(split.known_attacks))
    return classified_result(
        name,
        labels,
        classes_of(labels, n_classes),
        novel,
        {s: [outcome.runs[name] for outcome in found] for s, found in of_system.items()},
        {
            s: [outcome.predicted[name] for outcome in found]
            for s, found in of_system.items()
            if all(name in outcome.predicted for outcome in found)
        },
        n_classes=n_classes,
    )


def _notes(split: Protocol, done: Done, n_classes: int) -> list[str]:
    """What makes the figures comparable."""
    tests = ", ".join(f"{name} ({len(test):,})" for name, test in split.test_sets.items())
    trained = (
        f"{done[0][0].corpus}: classifiers are trained on all {len(split.train):,} records of "
        f"{split.train.name} with their labels, detectors on its normal records alone; tested "
        f"on {tests}."
    )
    thresholds = (
        "Thresholds: a classifier flags what is likelier some attack than normal; a detector what "
        f"is above the threshold of {TARGET_FPR:.0%} of held-out normal training records. No test "
        "record or label takes part."
    )
    notes = [trained, thresholds]
    if split.name == "random-split":
        caution = (
            "Near-copies of test records are in training: do not compare these figures with those "
            "of a split by file, day or time."
        )
        notes.append(caution)
    return [*notes, _seeds(done), *_ceilings(split, n_classes)]


def _seeds(done: Done) -> str:
    """How many seeds stand behind the figures."""
    seeds: dict[str, set[int]] = defaultdict(set)
    for job, _ in done:
        seeds[job.system].add(job.seed)
    most = max(len(of_system) for of_system in seeds.values())
    few = sorted(system for system, of_system in seeds.items() if len(of_system) < most)
    which = "Seed 0" if most == 1 else f"Seeds 0 to {most - 1}"
    fewer = f" (fewer for {', '.join(few)})" if few else ""
    return (
        f"{which} of split, weights and order{fewer}; intervals: 95 %, bootstrap over seeds and "
        "test records."
    )


def _ceilings(split: Protocol, n_classes: int) -> list[str]:
    """What no classifier can reach where the test set has classes that training has none of."""
    if n_classes == 2:
        return []
    known = np.unique(classes_of(split.train.labels, n_classes).astype(str))
    notes = []
    for name, test in split.test_sets.items():
        unknown = ~np.isin(classes_of(test.labels, n_classes).astype(str), known)
        if unknown.any():
            notes.append(
                f"{unknown.sum():,} of {len(test):,} records of {name} have a class that training "
                f"has none of: no accuracy above {1 - unknown.mean():.3f} is possible."
            )
    return notes

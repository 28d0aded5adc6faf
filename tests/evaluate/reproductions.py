"""Made-up reproductions of tables: systems of different skill, published figures, histories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from oddflow.core.evaluation import Evaluation, Run, TestSetResult, TrainingHistory
from oddflow.core.matrix import Labels
from oddflow.core.reproduction import Published, Reproduction, System
from oddflow.evaluate.supervised import classified_result

FAMILIES = ("dos", "probe", "r2l", "u2r")


class Made(NamedTuple):
    """A system to make up: its share of right verdicts on the easy and the hard test set, and its
    published accuracy; a detector names no classes.
    """

    title: str
    easy: float
    hard: float
    published: float | None = None
    protocol: str = "random-split, presumably"
    remarks: tuple[str, ...] = ()
    stages: tuple[str, ...] = ("training",)
    is_detector: bool = False


SYSTEMS = {
    "majority": Made("majority class", 0.45, 0.43, stages=()),
    "cnn": Made("CNN", 0.97, 0.8, 0.926, remarks=("The paper does not name its split.",)),
    "ann": Made("ANN", 0.95, 0.77, 0.3499, remarks=("It is below the majority class.",)),
    "rnn_ids": Made("Yin 2017, RNN-IDS", 0.96, 0.83, 0.8328, "official"),
    "dbn": Made(
        "DBN",
        0.94,
        0.75,
        stages=("pre-training, layer 1", "pre-training, layer 2", "fine-tuning"),
    ),
    "proposed": Made("Proposed (b)", 0.99, 0.79, 0.998, stages=("pre-training", "fine-tuning")),
}
DETECTOR = {"lstm_autoencoder": Made("Proposed (a)", 0.9, 0.85, is_detector=True)}


def class_names(n_classes: int) -> list[str]:
    """normal and attack, normal and families, or normal and so many attacks."""
    if n_classes == 2:
        return ["normal", "attack"]
    return ["normal", *(f"attack{i}" for i in range(1, n_classes))]


def made_result(
    name: str,
    skills: Mapping[str, float],
    *,
    n_classes: int,
    seeds: tuple[int, ...],
    detectors: frozenset[str] = frozenset(),
    n_records: int = 300,
) -> TestSetResult:
    """A test set on which each system names the right class as often as its skill says."""
    random = np.random.default_rng(n_classes)
    names = np.array(class_names(n_classes), dtype=object)
    kind = random.geometric(0.45, size=n_records) - 1
    kind[:n_classes] = np.arange(n_classes)
    kind = np.minimum(kind, n_classes - 1)
    truth = names[kind]
    families = np.array(["normal", *FAMILIES], dtype=object)
    labels = Labels(truth, families[np.where(kind > 0, 1 + kind % 4, 0)])
    runs: dict[str, list[Run]] = {}
    predicted: dict[str, list[np.ndarray]] = {}
    for number, (system, skill) in enumerate(skills.items()):
        runs[system], predicted[system] = [], []
        for seed in seeds:
            noise = np.random.default_rng([number, seed])
            is_right = noise.random(n_records) < skill
            named = np.where(is_right, truth, names[noise.integers(n_classes, size=n_records)])
            scores = (named != "normal") + noise.normal(0, 0.1, n_records)
            runs[system].append(Run(seed, scores, 0.5, fit_s=10.0 + number, score_s=0.01))
            predicted[system].append(named.astype(object))
    novel = labels.is_attack & (kind == n_classes - 1)
    for system in detectors:
        del predicted[system]
    return classified_result(name, labels, truth, novel, runs, predicted, n_classes=n_classes)


def made_history(n_epochs: int = 12, *, above: float = 0.1) -> TrainingHistory:
    """Losses that fall; those of a machine (above 0) start below zero."""
    epochs = np.arange(n_epochs)
    loss, held_out = np.exp(-epochs / 4) + above - 0.1, np.exp(-epochs / 5) + 0.05
    return TrainingHistory(tuple(loss.tolist()), tuple(held_out.tolist()), n_epochs - 2, 4.0)


def made_system(made: Made) -> System:
    """What a system is, with histories of both protocols."""
    published = None
    if made.published is not None:
        published = Published(
            source=f"Source of {made.title}",
            metrics={"accuracy": made.published, "f1_weighted": made.published},
            protocol=made.protocol,
        )
    histories = {
        f"nsl-kdd, {protocol}": {
            stage: made_history(above=-0.9 if "layer" in stage else 0.1) for stage in made.stages
        }
        for protocol in ("random-split", "official")
        if made.stages
    }
    return System(
        title=made.title,
        description=f"What {made.title} is made of.",
        in_the_style_of=bool(made.stages),
        n_parameters=12_345 if made.stages else 0,
        published=published,
        remarks=made.remarks,
        histories=histories,
    )


def made_reproduction(
    systems: Mapping[str, Made] | None = None,
    *,
    n_classes: int = 2,
    seeds: tuple[int, ...] = (0, 1),
    is_quick: bool = False,
    corpora: tuple[str, ...] = ("nsl-kdd", "nsl-kdd"),
    names: tuple[str, str, str] = ("KDDTrain+, random 20%", "KDDTest+", "KDDTest-21"),
    notes: tuple[str, ...] = ("Trained on this, tested on that.",),
) -> Reproduction:
    """A random split beside an official one of two test sets."""
    if systems is None:
        systems = {**SYSTEMS, **(DETECTOR if n_classes == 2 else {})}
    detectors = frozenset(name for name, made in systems.items() if made.is_detector)
    shares = (
        {key: made.easy for key, made in systems.items()},
        {key: made.hard for key, made in systems.items()},
        {key: made.hard - 0.2 for key, made in systems.items()},
    )
    easy, hard, hardest = (
        made_result(name, share, n_classes=n_classes, seeds=seeds, detectors=detectors)
        for name, share in zip(names, shares, strict=True)
    )
    return Reproduction(
        table="4",
        title=f"Table 4 of somebody, {n_classes} classes",
        n_classes=n_classes,
        evaluations=(
            Evaluation("random-split", seeds, 0.05, {easy.name: easy}, notes),
            Evaluation("official", seeds, 0.05, {hard.name: hard, hardest.name: hardest}, notes),
        ),
        systems={name: made_system(made) for name, made in systems.items()},
        is_quick=is_quick,
        corpora=corpora,
    )

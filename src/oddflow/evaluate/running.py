"""A protocol run: every system fitted with every seed, and measured on every test set."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from oddflow.core.detector import DetectorFactory
from oddflow.core.errors import InputError
from oddflow.core.evaluation import Evaluation, Run, TestSetResult
from oddflow.evaluate.bootstrap import estimate
from oddflow.evaluate.counts import Floats
from oddflow.evaluate.kinds import kinds_found
from oddflow.evaluate.protocols import Protocol
from oddflow.evaluate.shift import feature_shift

RESAMPLE_SEED = 0

OnFit = Callable[[str, int], None]
"""Told which system is about to be fitted with which seed."""
ThresholdOf = Callable[[Floats], float]
"""Scores of normal records -> the threshold for the target rate."""


def run_protocol(
    protocol: Protocol,
    systems: Mapping[str, DetectorFactory],
    *,
    seeds: Sequence[int],
    target_fpr: float,
    threshold_of: ThresholdOf | None = None,
    on_fit: OnFit | None = None,
) -> Evaluation:
    """Fit every system with every seed and measure it on every test set.

    Args:
        protocol: what to train and test on.
        systems: what to fit.
        seeds: to fit each with.
        target_fpr: that the systems set their thresholds for.
        threshold_of: reads a threshold for the same rate; for protocols with `thresholds_from`.
        on_fit: told what is fitted.

    Raises:
        InputError: no system, no seed, or no `threshold_of` where one is needed.
    """
    if not systems or not seeds:
        raise InputError(
            f"an evaluation takes systems and seeds, received {len(systems)} and {len(seeds)}"
        )
    if protocol.thresholds_from and threshold_of is None:
        raise InputError(
            f"{protocol.name} reads thresholds from other records than training held out; give "
            "threshold_of, such as lambda scores: Calibration(scores).threshold(0.01).value"
        )
    runs: dict[str, dict[str, list[Run]]] = {
        name: {system: [] for system in systems} for name in protocol.test_sets
    }
    for system, factory in systems.items():
        for seed in seeds:
            if on_fit is not None:
                on_fit(system, seed)
            for name, run in _runs(protocol, factory, seed, threshold_of).items():
                runs[name][system].append(run)
    return Evaluation(
        protocol.name,
        tuple(seeds),
        target_fpr,
        {name: _result(protocol, name, runs[name]) for name in protocol.test_sets},
        (*protocol.notes, *_notes(protocol, seeds, target_fpr)),
    )


def _runs(
    protocol: Protocol, factory: DetectorFactory, seed: int, threshold_of: ThresholdOf | None
) -> dict[str, Run]:
    """One fit, tested on every test set; those of the same records are scored once."""
    start_s = time.perf_counter()
    detector = factory(seed).fit(protocol.normals)
    fit_s = time.perf_counter() - start_s
    runs: dict[str, Run] = {}
    scored: dict[int, Run] = {}
    for name, test in protocol.test_sets.items():
        if id(test) not in scored:
            start_s = time.perf_counter()
            scores = detector.score_samples(test.features)
            score_s = time.perf_counter() - start_s
            scored[id(test)] = Run(seed, scores, detector.threshold_, fit_s, score_s)
        runs[name] = scored[id(test)]
        local = protocol.thresholds_from.get(name)
        if local is not None and threshold_of is not None:
            threshold = threshold_of(detector.score_samples(local))
            runs[name] = replace(runs[name], threshold=threshold)
    return runs


def _result(protocol: Protocol, name: str, runs: Mapping[str, list[Run]]) -> TestSetResult:
    test = protocol.test_sets[name]
    labels = test.labels
    novel = labels.is_attack & ~np.isin(labels.attack, list(protocol.known_attacks))
    return TestSetResult(
        name,
        labels,
        novel,
        {system: tuple(of_system) for system, of_system in runs.items()},
        {
            system: estimate(of_system, labels.is_attack, novel, seed=RESAMPLE_SEED)
            for system, of_system in runs.items()
        },
        kinds={
            system: kinds_found(labels, of_system, test.times) for system, of_system in runs.items()
        },
        shift=feature_shift(protocol.normals, test.normals()),
    )


def _notes(protocol: Protocol, seeds: Sequence[int], target_fpr: float) -> tuple[str, ...]:
    """Where thresholds and intervals come from."""
    unless = ", unless said otherwise above" if protocol.thresholds_from else ""
    calibration = (
        f"Thresholds: {target_fpr:.1%} of held-out normal training records, which neither "
        f"training nor early stopping saw{unless}."
    )
    spread = (
        f"Seeds {', '.join(map(str, seeds))} of split, weights and order; intervals: 95 %, "
        "bootstrap over seeds and test records."
    )
    return calibration, spread

"""A small evaluation made of random scores, with one system better than the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from oddflow.core.evaluation import Evaluation, Run, TestSetResult
from oddflow.core.matrix import Labels
from oddflow.evaluate.bootstrap import estimate

# name, family, novel, records, how far its scores lie above those of normal traffic
ATTACKS = (
    ("neptune", "dos", False, 60, 3.0),
    ("mailbomb", "dos", True, 20, 0.3),
    ("satan", "probe", False, 30, 2.5),
    ("snmpguess", "r2l", True, 25, 0.0),
)
BuildEvaluation = Callable[..., Evaluation]


def _labels(n_normals: int) -> tuple[Labels, np.ndarray, np.ndarray]:
    names, families = ["normal"] * n_normals, ["normal"] * n_normals
    novel, shift = [False] * n_normals, [0.0] * n_normals
    for name, family, is_novel, n, up in ATTACKS:
        names += [name] * n
        families += [family] * n
        novel += [is_novel] * n
        shift += [up] * n
    labels = Labels(np.array(names, dtype=object), np.array(families, dtype=object))
    return labels, np.array(novel), np.array(shift)


def _result(name: str, skills: dict[str, float], seeds: tuple[int, ...]) -> TestSetResult:
    labels, novel, shift = _labels(200)
    runs: dict[str, tuple[Run, ...]] = {}
    for number, (system, skill) in enumerate(skills.items()):
        of_system = []
        for seed in seeds:
            random = np.random.default_rng([number, seed])
            scores = np.exp(random.normal(size=len(labels)) + skill * shift)
            threshold = float(np.quantile(scores[~labels.is_attack], 0.95))
            of_system.append(Run(seed, scores, threshold, fit_s=1.5, score_s=0.001))
        runs[system] = tuple(of_system)
    metrics = {
        system: estimate(of_system, labels.is_attack, novel, n_resamples=40, seed=0)
        for system, of_system in runs.items()
    }
    return TestSetResult(name, labels, novel, runs, metrics)


@pytest.fixture(scope="session")
def build_evaluation() -> BuildEvaluation:
    """Builds an evaluation; skill says how far a system puts attacks above normal traffic."""

    def build(
        skills: dict[str, float] | None = None,
        *,
        seeds: tuple[int, ...] = (0, 1, 2),
        test_sets: tuple[str, ...] = ("Test",),
        notes: tuple[str, ...] = (),
    ) -> Evaluation:
        skills = skills or {"ours": 1.2, "weak": 0.5}
        results = {name: _result(name, skills, seeds) for name in test_sets}
        return Evaluation("one-class", seeds, 0.05, results, notes)

    return build


@pytest.fixture(scope="session")
def evaluation(build_evaluation: BuildEvaluation) -> Evaluation:
    return build_evaluation()


@pytest.fixture(scope="session")
def result(evaluation: Evaluation) -> TestSetResult:
    return evaluation.test_sets["Test"]

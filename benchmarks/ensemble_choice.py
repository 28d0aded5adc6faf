"""Which members an ensemble should have: `python -m benchmarks.ensemble_choice`.

By KDDTrain+ alone. Folds are those of `benchmarks.reconstruction`: normals without some clusters of
them to train on, the hidden clusters as imitation of traffic that has changed, and KDDTrain+'s
labelled attacks. Half of the held-out normals compares the members' scores, half calibrates. All
sets of up to four members are tried; nothing of a test file is read.

    python -m benchmarks.ensemble_choice --folds 4 -o benchmarks/evaluate/ensemble-choice.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.reconstruction import Fold, figures, fold_of, residuals, scored
from benchmarks.reconstruction_variants import VARIANTS
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.calibrate import Calibration, surprisal
from oddflow.detect.forest import IsolationForest
from oddflow.detect.heads import Head, Neighbours, Parts, Whitened
from oddflow.features.encode import Encoder

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Scores = dict[str, Floats]
"""By part of a fold: held_out, hidden, attacks."""

PARTS = ("held_out", "hidden", "attacks")
NETWORKS = {"R": "default", "S": "Student's likelihood", "W": "code of 32"}
"""Members that look at residuals -> the variant of the network."""
CAP = 4.0
N_NEIGHBORS = 5
N_REFERENCES = 10_000
MOST_MEMBERS = 4


def of_networks(fold: Fold, *, seed: int) -> dict[str, Scores]:
    """Whitened residuals of each network, directions capped (`R4`) or not (`R`)."""
    told = {}
    for name, variant in NETWORKS.items():
        found = residuals(VARIANTS[variant], fold, seed=seed)
        for suffix, cap in (("4", CAP), ("", np.inf)):
            by_part = scored(found, cap)
            told[name + suffix] = {part: by_part[part] for part in PARTS}
    return told


def of_records(fold: Fold, *, seed: int) -> dict[str, Scores]:
    """Members that need no network: M, M4 Mahalanobis, N neighbours, F isolation forest."""
    encoder = Encoder.fit(fold.fit)
    fit = encoder.transform(fold.fit)
    seen = Parts(fit, fit, fit)
    rows = np.random.default_rng(seed).permutation(len(fit))[:N_REFERENCES]
    heads: dict[str, Head] = {
        "M": Whitened.fit(("encoded",), seen, cap=np.inf, ridge=1e-3),
        "M4": Whitened.fit(("encoded",), seen, cap=CAP, ridge=1e-3),
        "N": Neighbours(fit[np.sort(rows)], N_NEIGHBORS, "encoded"),
        "F": IsolationForest.fit(fit, n_trees=200, seed=seed),
    }
    encoded = {part: encoder.transform(getattr(fold, part)) for part in PARTS}
    return {
        name: {part: _score(head, values) for part, values in encoded.items()}
        for name, head in heads.items()
    }


def _score(head: Head, encoded: Array) -> Floats:
    return head.score(Parts(encoded, encoded, encoded)).astype(np.float64)


def surprisals(scores: Scores) -> Scores:
    """By the first half of the held-out normals, which the result lacks."""
    held_out = scores["held_out"]
    half = len(held_out) // 2
    reference = Calibration(held_out[:half])
    rest = {**scores, "held_out": held_out[half:]}
    return {part: surprisal(reference, values) for part, values in rest.items()}


def sets_of(members: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """All sets of members, the smallest first."""
    for size in range(1, MOST_MEMBERS + 1):
        yield from combinations(members, size)


def judged(
    members: Mapping[str, Scores], names: NDArray[np.object_]
) -> dict[str, dict[str, float]]:
    """Figures of each set of members: of the mean of their surprisals."""
    told = {}
    for chosen in sets_of(members):
        mean = {p: np.mean([members[name][p] for name in chosen], axis=0) for p in PARTS}
        told[" + ".join(chosen)] = figures(mean, names)
    return told


def main() -> None:
    """Learn the members on each fold, judge all sets, print the best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=4, help="ways to hide clusters")
    parser.add_argument("--data", type=Path, help="folder with the corpora")
    parser.add_argument("--show", type=int, default=25, help="how many of the best to print")
    parser.add_argument("-o", "--output", type=Path, help="JSON of all figures, means over folds")
    asked = parser.parse_args()
    corpus = load_nsl_kdd("KDDTrain+", data_dir=asked.data)
    told = []
    for seed in range(asked.folds):
        fold = fold_of(corpus, seed=seed)
        scores = {**of_networks(fold, seed=seed), **of_records(fold, seed=seed)}
        told.append(judged({k: surprisals(v) for k, v in scores.items()}, fold.names))
        print(f"fold {seed} done", flush=True)
    means = {
        name: {key: round(float(np.mean([f[name][key] for f in told])), 5) for key in told[0][name]}
        for name in told[0]
    }
    best = sorted(means, key=lambda name: -means[name]["SEL"])
    for name in best[: asked.show]:
        shown = "  ".join(f"{key} {value:.4f}" for key, value in means[name].items())
        print(f"{name:20s} {shown}")
    if asked.output:
        asked.output.write_text(json.dumps(means, indent=1) + "\n")


if __name__ == "__main__":
    main()

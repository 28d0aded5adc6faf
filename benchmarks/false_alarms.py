"""`python -m benchmarks.false_alarms`: do rates asked for come true on exchangeable normals?

The normal records of KDDTrain+ are parted at random, four fifths to `fit` (which trains, stops and
calibrates on parts of its own) and one fifth that nothing sees. Two questions are put to those:

- **false alarms**: how many are flagged at a rate asked for. Two intervals of 95 % say how many
  may be: the plain binomial one, which takes the threshold for exact, and the beta-binomial one,
  which knows that the threshold was read from a calibration set of n records: with r = floor(rate
  * (n + 1)) of them at or above it, the number flagged among m others has exactly the distribution
  BetaBinomial(m, r, n + 1 - r) if scores have no ties (Vovk, "Conditional validity of inductive
  conformal predictors", Machine Learning 92, 2013).
- **false discoveries**: which share of the flagged is normal when `benjamini_hochberg` flags, in
  batches of these normals and attacks of KDDTrain+ at several shares of attacks.

No test file is read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.systems import SYSTEMS
from oddflow.core.detector import Detector
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.calibrate import Calibration, count_flagged, split_normals
from oddflow.detect.discovery import benjamini_hochberg
from oddflow.detect.ensemble import EnsembleDetector

OUTPUT = Path("benchmarks/evaluate/false-alarms.json")
RATES = (0.1, 0.05, 0.01, 0.001)
LEVEL = 0.95
UNSEEN_SHARE = 0.2
FDRS = (0.1, 0.05)
ATTACK_SHARES = (0.5, 0.1, 0.02)
BATCH = 5_000
"""Records of a batch in which discoveries are made."""
N_BATCHES = 100
"""For each seed, share and rate."""

Floats = NDArray[np.float64]


class Parted(NamedTuple):
    """Scores of one fitted detector.

    Attributes:
        calibration: of the normals that it was calibrated on.
        normals: scores of the normals that nothing saw.
        attacks: scores of KDDTrain+'s attacks.
    """

    calibration: Calibration
    normals: Floats
    attacks: Floats


class Interval(NamedTuple):
    """Counts from `low` to `high`, both within."""

    low: int
    high: int

    def __contains__(self, count: object) -> bool:
        return isinstance(count, int) and self.low <= count <= self.high


def binomial_interval(n: int, rate: float) -> Interval:
    """Of how many of n records are flagged where each is with the chance `rate`."""
    from scipy.stats import binom  # type: ignore[import-untyped]

    return Interval(*(int(end) for end in binom.interval(LEVEL, n, rate)))


def beta_binomial_interval(n: int, n_calibration: int, rate: float) -> Interval:
    """The same for a threshold read from `n_calibration` records for the rate."""
    from scipy.stats import betabinom

    above = count_flagged(n_calibration, rate)
    ends = betabinom.interval(LEVEL, n, above, n_calibration + 1 - above)
    return Interval(*(int(end) for end in ends))


def parted(system: str, corpus: LabelledMatrix, seed: int) -> Parted:
    """Fit with one seed, and score what `fit` did not see."""
    normals = corpus.normals()
    order = np.random.default_rng(1_000 + seed).permutation(len(normals))
    n_unseen = round(UNSEEN_SHARE * len(normals))
    train = normals.take(np.sort(order[n_unseen:]))
    detector: Detector = SYSTEMS[system](seed).fit(train)
    held_out = split_normals(len(train), validation=0.1, calibration=0.2, seed=seed).calibration
    if isinstance(detector, EnsembleDetector):
        held_out = held_out[len(held_out) // 2 :]  # its members are compared on the first half
    return Parted(
        Calibration(detector.score_samples(train.take(held_out))),
        detector.score_samples(normals.take(order[:n_unseen])),
        detector.score_samples(corpus.features.take(corpus.labels.is_attack)),
    )


def alarm_rows(scores: Parted, seed: int) -> Iterator[dict[str, Any]]:
    """One row a rate: how many are flagged, and how many may be."""
    n, n_calibration = len(scores.normals), len(scores.calibration)
    for rate in RATES:
        threshold = scores.calibration.threshold(rate)
        n_flagged = int(threshold.flags(scores.normals).sum())
        plain = binomial_interval(n, rate)
        exact = beta_binomial_interval(n, n_calibration, rate)
        yield {
            "seed": seed,
            "rate": rate,
            "n": n,
            "n_calibration": n_calibration,
            "n_flagged": n_flagged,
            "binomial": list(plain),
            "in_binomial": n_flagged in plain,
            "beta_binomial": list(exact),
            "in_beta_binomial": n_flagged in exact,
        }


def discovery_rows(scores: Parted, seed: int) -> Iterator[dict[str, Any]]:
    """One row a rate and share of attacks: mean over batches of what is false among the flagged."""
    rng = np.random.default_rng(2_000 + seed)
    for share in ATTACK_SHARES:
        n_attacks = round(share * BATCH)
        for fdr in FDRS:
            false, found = [], []
            for _ in range(N_BATCHES):
                normals = rng.choice(scores.normals, BATCH - n_attacks, replace=False)
                attacks = rng.choice(scores.attacks, n_attacks, replace=False)
                p_values = scores.calibration.p_values(np.concatenate([normals, attacks]))
                flagged = benjamini_hochberg(p_values, fdr)
                n_false = int(flagged[: len(normals)].sum())
                false.append(n_false / max(int(flagged.sum()), 1))
                found.append(float(flagged[len(normals) :].mean()))
            yield {
                "seed": seed,
                "fdr": fdr,
                "attack_share": share,
                "realised": float(np.mean(false)),
                "recall": float(np.mean(found)),
            }


def main() -> None:
    """Measure one system with every seed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.false_alarms")
    parser.add_argument("--system", choices=sorted(SYSTEMS), default="lstm_autoencoder")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    corpus = load_nsl_kdd("KDDTrain+")
    alarms: list[dict[str, Any]] = []
    discoveries: list[dict[str, Any]] = []
    for seed in range(arguments.seeds):
        Console(stderr=True).print(f"{arguments.system}, seed {seed}")
        scores = parted(arguments.system, corpus, seed)
        alarms += alarm_rows(scores, seed)
        discoveries += discovery_rows(scores, seed)
        told = {"system": arguments.system, "alarms": alarms, "discoveries": discoveries}
        arguments.output.write_text(json.dumps(told, indent=1) + "\n")
    Console().print(alarm_table(alarms), discovery_table(discoveries))


def alarm_table(rows: list[dict[str, Any]]) -> Table:
    """For people."""
    table = Table("rate", "seed", "flagged", "of", "binomial", "beta-binomial", "inside")
    for row in sorted(rows, key=lambda row: (-row["rate"], row["seed"])):
        inside = (
            "both" if row["in_binomial"] else "beta-binomial" if row["in_beta_binomial"] else "-"
        )
        ends = ("{}-{}".format(*row[name]) for name in ("binomial", "beta_binomial"))
        table.add_row(
            f"{row['rate']:g}",
            f"{row['seed']}",
            f"{row['n_flagged']}",
            f"{row['n']}",
            *ends,
            inside,
        )
    return table


def discovery_table(rows: list[dict[str, Any]]) -> Table:
    """For people: means over the seeds, and the largest of any seed."""
    table = Table("fdr", "share of attacks", "realised", "worst seed", "recall")
    for fdr in FDRS:
        for share in ATTACK_SHARES:
            chosen = [r for r in rows if (r["fdr"], r["attack_share"]) == (fdr, share)]
            realised = [row["realised"] for row in chosen]
            recall = np.mean([row["recall"] for row in chosen])
            table.add_row(
                f"{fdr:g}",
                f"{share:g}",
                f"{np.mean(realised):.4f}",
                f"{max(realised):.4f}",
                f"{recall:.3f}",
            )
    return table


if __name__ == "__main__":
    main()

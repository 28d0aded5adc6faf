"""`python -m benchmarks.poisoning`: an attacker who trains the model that retrains itself.

A detector is retrained in rounds, each time on a fresh window of KDDTrain+'s normal records. Of
every window after the first an attacker supplies a share. His records lie between a normal record
and one of his attack: each as far towards the attack as the detector of the round before lets pass,
which he asks it. He tries many pairs and keeps to the few that lead furthest. He owns both ends of
these connections, so that every value is his, the answers too. After each round: recall of that
attack on KDDTest+, realised false alarms on normals never drawn, and how far his records have come.

Defences: `none`; `trimmed`, which leaves out the share of each window that is oddest
(`oddflow.detect.trimmed`), told the true share; `trusted`, where half of every training set is a
frozen set of clean records, so that his share is halved and the old normal is never forgotten.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import Progress

from oddflow.core.detector import Detector, DetectorFactory
from oddflow.core.matrix import Categories, FeatureMatrix, LabelledMatrix, concatenate
from oddflow.core.schema import Kind
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.baselines import baselines
from oddflow.detect.trimmed import trim

OUTPUT = Path("benchmarks/evaluate/poisoning.json")
TARGET_FPR = 0.05
N_HELD_OUT = 3_000
STEPS = np.linspace(0, 1, 11)
"""How far a record of the attacker may have come, from normal (0) to the attack (1)."""
N_PAIRS, N_LINES = 500, 20
"""Pairs of a normal record and one of the attack that he tries, and those that he keeps to."""
DEFENCES = ("none", "trimmed", "trusted")
ATTACKS = ("neptune", "portsweep", "guess_passwd")


class Scene(NamedTuple):
    """What one seed draws from.

    Attributes:
        normals: of KDDTrain+, in random order, to take windows from.
        held_out: normals never drawn.
        attack: records of the attack in KDDTrain+, which the attacker builds on.
        test: records of the attack in KDDTest+.
    """

    normals: FeatureMatrix
    held_out: FeatureMatrix
    attack: FeatureMatrix
    test: FeatureMatrix


def scene(train: LabelledMatrix, test: LabelledMatrix, attack: str, seed: int) -> Scene:
    """Part the records of a seed."""
    order = np.random.default_rng(seed).permutation(np.flatnonzero(~train.labels.is_attack))
    return Scene(
        train.features.take(order[N_HELD_OUT:]),
        train.features.take(order[:N_HELD_OUT]),
        train.features.take(train.labels.attack == attack),
        test.features.take(test.labels.attack == attack),
    )


def between(normal: FeatureMatrix, attack: FeatureMatrix, step: float) -> FeatureMatrix:
    """Records between pairs of one: numbers by parts, names those of the nearer end.

    Counts are mixed as logarithms; counts and flags are rounded, so that they remain such.
    """
    kinds = np.array([f.kind for f in normal.schema.numeric])
    low, high = (
        np.where(kinds == Kind.COUNT, np.log1p(m.numeric), m.numeric) for m in (normal, attack)
    )
    mixed = (1 - step) * low + step * high
    mixed = np.where(kinds == Kind.COUNT, np.expm1(mixed), mixed)
    numeric = np.where(kinds == Kind.RATE, np.round(mixed, 2), np.round(mixed))
    both = concatenate([normal, attack])
    start = len(normal) if step >= 0.5 else 0
    names = tuple(
        Categories(column.codes[start : start + len(normal)], column.levels)
        for column in both.categorical
    )
    return FeatureMatrix(normal.schema, numeric, names)


def poison(
    detector: Detector, drawn: Scene, n: int, rng: np.random.Generator
) -> tuple[FeatureMatrix, float]:
    """Records of the attacker, none of them flagged, and how far they have come on average.

    Of many pairs he keeps to the few on which he gets furthest, so that his records form a group.
    """
    normal = drawn.normals.take(rng.choice(len(drawn.normals), N_PAIRS))
    attack = drawn.attack.take(rng.choice(len(drawn.attack), N_PAIRS))
    mixtures = [between(normal, attack, float(step)) for step in STEPS]
    passes = np.stack([detector.score_samples(m) <= detector.threshold_ for m in mixtures])
    far = np.where(passes, np.arange(len(STEPS))[:, None], -1).max(axis=0)
    best = np.argsort(-far, kind="stable")[:N_LINES]
    pairs = best[far[best] >= 0]
    lines = concatenate([mixtures[far[pair]].take(np.array([pair])) for pair in pairs])
    return lines.take(np.arange(n) % len(lines)), float(STEPS[far[pairs]].mean())


def training_set(
    drawn: Scene, poisoned: FeatureMatrix | None, *, number: int, n: int, defence: str, share: float
) -> FeatureMatrix:
    """What the detector of a round learns from."""
    n_window = n // 2 if defence == "trusted" and number else n
    start = number * n % (len(drawn.normals) - n)
    n_poisoned = 0 if poisoned is None else len(poisoned)
    window = drawn.normals.take(slice(start, start + n_window - n_poisoned))
    parts = [window] if poisoned is None else [window, poisoned]
    if defence == "trusted" and number:
        parts.append(drawn.normals.take(slice(0, n - n_window)))
    records = concatenate(parts)
    return trim(records, share) if defence == "trimmed" else records


def rounds(
    factory: DetectorFactory,
    drawn: Scene,
    *,
    n: int,
    n_rounds: int,
    share: float,
    defence: str,
    seed: int,
) -> Iterator[dict[str, float]]:
    """Figures of the clean round and of those after it."""
    rng = np.random.default_rng(seed)
    detector: Detector | None = None
    for number in range(n_rounds + 1):
        poisoned, far = None, 0.0
        if detector is not None:
            n_window = n // 2 if defence == "trusted" else n
            poisoned, far = poison(detector, drawn, round(share * n_window), rng)
        records = training_set(drawn, poisoned, number=number, n=n, defence=defence, share=share)
        detector = factory(seed).fit(records)
        threshold = detector.threshold_
        yield {
            "round": number,
            "far": far,
            "recall": float((detector.score_samples(drawn.test) > threshold).mean()),
            "realised_fpr": float((detector.score_samples(drawn.held_out) > threshold).mean()),
        }


def systems(epochs: int) -> dict[str, DetectorFactory]:
    """Our detector and the trivial one that is quickest."""
    return {
        "lstm_autoencoder": lambda seed: LSTMAutoencoderDetector(
            target_fpr=TARGET_FPR, epochs=epochs, seed=seed
        ),
        "mahalanobis": baselines(TARGET_FPR)["mahalanobis"],
    }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Recall and realised rate before the first and after the last round, means over the seeds."""
    groups: dict[tuple[str, ...], dict[int, list[dict[str, Any]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows:
        key = (row["system"], row["attack"], f"{row['share']:.0%}", row["defence"])
        groups[key][row["round"]].append(row)
    lines = [
        "| system | attack | his share | defence | recall before | after | his way | FPR |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for names, by_round in groups.items():
        first, last = by_round[0], by_round[max(by_round)]
        before, after, far, fpr = (
            float(np.mean([row[name] for row in of]))
            for of, name in (
                (first, "recall"),
                (last, "recall"),
                (last, "far"),
                (last, "realised_fpr"),
            )
        )
        lines.append(
            f"| {' | '.join(names)} | {before:.2f} | {after:.2f} | {far:.2f} | {fpr:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, write the JSON; rows of other systems in it are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.poisoning", description=__doc__)
    parser.add_argument("--system", action="append", help="may be repeated; all if not given")
    parser.add_argument("--share", action="append", type=float, help="0.01 and 0.05 if not given")
    parser.add_argument("--attack", action="append", choices=ATTACKS, help="all if not given")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--records", type=int, default=3_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    given = parser.parse_args()
    train, test = load_nsl_kdd("KDDTrain+"), load_nsl_kdd("KDDTest+")
    chosen = {
        name: f for name, f in systems(given.epochs).items() if name in (given.system or name)
    }
    rows: list[dict[str, Any]] = []
    if given.output.exists():
        rows = [
            r for r in json.loads(given.output.read_text())["rows"] if r["system"] not in chosen
        ]
    todo = [
        (seed, attack, share, system, defence)
        for seed in range(given.seeds)
        for attack in given.attack or ATTACKS
        for share in given.share or (0.01, 0.05)
        for system in chosen
        for defence in DEFENCES
    ]
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("series of rounds", total=len(todo))
        for seed, attack, share, system, defence in todo:
            drawn = scene(train, test, attack, seed)
            what = {"seed": seed, "attack": attack, "share": share, "system": system}
            series = rounds(
                chosen[system],
                drawn,
                n=given.records,
                n_rounds=given.rounds,
                share=share,
                defence=defence,
                seed=seed,
            )
            rows += [what | {"defence": defence} | figures for figures in series]
            progress.advance(task)
            facts = {"protocol": __doc__, "records": given.records, "epochs": given.epochs}
            given.output.write_text(json.dumps(facts | {"rows": rows}, indent=1) + "\n")
    Console(soft_wrap=True).print(markdown(rows))


if __name__ == "__main__":
    main()

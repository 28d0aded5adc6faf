"""`python -m benchmarks.online MODEL...`: what learning on brings on KDDTest+, and what it risks.

MODEL is a directory that `oddflow train` wrote, one for each seed. Three parts:

- **stream**: KDDTest+ in the order of its file, each block scored before it is learnt from. The
  frozen model, the guarded one (`OnlineSettings()`), the eager one (`EAGER`), and two controls:
  `rule alone` gives every clean exchange with a p-value above .01 the score of the median normal
  record and learns nothing; `udp alone` is the eager model where TCP is never learnt, a rule that
  was made up after the result of the eager one was seen.
- **blocks**: the same with other block sizes.
- **attacker**: somebody sends k variants of his attack among normal traffic before he means it.
  Recall of the rest of the attack after that, with all safeguards, eagerly, and without any.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.pyod_detectors import rounded
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.bundle import load_model
from oddflow.detect.clean_exchange import is_clean_exchange
from oddflow.detect.model import Model
from oddflow.detect.online import (
    EAGER,
    Block,
    OnlineModel,
    OnlineSettings,
    OnlineState,
    adapted_scores,
    learnt,
)
from oddflow.evaluate.counts import ScoredRecords
from oddflow.evaluate.metrics import measure

OUTPUT = Path("benchmarks/evaluate/online.json")
TARGET_FPR = 0.05
BLOCK_SIZES = (1, 10, 100)
UNGUARDED = OnlineSettings(min_age=0, adoption_rate=1.0, oddest=0.0, oddish=1.0)
N_SENT = (0, 10, 30, 100, 300, 1000)
N_BACKGROUND = 2_000
FEWEST_RECORDS = 100
"""An attack of fewer records in KDDTest+ is not played out."""

Scores = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Test:
    """KDDTest+ with what is asked of it."""

    corpus: LabelledMatrix
    novel: Bools
    shifted: Bools


def anything(records: FeatureMatrix) -> Bools:
    """A rule that holds back nothing."""
    return np.ones(len(records), dtype=np.bool_)


def clean_udp(records: FeatureMatrix) -> Bools:
    """Clean exchanges by UDP alone."""
    is_udp: Bools = records.column("protocol_type") == "udp"
    return is_clean_exchange(records) & is_udp


LEARNERS: Mapping[str, Callable[[Model], OnlineModel]] = {
    "guarded": OnlineModel,
    "eager": lambda model: OnlineModel(model, EAGER),
    "udp alone": lambda model: OnlineModel(model, EAGER, is_clean=clean_udp),
    "unguarded": lambda model: OnlineModel(model, UNGUARDED, is_clean=anything),
}


def rule_alone(model: Model, records: FeatureMatrix) -> Scores:
    """Scores with every clean exchange lowered, whatever came before."""
    scores, median = model.score_samples(records), float(np.median(model.calibration.scores))
    may = is_clean_exchange(records) & (model.calibration.p_values(scores) > EAGER.oddest)
    return np.where(may, np.minimum(scores, median), scores)


def stream_rows(model: Model, seed: int, test: Test) -> Iterator[dict[str, Any]]:
    """What each way of learning comes to on the whole stream."""
    features = test.corpus.features
    scored = {("frozen", 1): model.score_samples(features)}
    scored["rule alone", 1] = rule_alone(model, features)
    for name, sizes in (("guarded", BLOCK_SIZES), ("eager", BLOCK_SIZES), ("udp alone", (100,))):
        learner = LEARNERS[name](model)
        seen = learner.look_at(features)
        for size in sizes:
            scored[name, size] = in_order(learner, seen, learner.start(), size)[0]
    for (name, size), scores in scored.items():
        yield {"system": name, "seed": seed, "block": size, **_measured(model, scores, test)}


def in_order(
    learner: OnlineModel, seen: Block, state: OnlineState, size: int
) -> tuple[Scores, OnlineState]:
    """What `prequential` gives, for records that the frozen model has scored once for all."""
    calibration, settings, scores = learner.model.calibration, learner.settings, []
    for first in range(0, len(seen.scores), size):
        block = seen.take(np.arange(first, min(first + size, len(seen.scores))))
        scores.append(adapted_scores(state, block, calibration, settings))
        state = learnt(state, block, calibration, settings)
    return np.concatenate(scores), state


def _measured(model: Model, scores: Scores, test: Test) -> dict[str, float]:
    threshold = model.calibration.threshold(TARGET_FPR)
    truth = test.corpus.labels.is_attack
    records = ScoredRecords(scores, truth, threshold=threshold.value, novel=test.novel)
    chosen = ("auroc", "accuracy", "f1", "fpr", "recall", "recall_at_fpr_1", "recall_novel")
    metrics = measure(records, None)
    flagged = threshold.flags(scores[test.shifted])
    return {**{name: metrics[name] for name in chosen}, "fpr_udp_private": float(flagged.mean())}


def attacker_rows(model: Model, seed: int, corpus: LabelledMatrix) -> Iterator[dict[str, Any]]:
    """Recall of each attack after k variants of it were sent among normal records."""
    names, counts = np.unique(corpus.labels.attack.astype(str), return_counts=True)
    normals = np.flatnonzero(~corpus.labels.is_attack)
    learners = {name: LEARNERS[name](model) for name in ("guarded", "eager", "unguarded")}
    seen = {name: learner.look_at(corpus.features) for name, learner in learners.items()}
    for attack in names[(counts >= FEWEST_RECORDS) & (names != "normal")].tolist():
        rng = np.random.default_rng(seed)
        rows = rng.permutation(np.flatnonzero(corpus.labels.attack == attack))
        sent, meant = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        background = rng.choice(normals, N_BACKGROUND, replace=False)
        for k in N_SENT:
            variants = rng.choice(sent, k, replace=k > len(sent))
            stream = rng.permutation(np.concatenate([background, variants]))
            recalls = {
                name: _recall_after(learners[name], seen[name], stream, meant) for name in learners
            }
            yield {"attack": attack, "seed": seed, "k": k, **recalls}


def _recall_after(
    learner: OnlineModel, seen: Block, stream: NDArray[np.intp], meant: NDArray[np.intp]
) -> float:
    """Share of some records that is flagged once others have been learnt from in their order."""
    _, state = in_order(learner, seen.take(stream), learner.start(), 100)
    calibration = learner.model.calibration
    scores = adapted_scores(state, seen.take(meant), calibration, learner.settings)
    return float(calibration.threshold(TARGET_FPR).flags(scores).mean())


def main() -> None:
    """Measure every model."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.online")
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    train, corpus = load_nsl_kdd("KDDTrain+"), load_nsl_kdd("KDDTest+")
    known = set(train.labels.attack)
    is_udp = corpus.features.column("protocol_type") == "udp"
    shifted = is_udp & (corpus.features.column("service") == "private") & ~corpus.labels.is_attack
    test = Test(corpus, ~np.isin(corpus.labels.attack, list(known)), shifted)
    told: dict[str, list[dict[str, Any]]] = {"stream": [], "attacker": []}
    for seed, path in enumerate(arguments.models):
        model = load_model(path).model
        told["stream"] += stream_rows(model, seed, test)
        told["attacker"] += attacker_rows(model, seed, corpus)
        arguments.output.write_text(json.dumps(rounded(told), separators=(",", ":")) + "\n")
    Console(width=140).print(stream_table(told["stream"]), attacker_table(told["attacker"]))


def stream_table(rows: list[dict[str, Any]]) -> Table:
    """Means over the seeds."""
    metrics = [name for name in rows[0] if name not in {"system", "seed", "block"}]
    table = Table("system", "block", *metrics)
    for system, block in dict.fromkeys((row["system"], row["block"]) for row in rows):
        chosen = [row for row in rows if (row["system"], row["block"]) == (system, block)]
        means = [np.mean([row[metric] for row in chosen]) for metric in metrics]
        table.add_row(system, str(block), *[f"{mean:.4f}" for mean in means])
    return table


def attacker_table(rows: list[dict[str, Any]]) -> Table:
    """Mean recall over attacks that the frozen model finds (half or more) and seeds, and worst."""
    found = [row["attack"] for row in rows if row["k"] == 0 and row["guarded"] >= 0.5]
    kept = [row for row in rows if row["attack"] in set(found)]
    table = Table("k", "guarded", "eager", "unguarded", "worst attack, eager", "unguarded")
    for k in N_SENT:
        chosen = [row for row in kept if row["k"] == k]
        means = [
            np.mean([row[name] for row in chosen]) for name in ("guarded", "eager", "unguarded")
        ]
        worst = [min(_by_attack(chosen, name)) for name in ("eager", "unguarded")]
        table.add_row(
            str(k),
            *[f"{mean:.3f}" for mean in means],
            *[f"{attack} {recall:.3f}" for recall, attack in worst],
        )
    return table


def _by_attack(rows: list[dict[str, Any]], name: str) -> list[tuple[float, str]]:
    attacks = sorted({row["attack"] for row in rows})
    return [
        (float(np.mean([row[name] for row in rows if row["attack"] == attack])), attack)
        for attack in attacks
    ]


if __name__ == "__main__":
    main()

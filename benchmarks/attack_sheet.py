"""`python -m benchmarks.attack_sheet MODEL...`: what is found of each attack of KDDTest+.

MODEL is a directory that `oddflow train` wrote, one for each seed; figures are means over them.
For each attack:

- records, and whether training has the attack;
- recall at the thresholds for 5 % and 1 % of held-out training normals, and AUROC against the
  normal records of KDDTest+;
- how many of its records equal a normal record in all 41 features: one of KDDTrain+, one of
  KDDTest+ (no detector can tell those apart);
- the median distance to the nearest normal record of KDDTrain+, of at most `N_LOOKED_AT` records,
  in the encoding of the first model (Euclidean; numbers in standard deviations); the
  last row has that of normal records of KDDTest+;
- the features that carry most of the score, with their shares of all that is odd, for at most
  `N_EXPLAINED` records by the first model.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from benchmarks.pyod_detectors import rounded
from oddflow.core.matrix import FeatureMatrix, concatenate
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.bundle import load_model
from oddflow.detect.model import Model

OUTPUT = Path("benchmarks/evaluate/attack-sheet.json")
RATES = (0.05, 0.01)
N_LOOKED_AT = 300
N_EXPLAINED = 100
N_CAUSES = 3
NORMAL = "normal"

Bools = NDArray[np.bool_]


class Scored(NamedTuple):
    """One model on all test records.

    Attributes:
        scores: shape (n,).
        flagged: for each of `RATES`, shape (2, n).
    """

    scores: NDArray[np.float64]
    flagged: Bools


def scored(model: Model, records: FeatureMatrix) -> Scored:
    """Scores and verdicts of one model."""
    scores = model.score_samples(records)
    thresholds = [model.calibration.threshold(rate) for rate in RATES]
    return Scored(scores, np.stack([threshold.flags(scores) for threshold in thresholds]))


def equal_rows(records: FeatureMatrix, others: FeatureMatrix) -> Bools:
    """Which records equal one of the others in every feature, shape (n,)."""
    both = concatenate([records, others])
    names = [column.codes.astype(np.float64) for column in both.categorical]
    table = np.ascontiguousarray(np.column_stack([both.numeric, *names]))
    rows = table.view(np.dtype((np.void, table.itemsize * table.shape[1])))[:, 0]
    _, kinds = np.unique(rows, return_inverse=True)
    return np.isin(kinds[: len(records)], kinds[len(records) :])


def causes_of(model: Model, records: FeatureMatrix) -> list[tuple[str, float]]:
    """The features that carry most, with their mean shares."""
    threshold = model.calibration.threshold(RATES[0])
    verdicts = model.explain(records, np.arange(len(records)), threshold)
    shares: defaultdict[str, float] = defaultdict(float)
    for verdict in verdicts:
        for cause in verdict.explanation.causes:
            shares[cause.feature] += cause.share / len(records)
    return sorted(shares.items(), key=lambda item: -item[1])[:N_CAUSES]


def sheet(models: Sequence[Model]) -> list[dict[str, Any]]:
    """A row for each attack, the least found first; the normal records last."""
    train, test = load_nsl_kdd("KDDTrain+"), load_nsl_kdd("KDDTest+")
    known, names = set(train.labels.attack), test.labels.attack
    runs = [scored(model, test.features) for model in models]
    equals = {
        "equal_train": equal_rows(test.features, train.normals()),
        "equal_test": equal_rows(test.features, test.normals()),
    }
    encoder = models[0].encoder
    index = NearestNeighbors(n_neighbors=1, algorithm="brute")
    index.fit(encoder.transform(train.normals()))
    is_normal, rng, rows = ~test.labels.is_attack, np.random.default_rng(0), []
    for name in sorted(set(names)):
        chosen = np.flatnonzero(names == name)
        some = rng.permutation(chosen)[:N_LOOKED_AT]
        distances = index.kneighbors(encoder.transform(test.features.take(some)))[0]
        recalls = np.mean([run.flagged[:, chosen].mean(axis=1) for run in runs], axis=0)
        rows.append(
            {
                "attack": name,
                "n": len(chosen),
                "in_training": name in known,
                "recall_5": float(recalls[0]),
                "recall_1": float(recalls[1]),
                "auroc": _auroc(runs, chosen, np.flatnonzero(is_normal)),
                **{name: int(equal[chosen].sum()) for name, equal in equals.items()},
                "distance": float(np.median(distances)),
                "causes": causes_of(models[0], test.features.take(some[:N_EXPLAINED])),
            }
        )
    return sorted(rows, key=lambda row: (row["attack"] == NORMAL, row["recall_5"], row["attack"]))


def _auroc(runs: Sequence[Scored], attacks: NDArray[np.intp], normals: NDArray[np.intp]) -> float:
    truth = np.repeat([True, False], [len(attacks), len(normals)])
    both = np.concatenate([attacks, normals])
    return float(np.mean([roc_auc_score(truth, run.scores[both]) for run in runs]))


def table_of(rows: Sequence[dict[str, Any]]) -> Table:
    """For people; missed attacks are the first."""
    figures = ("recall 5 %", "1 %", "AUROC", "equal train", "equal test", "distance")
    table = Table("attack", "records", "in training", *figures, "causes")
    for row in rows:
        causes = ", ".join(f"{feature} {share:.0%}" for feature, share in row["causes"])
        rates = [f"{row[name]:.3f}" for name in ("recall_5", "recall_1", "auroc")]
        counts = [str(row["equal_train"]), str(row["equal_test"]), f"{row['distance']:.1f}"]
        known = "yes" if row["in_training"] else "no"
        table.add_row(row["attack"], str(row["n"]), known, *rates, *counts, causes)
    return table


def main() -> None:
    """Print the sheet and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attack_sheet")
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    rows = sheet([load_model(path).model for path in arguments.models])
    arguments.output.write_text(json.dumps(rounded(rows), indent=1) + "\n")
    Console(width=160).print(table_of(rows))


if __name__ == "__main__":
    main()

"""`python -m benchmarks.online_choice`: the settings of `OnlineModel` that KDDTrain+ would choose.

Normal traffic that changes is imitated by hiding some of it: its records are put into 30 clusters
(k-means on encoded records), and each of four folds hides seven of them from training. A fold's
stream is, in random order, 8,000 other normals, 900 of the hidden ones, and KDDTrain+'s attacks, at
most 3,500 of each kind. The detectors are smaller than the default (30,000 records, 12 epochs). No
test file is read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import roc_auc_score

from benchmarks.online import in_order, rule_alone
from benchmarks.pyod_detectors import rounded
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.model import Model
from oddflow.detect.online import EAGER, REACH_SD, OnlineModel, OnlineSettings
from oddflow.features.encode import Encoder

OUTPUT = Path("benchmarks/evaluate/online-choice.json")
N_CLUSTERS, N_HIDDEN, N_FOLDS = 30, 7, 4
N_TRAIN, N_NORMAL, N_CHANGED, N_OF_A_KIND = 30_000, 8_000, 900, 3_500
TARGET_FPR = 0.05
CHOICES: Mapping[str, OnlineSettings] = {
    "oddest .05, guarded": OnlineSettings(),
    "oddest .02": OnlineSettings(oddest=0.02),
    "oddest .01, eager": EAGER,
    "oddest .001": OnlineSettings(oddest=0.001),
    "eager, 2 neighbours": replace(EAGER, n_neighbors=2),
    "eager, 10 neighbours": replace(EAGER, n_neighbors=10),
    "eager, radius 2": replace(EAGER, radius=2.0),
    "eager, radius 4": replace(EAGER, radius=4.0),
    "eager, age 100": replace(EAGER, min_age=100),
    "eager, age 2000": replace(EAGER, min_age=2_000),
    "eager, oddish .5": replace(EAGER, oddish=0.5),
    "eager, rate .02": replace(EAGER, adoption_rate=0.02),
}


class Fold(NamedTuple):
    """A model that has not seen some normal traffic, and a stream that has it.

    Attributes:
        model: trained without the hidden clusters.
        stream: records in their order.
        attack: name of each record, `normal` for none, shape (n,).
        is_hidden: normal records of hidden clusters, shape (n,).
    """

    model: Model
    stream: FeatureMatrix
    attack: NDArray[np.object_]
    is_hidden: NDArray[np.bool_]


def folds(corpus: LabelledMatrix) -> Iterator[Fold]:
    """All folds, one after the other."""
    rng = np.random.default_rng(0)
    normal = np.flatnonzero(~corpus.labels.is_attack)
    features = corpus.features.take(normal)
    encoded = Encoder.fit(features).transform(features)
    means = MiniBatchKMeans(N_CLUSTERS, random_state=0, n_init=3)
    cluster = means.fit_predict(np.clip(encoded, -REACH_SD, REACH_SD))
    order = rng.permutation(N_CLUSTERS)
    for fold in range(N_FOLDS):
        is_hidden = np.isin(cluster, order[fold * N_HIDDEN : (fold + 1) * N_HIDDEN])
        hidden = rng.permutation(normal[is_hidden])[:N_CHANGED]
        rest = rng.permutation(normal[~is_hidden])
        train = corpus.features.take(rest[N_NORMAL : N_NORMAL + N_TRAIN])
        detector = LSTMAutoencoderDetector(epochs=12, batch_size=256, seed=fold).fit(train)
        rows = np.concatenate([rest[:N_NORMAL], hidden, _attacks(corpus, rng)])
        rows = rng.permutation(rows)
        yield Fold(
            detector.model_,
            corpus.features.take(rows),
            corpus.labels.attack[rows],
            np.isin(rows, hidden),
        )


def _attacks(corpus: LabelledMatrix, rng: np.random.Generator) -> NDArray[np.intp]:
    names = sorted(set(corpus.labels.attack[corpus.labels.is_attack]))
    kinds = [np.flatnonzero(corpus.labels.attack == name) for name in names]
    return np.concatenate([rng.permutation(rows)[:N_OF_A_KIND] for rows in kinds])


def measured(fold: Fold, scores: NDArray[np.float64]) -> dict[str, float]:
    """AUROC, false alarms of all and of hidden normals, and recall averaged over kinds."""
    flagged = fold.model.calibration.threshold(TARGET_FPR).flags(scores)
    is_attack = fold.attack != "normal"
    names = sorted(set(fold.attack[is_attack]))
    return {
        "auroc": float(roc_auc_score(is_attack, scores)),
        "fpr": float(flagged[~is_attack].mean()),
        "fpr_hidden": float(flagged[fold.is_hidden].mean()),
        "recall_by_kind": float(np.mean([flagged[fold.attack == name].mean() for name in names])),
    }


def rows_of(fold: Fold) -> dict[str, dict[str, float]]:
    """Every choice on one fold, beside the frozen model and the rule without learning."""
    rows = {
        "frozen": measured(fold, fold.model.score_samples(fold.stream)),
        "rule alone": measured(fold, rule_alone(fold.model, fold.stream)),
    }
    seen = OnlineModel(fold.model).look_at(fold.stream)
    for name, settings in CHOICES.items():
        learner = OnlineModel(fold.model, settings)
        rows[name] = measured(fold, in_order(learner, seen, learner.start(), 100)[0])
    return rows


def main() -> None:
    """Measure all choices on all folds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.online_choice")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    told: list[dict[str, Any]] = [rows_of(fold) for fold in folds(load_nsl_kdd("KDDTrain+"))]
    arguments.output.write_text(json.dumps(rounded(told), indent=1) + "\n")
    table = Table("settings", *told[0]["frozen"], title=f"means of {N_FOLDS} folds")
    for name in told[0]:
        means = [np.mean([fold[name][m] for fold in told]) for m in told[0]["frozen"]]
        table.add_row(name, *[f"{mean:.4f}" for mean in means])
    Console().print(table)


if __name__ == "__main__":
    main()

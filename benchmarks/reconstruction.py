"""A search for better reconstruction, on KDDTrain+ alone: `python -m benchmarks.reconstruction`.

Each variant of `benchmarks.reconstruction_variants` is trained on KDDTrain+'s normals without some
k-means clusters of them, which imitate traffic that has changed. Four figures choose: AUROC of
KDDTrain+'s labelled attacks against held-out normals and against the hidden clusters, over all
records and as mean over the names of attacks. SEL is their mean. Nothing of a test file is read.

    python -m benchmarks.reconstruction --seeds 2 -o variants.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

from benchmarks.reconstruction_variants import VARIANTS, Variant
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.heads import Parts, Whitened
from oddflow.features.encode import Encoder
from oddflow.features.windows import step_layout
from oddflow.models.train import TrainSettings, train

Array = NDArray[np.float32]
Floats = NDArray[np.float64]

N_CLUSTERS = 20
N_HIDDEN = 4
"""Clusters of the normals, and how many of them a fold hides."""
SETTINGS = TrainSettings(epochs=20, batch_size=256, learning_rate=2e-3, decay="cosine", patience=20)
CAPS = (4.0, np.inf)
"""Of the whitened residual, in standard deviations."""


class Fold(NamedTuple):
    """Normals by what may see them, and attacks with their names."""

    fit: FeatureMatrix
    validation: FeatureMatrix
    held_out: FeatureMatrix
    hidden: FeatureMatrix
    attacks: FeatureMatrix
    names: NDArray[np.object_]


def fold_of(corpus: LabelledMatrix, *, seed: int, n_attacks: int = 10_000) -> Fold:
    """One way to hide clusters; of each attack at most as many records as make `n_attacks`."""
    normals = corpus.normals()
    encoded = Encoder.fit(normals).transform(normals)
    clusters = MiniBatchKMeans(N_CLUSTERS, random_state=seed, n_init=3).fit_predict(
        np.clip(encoded, -5, 5)
    )
    rng = np.random.default_rng(seed)
    sizes = np.bincount(clusters, minlength=N_CLUSTERS)
    small = np.flatnonzero(sizes < len(normals) / 5)  # a fold that hides most traffic says little
    is_hidden = np.isin(clusters, rng.permutation(small)[:N_HIDDEN])
    kept = rng.permutation(np.flatnonzero(~is_hidden))
    n_validation, n_held_out = round(0.1 * len(kept)), round(0.2 * len(kept))
    parts = np.split(kept, [len(kept) - n_validation - n_held_out, len(kept) - n_held_out])
    rows = np.flatnonzero(corpus.labels.is_attack)
    chosen = _thinned(corpus.labels.attack[rows].astype(str), n_attacks, rng)
    return Fold(
        fit=normals.take(parts[0]),
        validation=normals.take(parts[1]),
        held_out=normals.take(parts[2]),
        hidden=normals.take(is_hidden),
        attacks=corpus.features.take(rows[chosen]),
        names=corpus.labels.attack[rows[chosen]],
    )


def _thinned(names: NDArray[Any], n_records: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Rows of all names; of the frequent ones as many as fit."""
    kinds, codes = np.unique(names, return_inverse=True)
    most = n_records // len(kinds)
    rows = [rng.permutation(np.flatnonzero(codes == i))[:most] for i in range(len(kinds))]
    return np.concatenate(rows)


def residuals(variant: Variant, fold: Fold, *, seed: int) -> dict[str, Array]:
    """Train on a fold; residuals of all its other parts, shape (n, columns)."""
    encoder = Encoder.fit(fold.fit)
    layout = step_layout(encoder, variant.steps)
    network = variant.build(layout.n_steps, layout.width, seed)
    fit, validation = (
        layout.windows(encoder.transform(part)) for part in (fold.fit, fold.validation)
    )
    loss = variant.loss(layout, encoder)
    train(
        network,
        fit,
        fit,
        held_out=(validation, validation),
        loss=loss,
        settings=SETTINGS,
        seed=seed,
    )
    rebuild = variant.rebuilt(encoder, layout)
    found = {}
    for name in ("validation", "held_out", "hidden", "attacks"):
        windows = layout.windows(encoder.transform(getattr(fold, name)))
        outputs = network.predict(windows, batch_size=4096, verbose=0)
        found[name] = layout.rows(windows - rebuild(np.asarray(outputs)))
    return found


def figures(scores: dict[str, Floats], names: NDArray[np.object_]) -> dict[str, float]:
    """The four AUROCs, SEL, and at a threshold of 5 % recall and false alarms."""
    told = {}
    for normals in ("held_out", "hidden"):
        above = _share_below(scores[normals], scores["attacks"])
        told[f"auroc_{normals}"] = float(above.mean())
        told[f"auroc_{normals}_by_name"] = float(
            np.mean([above[names == name].mean() for name in set(names)])
        )
    told["SEL"] = float(np.mean(list(told.values())))
    threshold = np.quantile(scores["held_out"], 0.95)
    recalls = [(scores["attacks"][names == n] > threshold).mean() for n in set(names)]
    told["recall_by_name"] = float(np.mean(recalls))
    told["false_alarms_hidden"] = float((scores["hidden"] > threshold).mean())
    return told


def _share_below(normals: Floats, attacks: Floats) -> Floats:
    """Share of the normals below each attack, ties half; its mean over attacks is the AUROC."""
    ordered = np.sort(normals)
    places = [np.searchsorted(ordered, attacks, side) for side in ("left", "right")]
    return np.asarray(np.mean(places, axis=0) / len(normals), dtype=np.float64)


def scored(found: dict[str, Array], cap: float) -> dict[str, Floats]:
    """Whitened residuals, by the covariance of those of the validation records."""
    seen = found["validation"]
    head = Whitened.fit(("residual",), Parts(seen, seen, seen), cap=cap, ridge=1e-3)
    return {
        name: head.score(Parts(part, part, part)).astype(np.float64) for name, part in found.items()
    }


def main() -> None:
    """Train all variants and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2, help="folds, each with a seed of its own")
    parser.add_argument("--data", type=Path, help="folder with the corpora")
    parser.add_argument("--variant", action="append", choices=list(VARIANTS), help="only these")
    parser.add_argument("-o", "--output", type=Path, help="JSON of all figures")
    asked = parser.parse_args()
    corpus = load_nsl_kdd("KDDTrain+", data_dir=asked.data)
    folds = [fold_of(corpus, seed=seed) for seed in range(asked.seeds)]
    told: dict[str, list[dict[str, float]]] = {}
    for name in asked.variant or VARIANTS:
        start_s = time.perf_counter()
        found = [residuals(VARIANTS[name], fold, seed=i) for i, fold in enumerate(folds)]
        for cap in CAPS:
            key = f"{name}, cap {cap:g}"
            told[key] = [
                figures(scored(f, cap), fold.names) for f, fold in zip(found, folds, strict=True)
            ]
            means = {k: np.mean([each[k] for each in told[key]]) for k in told[key][0]}
            shown = "  ".join(f"{k} {v:.4f}" for k, v in means.items())
            print(f"{key:40s} {shown}", flush=True)
        print(f"{'':40s} {time.perf_counter() - start_s:.0f} s", flush=True)
    if asked.output:
        asked.output.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()

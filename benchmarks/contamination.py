"""`python -m benchmarks.contamination`: what attacks among the training records cost, and trimming.

Of KDDTrain+, 10,000 records are drawn for each seed, a share of them attacks: in their natural mix,
of neptune alone (a dense group), or of the family r2l alone (which looks like normal traffic). Each
system learns from them as they are, and from what `oddflow.detect.trimmed.trim` leaves of them when
it is told a share. AUROC and recall are KDDTest+'s; the realised rate of false alarms is that of
5,000 normal records of KDDTrain+ that were not drawn. Attacks of r2l are drawn with replacement
where there are too few.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from oddflow.core.detector import DetectorFactory
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.autoencoder import LSTMAutoencoderDetector
from oddflow.detect.baselines import baselines
from oddflow.detect.contamination import estimate_contamination
from oddflow.detect.trimmed import trim
from oddflow.evaluate.canvas import INK, OURS, new_figure, percent_ticks, styled
from oddflow.evaluate.counts import ScoredRecords
from oddflow.evaluate.metrics import measure

OUTPUT = Path("benchmarks/evaluate/contamination.json")
PICTURE = Path("docs/images/contamination.png")
TARGET_FPR = 0.05
N_HELD_OUT = 5_000
KINDS = ("natural", "neptune", "r2l")
SHARES: Mapping[str, tuple[float, ...]] = {
    "natural": (0.0, 0.01, 0.02, 0.05, 0.1),
    "neptune": (0.02, 0.05, 0.1),
    "r2l": (0.02, 0.05, 0.1),
}
"""Kind of attack -> shares of the records; at 0 there is no kind."""
MISTOLD = {("natural", 0.0): (0.05, 0.1), ("natural", 0.05): (0.1,)}
"""Shares told besides none and the right one."""
METRICS = ("auroc", "recall", "fpr", "realised_fpr")
COLOURS = {"lstm_autoencoder": OURS, "mahalanobis": "#0072b2", "isolation_forest": "#009e73"}


class Drawn(NamedTuple):
    """Records of one seed: to learn from, how many of them are attacks, and normals held out."""

    records: FeatureMatrix
    is_attack: NDArray[np.bool_]
    held_out: FeatureMatrix


def draw(corpus: LabelledMatrix, kind: str, share: float, *, n: int, seed: int) -> Drawn:
    """Draw training records with a share of attacks; the normals of a seed are the same for all."""
    rng = np.random.default_rng(seed)
    labels = corpus.labels
    of_kind = {"natural": labels.is_attack, "neptune": labels.attack == "neptune"}
    pool = np.flatnonzero(of_kind.get(kind, labels.family == kind))
    normal = rng.permutation(np.flatnonzero(~labels.is_attack))
    n_attacks = round(share * n)
    attacks = rng.choice(pool, n_attacks, replace=n_attacks > len(pool))
    rows = rng.permutation(np.concatenate([normal[N_HELD_OUT:][: n - n_attacks], attacks]))
    return Drawn(
        corpus.features.take(rows),
        labels.is_attack[rows],
        corpus.features.take(normal[:N_HELD_OUT]),
    )


def systems(epochs: int) -> dict[str, DetectorFactory]:
    """Our detector and two baselines."""
    trivial = baselines(TARGET_FPR)
    return {
        "lstm_autoencoder": lambda seed: LSTMAutoencoderDetector(
            target_fpr=TARGET_FPR, epochs=epochs, seed=seed
        ),
        **{name: trivial[name] for name in ("mahalanobis", "isolation_forest")},
    }


def plans() -> Iterator[tuple[str, float, float]]:
    """Kind of attack, share of the records, and the share that is told."""
    for kind, shares in SHARES.items():
        for share in shares:
            for told in sorted({0.0, share, *MISTOLD.get((kind, share), ())}):
                yield kind, share, told


def row(
    factory: DetectorFactory, drawn: Drawn, told: float, test: LabelledMatrix, seed: int
) -> dict[str, float]:
    """Figures of one fit."""
    kept = trim(drawn.records, told)
    detector = factory(seed).fit(kept)
    is_attack = test.labels.is_attack
    threshold = detector.threshold_
    scores = detector.score_samples(test.features)
    measured = measure(ScoredRecords(scores, is_attack, threshold=threshold))
    held_out = detector.score_samples(drawn.held_out)
    return {
        "auroc": measured["auroc"],
        "recall": measured["recall"],
        "fpr": measured["fpr"],
        "realised_fpr": float((held_out > threshold).mean()),
    }


def means(rows: list[dict[str, Any]]) -> dict[tuple[str, float, float, str], dict[str, float]]:
    """Kind, share, told share and system -> mean of each metric over the seeds, and its spread."""
    groups: dict[tuple[str, float, float, str], list[dict[str, Any]]] = defaultdict(list)
    for one in rows:
        groups[one["kind"], one["share"], one["told"], one["system"]].append(one)
    found = {}
    for key, of_key in groups.items():
        values = {metric: np.array([one[metric] for one in of_key]) for metric in METRICS}
        spread = {f"{name}_std": float(v.std(ddof=1)) for name, v in values.items() if len(v) > 1}
        found[key] = {name: float(v.mean()) for name, v in values.items()} | spread
    return found


@styled
def picture(rows: list[dict[str, Any]]) -> Figure:
    """AUROC against contamination: dashed without trimming, solid told the right share."""
    figure = new_figure(9.6, 3.6, title="AUROC on KDDTest+ against contamination of training")
    panels = figure.subplots(1, len(KINDS), sharey=True)
    found = means(rows)
    for axes, kind in zip(panels, KINDS, strict=True):
        for system, colour in COLOURS.items():
            for is_told, dashes in ((False, (0, (4, 2))), (True, "solid")):
                shares = [0.0, *(share for share in SHARES[kind] if share)]
                keys = [
                    ("natural" if share == 0 else kind, share, share if is_told else 0.0, system)
                    for share in shares
                ]
                line = [(key[1], found[key]["auroc"]) for key in keys if key in found]
                label = f"{system}, {'trimmed' if is_told else 'as they are'}"
                x, y = zip(*line, strict=True) if line else ((), ())
                axes.plot(x, y, color=colour, linestyle=dashes, marker="o", ms=3, label=label)
        axes.set(title=f"attacks among the records: {kind}", xlabel="share of attacks")
        axes.xaxis.set_major_formatter(percent_ticks())
        axes.set_facecolor("white")
    panels[0].set_ylabel("AUROC on KDDTest+", color=INK)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def markdown(rows: list[dict[str, Any]], estimates: list[dict[str, Any]]) -> str:
    """Both tables of docs/dirty-data.md."""
    lines = [
        "| attacks | share | told | system | AUROC | recall | realised FPR |",
        "|---|---|---|---|---|---|---|",
    ]
    for (kind, share, told, system), mean in means(rows).items():
        cells = [
            f"{mean[name]:.4f} ± {mean.get(name + '_std', 0):.4f}"
            for name in ("auroc", "recall", "realised_fpr")
        ]
        name = kind if share else "none"
        lines.append(f"| {name} | {share:.0%} | {told:.0%} | {system} | {' | '.join(cells)} |")
    lines += ["", "| attacks | share | estimates of the seeds |", "|---|---|---|"]
    of_mix: dict[tuple[str, float], list[str]] = defaultdict(list)
    for one in estimates:
        text = "too few" if one["estimate"] is None else f"{one['estimate']:.1%}"
        of_mix[one["kind"], one["share"]].append(text)
    for (kind, share), texts in of_mix.items():
        lines.append(f"| {kind if share else 'none'} | {share:.0%} | {', '.join(texts)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the tables, write JSON and picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contamination", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    given = parser.parse_args()
    corpus, test = load_nsl_kdd("KDDTrain+"), load_nsl_kdd("KDDTest+")
    rows: list[dict[str, Any]] = []
    estimates: list[dict[str, Any]] = []
    todo = [(seed, plan) for seed in range(given.seeds) for plan in plans()]
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("fits", total=len(todo))
        for seed, (kind, share, told) in todo:
            drawn = draw(corpus, kind, share, n=given.records, seed=seed)
            mix = {"seed": seed, "kind": kind, "share": share}
            if told == 0:
                estimates.append(mix | {"estimate": estimate_contamination(drawn.records)})
            for system, factory in systems(given.epochs).items():
                figures = row(factory, drawn, told, test, seed)
                rows.append(mix | {"told": told, "system": system} | figures)
            progress.advance(task)
            written = {
                "protocol": __doc__,
                "seeds": given.seeds,
                "records": given.records,
                "epochs": given.epochs,
                "target_fpr": TARGET_FPR,
                "rows": rows,
                "estimates": estimates,
            }
            given.output.write_text(json.dumps(written, indent=1) + "\n")
    picture(rows).savefig(given.picture, dpi=130)
    Console(soft_wrap=True).print(markdown(rows, estimates))


if __name__ == "__main__":
    main()

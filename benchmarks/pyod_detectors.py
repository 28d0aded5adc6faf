"""`python -m benchmarks.pyod_detectors`: PyOD's classical detectors under the protocol `official`.

They get what our baselines get (`oddflow.detect.baselines.Baseline`): the same encoder, the same
split of KDDTrain+'s normals, a threshold from the same held-out normals. Their own settings are
PyOD's defaults. Left out are detectors that need PyTorch, that combine others, that only look back
on their own training records, or that need a matrix of all records against all (COF, LOCI, SOS,
ROD, SOD, LMDD).

Some do not scale to 47,000 records of 122 columns, and learn from a random part of those
(`Entry.n_records`). ECOD and COPOD score a record by its place among the training records *and*
those scored with it, as PyOD ships them: a whole test set at once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from oddflow.core.detector import DetectorFactory
from oddflow.core.evaluation import Evaluation
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from oddflow.detect.baselines import Array, Baseline, Learn, Score
from oddflow.evaluate.protocols import official
from oddflow.evaluate.running import run_protocol

OUTPUT = Path("benchmarks/evaluate/pyod.json")
TARGET_FPR = 0.05
N_BEST = 5


class Entry(NamedTuple):
    """A detector of PyOD: `pyod.models.MODULE.NAME`.

    Attributes:
        module: where it is.
        takes_seed: whether it has randomness to be seeded.
        n_records: it learns from at most so many; None for all.
        is_varying: columns that are constant in training are left out, since it divides by their
            variance and gives all records the score infinity.
    """

    module: str
    takes_seed: bool = False
    n_records: int | None = None
    is_varying: bool = False


DETECTORS: Mapping[str, Entry] = {
    "ECOD": Entry("ecod"),
    "COPOD": Entry("copod"),
    "HBOS": Entry("hbos"),
    "PCA": Entry("pca", takes_seed=True, is_varying=True),
    "GMM": Entry("gmm", takes_seed=True),
    "IForest": Entry("iforest", takes_seed=True),
    "LODA": Entry("loda", takes_seed=True),
    "INNE": Entry("inne", takes_seed=True),
    "CBLOF": Entry("cblof", takes_seed=True, n_records=10_000),
    "MCD": Entry("mcd", takes_seed=True, n_records=10_000),
    "Sampling": Entry("sampling", takes_seed=True),
    "KNN": Entry("knn"),
    "LOF": Entry("lof"),
    "QMCD": Entry("qmcd", n_records=2_000),
    "OCSVM": Entry("ocsvm", n_records=5_000),
    "KDE": Entry("kde", n_records=5_000),
    "KPCA": Entry("kpca", takes_seed=True, n_records=2_000),
    "ABOD": Entry("abod", n_records=2_000),
}
"""By the name under which PyOD has them."""


def learner(name: str) -> Learn:
    """How a detector of PyOD learns from encoded normals, in the form of our baselines."""
    entry = DETECTORS[name]
    build = getattr(importlib.import_module(f"pyod.models.{entry.module}"), name)

    def learn(normals: Array, seed: int) -> Score:
        chosen = normals
        if entry.n_records is not None and entry.n_records < len(normals):
            rows = np.random.default_rng(seed).choice(len(normals), entry.n_records, replace=False)
            chosen = normals[np.sort(rows)]
        columns = np.flatnonzero((np.ptp(chosen, axis=0) > 0) | (not entry.is_varying))
        detector = build(random_state=seed) if entry.takes_seed else build()
        detector.fit(chosen[:, columns].astype(np.float64))

        def score(encoded: Array) -> NDArray[np.float64]:
            scores = detector.decision_function(encoded[:, columns].astype(np.float64))
            return np.asarray(np.nan_to_num(scores), dtype=np.float64)

        return score

    return learn


def factory(name: str) -> DetectorFactory:
    """Unfitted detectors by seed, calibrated for `TARGET_FPR`."""
    return lambda seed: Baseline(learner(name), target_fpr=TARGET_FPR, seed=seed)


def main() -> None:
    """Measure the detectors named, one after the other, and add them to the file of results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pyod_detectors")
    parser.add_argument("detectors", nargs="*", metavar="NAME", help=", ".join(DETECTORS))
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.detectors) - set(DETECTORS))
    if unknown:
        parser.error(f"expected names among {', '.join(DETECTORS)}, received {unknown}")
    protocol = official(
        load_nsl_kdd("KDDTrain+"), [load_nsl_kdd("KDDTest+"), load_nsl_kdd("KDDTest-21")]
    )
    for name in arguments.detectors or DETECTORS:
        evaluation = run_protocol(
            protocol,
            {name: factory(name)},
            seeds=range(arguments.seeds),
            target_fpr=TARGET_FPR,
            on_fit=lambda system, seed: Console(stderr=True).print(f"{system}, seed {seed}"),
        )
        told = _added(arguments.output, evaluation)
        arguments.output.write_text(json.dumps(told, separators=(",", ":")) + "\n")
    Console().print(table_of(json.loads(arguments.output.read_text())))


def _added(path: Path, evaluation: Evaluation) -> dict[str, Any]:
    """The results in the file, if there is one, with these beside them or in their place."""
    new: dict[str, Any] = rounded(evaluation.to_json())
    if not path.exists():
        return new
    told: dict[str, Any] = json.loads(path.read_text())
    if (told["protocol"], told["seeds"]) != (new["protocol"], new["seeds"]):
        raise SystemExit(f"{path}: was measured with seeds {told['seeds']}; name another --output")
    for name, result in new["test_sets"].items():
        for part in ("systems", "attacks"):
            told["test_sets"][name][part] |= result[part]
    return told


def rounded(value: Any) -> Any:  # noqa: ANN401 - what JSON may hold
    """The same with five digits after the point.

    >>> rounded({"a": [0.1234567, 2, None]})
    {'a': [0.12346, 2, None]}
    """
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return round(value, 5) if isinstance(value, float) else value


def table_of(told: Mapping[str, Any]) -> Table:
    """Means over the seeds, the best AUROC on KDDTest+ first; the `N_BEST` are marked."""
    columns = ("auroc", "auprc", "accuracy", "f1", "fpr", "recall_at_fpr_1", "recall_novel")
    first, second = (told["test_sets"][name]["systems"] for name in ("KDDTest+", "KDDTest-21"))
    order = sorted(first, key=lambda name: -first[name]["auroc"]["mean"])
    table = Table("detector", *columns, "auroc, KDDTest-21", title="PyOD, means of the seeds")
    for place, name in enumerate(order):
        means = [first[name][metric]["mean"] for metric in columns]
        shown = [_shown(mean) for mean in (*means, second[name]["auroc"]["mean"])]
        table.add_row(f"{'> ' if place < N_BEST else '  '}{name}", *shown)
    return table


def _shown(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.4f}"


if __name__ == "__main__":
    main()

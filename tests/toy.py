"""A made-up corpus with KDD's columns: normal traffic of four services, and three attacks on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import FeatureMatrix, LabelledMatrix, concatenate
from oddflow.datasets.families import labels_of

Columns = dict[str, NDArray[Any]]

# service, protocol, log of a typical request and answer in bytes, seconds, logged in
_SERVICES = (
    ("http", "tcp", 5.5, 8.0, 0.0, 1),
    ("smtp", "tcp", 7.0, 5.8, 1.0, 1),
    ("domain_u", "udp", 3.7, 4.6, 0.0, 0),
    ("ftp_data", "tcp", 8.5, 0.0, 2.0, 0),
)
SMALL: dict[str, Any] = {
    "encoder_widths": (12, 5),
    "decoder_widths": (8, 12),
    "epochs": 6,
    "batch_size": 64,
    "learning_rate": 1e-2,
}
"""Settings of a detector that is trained in a second."""


def toy_normals(n: int, *, seed: int) -> FeatureMatrix:
    """Normal records: bytes go with the service, counts with each other, rates with counts."""
    return FeatureMatrix.from_columns(KDD41, _normal_columns(n, np.random.default_rng(seed)))


def toy_corpus(
    n_normals: int = 3000,
    n_attacks: int = 300,
    *,
    seed: int = 0,
    name: str = "toy",
    attacks: tuple[str, ...] = ("neptune", "portsweep", "guess_passwd"),
) -> LabelledMatrix:
    """Normal records and attacks in random order; the same seed gives the same corpus."""
    rng = np.random.default_rng(seed)
    share = n_attacks // len(attacks)
    blocks = [FeatureMatrix.from_columns(KDD41, _normal_columns(n_normals, rng))]
    for attack in attacks:
        columns = _normal_columns(share, rng)
        _ATTACKS[attack](columns, rng)
        blocks.append(FeatureMatrix.from_columns(KDD41, columns))
    names = ["normal"] * n_normals + [attack for attack in attacks for _ in range(share)]
    order = rng.permutation(len(names))
    return LabelledMatrix(name, concatenate(blocks).take(order), labels_of(names[i] for i in order))


def write_rows(records: FeatureMatrix, path: Path, labels: NDArray[np.object_] | None) -> Path:
    """A file of KDD rows, with labels where they are given."""
    columns: list[list[Any]] = [records.column(name).tolist() for name in KDD41.names]
    if labels is not None:
        columns.append(labels.tolist())
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in zip(*columns, strict=True)))
    return path


def _normal_columns(n: int, rng: np.random.Generator) -> Columns:
    kind = rng.choice(len(_SERVICES), size=n, p=(0.55, 0.2, 0.15, 0.1))
    service, protocol, request, answer, seconds, logged_in = (
        np.array([entry[i] for entry in _SERVICES], dtype=object)[kind] for i in range(6)
    )
    columns: Columns = {
        f.name: np.full(n, "SF", dtype=object) if f.is_category else np.zeros(n)
        for f in KDD41.features
    }
    size = rng.normal(0, 0.4, n)
    busy = rng.gamma(2.0, 3.0, n)
    columns["service"], columns["protocol_type"] = service, protocol
    columns["src_bytes"] = _bytes(request.astype(float) + size)
    columns["dst_bytes"] = _bytes(answer.astype(float) + size + rng.normal(0, 0.2, n))
    columns["duration"] = np.floor(rng.exponential(seconds.astype(float)))
    columns["logged_in"] = logged_in.astype(float)
    columns["hot"] = (rng.random(n) < 0.03).astype(float)
    columns["count"] = 1 + np.floor(busy)
    columns["srv_count"] = np.maximum(columns["count"] - rng.integers(0, 3, n), 1)
    same = columns["srv_count"] / columns["count"]
    columns["same_srv_rate"] = np.round(same, 2)
    columns["diff_srv_rate"] = np.round((1 - same) / 2, 2)
    columns["dst_host_count"] = np.minimum(255, 20 + np.floor(busy * 12))
    columns["dst_host_srv_count"] = np.floor(columns["dst_host_count"] * rng.uniform(0.8, 1, n))
    columns["dst_host_same_srv_rate"] = np.round(
        columns["dst_host_srv_count"] / columns["dst_host_count"], 2
    )
    columns["dst_host_same_src_port_rate"] = np.round(rng.beta(1, 20, n), 2)
    return columns


def _bytes(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(logs < 1.5, 0.0, np.floor(np.exp(logs)))


def _flood(columns: Columns, rng: np.random.Generator) -> None:
    n = len(columns["flag"])
    columns["flag"][:] = "S0"
    for name in ("duration", "src_bytes", "dst_bytes", "logged_in"):
        columns[name][:] = 0
    columns["count"] = rng.integers(100, 400, n).astype(float)
    for name in ("serror_rate", "srv_serror_rate", "dst_host_serror_rate"):
        columns[name][:] = 1
    columns["same_srv_rate"][:] = 0.05


def _sweep(columns: Columns, rng: np.random.Generator) -> None:
    n = len(columns["flag"])
    columns["flag"][:] = "REJ"
    columns["service"][:] = "private"
    columns["src_bytes"][:] = 0
    columns["dst_bytes"][:] = 0
    for name in ("rerror_rate", "srv_rerror_rate", "dst_host_rerror_rate"):
        columns[name] = np.round(rng.uniform(0.7, 1, n), 2)
    columns["diff_srv_rate"] = np.round(rng.uniform(0.5, 1, n), 2)


def _guess(columns: Columns, rng: np.random.Generator) -> None:
    n = len(columns["flag"])
    columns["service"][:] = "ftp_data"
    columns["logged_in"][:] = 0
    columns["num_failed_logins"] = rng.integers(1, 5, n).astype(float)
    columns["hot"] = rng.integers(1, 4, n).astype(float)
    columns["dst_host_srv_diff_host_rate"] = np.round(rng.uniform(0.2, 0.5, n), 2)


_ATTACKS: dict[str, Callable[[Columns, np.random.Generator], None]] = {
    "neptune": _flood,
    "portsweep": _sweep,
    "guess_passwd": _guess,
    "mscan": _sweep,
}

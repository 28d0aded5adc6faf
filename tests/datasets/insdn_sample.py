"""A made-up file in the published layout of InSDN: nothing in it was ever measured.

Each class of flows has a port, a protocol and typical amounts of its own, so that a classifier can
learn to tell them apart; the other columns follow from these amounts, roughly as in real flows.
Among the rows are the defects of the tool: flows without duration, whose rates are infinite or not
a number, windows of -1 of flows that are not TCP, gaps below 0, and labels with blanks.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.datasets.insdn import COLUMNS

Values = NDArray[np.float64]


class Flows(NamedTuple):
    """What flows of one class are like: medians, around which amounts spread by a third or so."""

    label: str
    share: float
    ports: tuple[int, ...]
    protocol: int
    duration_us: float
    n_fwd: float
    n_bwd: float
    fwd_bytes: float
    bwd_bytes: float


NORMAL = (
    Flows("Normal", 0.5, (443, 80), 6, 4e6, 12, 14, 90, 700),
    Flows("Normal", 0.4, (53,), 17, 6e4, 2, 2, 40, 120),
    Flows("Normal", 0.1, (22, 21, 25), 6, 2e7, 30, 28, 60, 90),
)
ATTACKS = (
    Flows("DDoS ", 0.40, (80,), 6, 0.4, 1, 0.2, 0.1, 0.1),
    Flows("DoS", 0.20, (80,), 6, 9e7, 60, 4, 230, 0.1),
    Flows("Probe", 0.30, (21, 23, 110, 139, 445, 3306, 8080), 6, 30, 1, 1, 0.1, 0.1),
    Flows("BFA", 0.05, (22, 23), 6, 9e6, 22, 26, 45, 60),
    Flows("Web-Attack", 0.02, (80,), 6, 6e5, 5, 5, 480, 900),
    Flows("BOTNET", 0.02, (8081,), 6, 6e7, 8, 6, 20, 15),
    Flows("U2R", 0.01, (1524, 6200), 6, 3e7, 9, 9, 35, 300),
)


def write_insdn(path: Path, n_normal: int, n_attack: int, seed: int) -> None:
    """Write a file with a header and `n_normal + n_attack` rows in random order.

    The same arguments give the same bytes. Of every class there is a row where the number asked for
    allows it.
    """
    rng = np.random.default_rng(seed)
    rows = [*_rows(NORMAL, n_normal, rng), *_rows(ATTACKS, n_attack, rng)]
    order = rng.permutation(len(rows))
    lines = [",".join(COLUMNS), *(rows[i] for i in order)]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _rows(classes: tuple[Flows, ...], n_rows: int, rng: np.random.Generator) -> list[str]:
    counts = [int(flows.share * n_rows) for flows in classes]
    counts[0] += n_rows - sum(counts)
    for i, count in enumerate(counts):
        if count == 0 < counts[0] - 1:
            counts[i], counts[0] = 1, counts[0] - 1
    return [
        row for flows, n in zip(classes, counts, strict=True) for row in _of_class(flows, n, rng)
    ]


def _of_class(flows: Flows, n: int, rng: np.random.Generator) -> list[str]:
    def around(median: float) -> Values:
        return np.floor(median * rng.lognormal(0, 0.35, n) + 0.5)

    port = rng.choice(flows.ports, n)
    columns = {
        "Flow ID": [f"10.0.0.{i % 200 + 2}-10.0.0.1-{40_000 + i}-80-6" for i in range(n)],
        "Src IP": [f"10.0.0.{i % 200 + 2}" for i in range(n)],
        "Src Port": rng.integers(32_768, 61_000, n).tolist(),
        "Dst IP": ["10.0.0.1"] * n,
        "Dst Port": port.tolist(),
        "Protocol": [flows.protocol] * n,
        "Timestamp": [f"05/02/2020 11:{i // 60 % 60:02}:{i % 60:02} AM" for i in range(n)],
        "Label": [flows.label] * n,
    }
    amounts = _amounts(
        duration=around(flows.duration_us),
        n_fwd=np.maximum(around(flows.n_fwd), 1),
        n_bwd=around(flows.n_bwd),
        fwd=around(flows.fwd_bytes),
        bwd=around(flows.bwd_bytes),
        is_tcp=flows.protocol == 6,
    )
    written = {name: [_number(value) for value in values] for name, values in amounts.items()}
    zeros = ["0"] * n
    table = [{**written, **columns}.get(name, zeros) for name in COLUMNS]
    return [",".join(map(str, fields)) for fields in zip(*table, strict=True)]


def _amounts(
    *, duration: Values, n_fwd: Values, n_bwd: Values, fwd: Values, bwd: Values, is_tcp: bool
) -> dict[str, Values]:
    """Columns that are not 0, from a few amounts; `fwd` and `bwd` are mean payloads."""
    n = n_fwd + n_bwd
    bwd = np.where(n_bwd > 0, bwd, 0)
    sizes = _sizes(n_fwd, n_bwd, fwd, bwd)
    gap = duration / np.maximum(n - 1, 1)
    shortest = np.where((n > 3) & (duration % 7 == 0), -1, np.floor(gap / 4))
    header = 20.0 if is_tcp else 8.0
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = {
            "Flow Byts/s": (sizes["TotLen Fwd Pkts"] + sizes["TotLen Bwd Pkts"]) / duration * 1e6,
            "Flow Pkts/s": n / duration * 1e6,
        }
    lasting = np.where(duration > 0, duration, np.inf)
    return {
        **sizes,
        **rates,
        "Flow Duration": duration,
        **{f"Flow IAT {what}": gap * k for what, k in (("Mean", 1), ("Std", 0.5), ("Max", 2))},
        "Flow IAT Min": shortest,
        **{f"Fwd IAT {what}": np.where(n_fwd > 1, duration, 0) for what in ("Tot", "Max")},
        **{f"Bwd IAT {what}": np.where(n_bwd > 1, duration, 0) for what in ("Tot", "Max")},
        "Fwd Header Len": n_fwd * header,
        "Bwd Header Len": n_bwd * header,
        "Fwd Pkts/s": n_fwd / lasting * 1e6,
        "Bwd Pkts/s": n_bwd / lasting * 1e6,
        "SYN Flag Cnt": np.full_like(n, float(is_tcp)),
        "ACK Flag Cnt": np.where(n_bwd > 0, float(is_tcp), 0),
        "Down/Up Ratio": np.floor(n_bwd / n_fwd),
        "Init Fwd Win Byts": np.full_like(n, 29_200 if is_tcp else -1),
        "Init Bwd Win Byts": np.where((n_bwd > 0) & is_tcp, 28_960, -1),
        "Fwd Act Data Pkts": np.where(fwd > 0, n_fwd, 0),
        "Fwd Seg Size Min": np.full_like(n, header),
        **{f"Active {what}": np.where(duration > 5e6, duration / 8, 0) for what in ("Mean", "Max")},
        **{f"Idle {what}": np.where(duration > 5e6, duration / 2, 0) for what in ("Mean", "Max")},
    }


def _sizes(n_fwd: Values, n_bwd: Values, fwd: Values, bwd: Values) -> dict[str, Values]:
    mean = (n_fwd * fwd + n_bwd * bwd) / (n_fwd + n_bwd)
    return {
        "Tot Fwd Pkts": n_fwd,
        "Tot Bwd Pkts": n_bwd,
        "TotLen Fwd Pkts": n_fwd * fwd,
        "TotLen Bwd Pkts": n_bwd * bwd,
        **{f"Fwd Pkt Len {what}": fwd * k for what, k in (("Max", 2), ("Mean", 1), ("Std", 0.4))},
        **{f"Bwd Pkt Len {what}": bwd * k for what, k in (("Max", 2), ("Mean", 1), ("Std", 0.4))},
        "Pkt Len Max": np.maximum(fwd, bwd) * 2,
        "Pkt Len Mean": mean,
        "Pkt Len Std": mean * 0.5,
        "Pkt Len Var": (mean * 0.5) ** 2,
        "Pkt Size Avg": mean,
        "Fwd Seg Size Avg": fwd,
        "Bwd Seg Size Avg": bwd,
        "Subflow Fwd Pkts": n_fwd,
        "Subflow Fwd Byts": n_fwd * fwd,
        "Subflow Bwd Pkts": n_bwd,
        "Subflow Bwd Byts": n_bwd * bwd,
    }


def _number(value: float) -> str:
    """As Java writes it."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity"
    return str(int(value)) if value == int(value) else repr(float(value))

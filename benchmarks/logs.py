"""`python -m benchmarks.logs DATA`: logs to features on one core, and to alerts on all.

DATA is the folder of public logs that docs/data.md describes; each is repeated, day after day,
until it has half a million records. There is no peer: no other program makes KDD's features of a
log, so rates stand against the limits that were set for them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import lzma
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.__main__ import Row, table_of

N_RECORDS = 500_000
DAY_S = 86_400
ROUNDS = 3
LIMITS = {"Zeek, TSV": 500_000, "Zeek, JSON": 400_000, "Suricata": 200_000}
"""Records a second, to features on one core."""
ALERTS_LIMIT = 60_000
"""Records a second, from a Zeek log to alerts on two cores."""


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logs", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the logs")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/logs.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("making logs", total=5)
        logs = _logs(arguments.data, Path(folder))
        bar.advance(task)
        rows = []
        for name, path in logs.items():
            bar.update(task, description=name)
            rate = max(_features(path) for _ in range(ROUNDS))
            limit = LIMITS[name]
            rows.append(Row(f"{name} to features", rate, limit, rate / limit, "records/s, CPU"))
            bar.advance(task)
        bar.update(task, description="alerts")
        rows.append(_alerts(arguments.data, logs["Zeek, TSV"], Path(folder)))
        bar.advance(task)
    arguments.output.write_text(json.dumps([row._asdict() for row in rows], indent=2) + "\n")
    Console().print(table_of(rows))


def _logs(data: Path, folder: Path) -> dict[str, Path]:
    """Name -> a log of some `N_RECORDS`."""
    tsv, as_json, eve = (folder / name for name in ("conn.log", "json.log", "eve.json"))
    content = gzip.decompress(_zeek_day(data).read_bytes())
    header = [line for line in content.split(b"\n")[:8] if line.startswith(b"#")]
    _repeat_days(
        [line for line in content.split(b"\n") if line[:1] not in (b"", b"#")], header, tsv
    )
    content = (data / "zeek" / "slips_test9-mixed-zeek-dir__conn.log").read_bytes()
    _repeat(content.strip().split(b"\n"), as_json)
    content = lzma.decompress((data / "suricata" / "ait_aminer_demo_eve.json.xz").read_bytes())
    _repeat([line for line in content.split(b"\n") if b'"event_type":"flow"' in line], eve)
    return dict(zip(LIMITS, (tsv, as_json, eve), strict=True))


def _zeek_day(data: Path) -> Path:
    return data / "zeek" / "rita_missing_host__conn.2024-04-20.log.gz"


def _repeat(lines: list[bytes], path: Path) -> None:
    path.write_bytes((b"\n".join(lines) + b"\n") * -(-N_RECORDS // len(lines)))


def _repeat_days(lines: list[bytes], header: list[bytes], path: Path) -> None:
    """The same day again and again, each a day later, since alerts depend on time."""
    names = next(line for line in header if line.startswith(b"#fields")).split(b"\t")
    at = names.index(b"ts") - 1
    rows = sorted((line.split(b"\t") for line in lines), key=lambda row: float(row[at]))
    with path.open("wb") as file:
        file.write(b"\n".join(header) + b"\n")
        for day in range(-(-N_RECORDS // len(rows))):
            for row in rows:
                time_s = b"%.6f" % (float(row[at]) + day * DAY_S)
                file.write(b"\t".join([*row[:at], time_s, *row[at + 1 :]]) + b"\n")


def _features(path: Path) -> float:
    """Records a second of CPU time, on one core."""
    command = ["taskset", "-c", "0", sys.executable, "-m", "benchmarks.readers", "features"]
    run = subprocess.run([*command, str(path)], check=True, stdout=subprocess.PIPE, text=True)
    n_records, _, cpu_s = run.stdout.split()
    return int(n_records) / float(cpu_s)


def _alerts(data: Path, log: Path, folder: Path) -> Row:
    """Of `oddflow detect` as a whole, by the clock, starting the interpreter included."""
    oddflow = [sys.executable, "-c", "from oddflow.cli.app import main; main()"]
    model = folder / "model"
    day = str(_zeek_day(data))
    train = ["train", "--records", day, "-o", str(model), "--fpr", "0.01", "-q"]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([*oddflow, *train], check=True, env=environment)
    detect = ["detect", str(model), str(log), "-o", str(folder / "eve.json"), "-q", "--json"]
    rates = []
    for _ in range(ROUNDS):
        start_s = time.perf_counter()
        run = subprocess.run([*oddflow, *detect], check=True, stderr=subprocess.PIPE, text=True)
        summary = json.loads(run.stderr)
        rates.append(summary["n_records"] / (time.perf_counter() - start_s))
    share = summary["n_flagged"] / summary["n_records"]
    name = f"Zeek, TSV to alerts ({share:.1%} flagged), {len(os.sched_getaffinity(0))} cores"
    return Row(name, max(rates), ALERTS_LIMIT, max(rates) / ALERTS_LIMIT, "records/s")


if __name__ == "__main__":
    main()

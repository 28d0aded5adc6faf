"""What a recording is and how it came about, as JSON beside it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from lab.attacks.catalog import ATTACKS
from lab.capture import Capture
from lab.count import count_kinds
from lab.labels import labels_of
from lab.scene import Scene
from lab.schedule import Schedule
from lab.tools import versions

FORMAT = 1


def write_manifest(
    folder: Path, scene: Scene, schedule: Schedule, capture: Capture, start_s: float
) -> None:
    """Count what was captured, gather the actors' reports, and write `manifest.json`."""
    counts = count_kinds(capture.path, labels_of(scene.plan))
    reports = _reports(folder / "logs", schedule)
    manifest = {
        "format": FORMAT,
        "seed": scene.seed,
        "network": str(scene.plan.network),
        "start_s": start_s,
        "lasts_s": schedule.lasts_s,
        "sha256": _sha256(capture.path),
        "n_bytes": capture.path.stat().st_size,
        "n_packets": capture.n_captured,
        "n_dropped": capture.n_dropped,
        "n_late": sum(report["n_late"] for report in reports.values()),
        "normal_services": dict(counts.services.most_common(20)),
        "visits": _visits(reports, scene),
        "kinds": {
            kind: {
                "n_connections": counts.connections[kind],
                "n_packets": counts.packets[kind],
                "n_bytes": counts.bytes[kind],
                "first_s": counts.first_s[kind],
                "last_s": counts.last_s[kind],
            }
            for kind in sorted(counts.packets)
        },
        "attacks": {
            kind: {
                "tool": ATTACKS[kind].tool,
                "begins_s": begins_s,
                "actors": {
                    actor: _ending(reports[actor])
                    for actor in ATTACKS[kind].actors
                    if actor in reports
                },
            }
            for kind, begins_s in sorted(schedule.begins_s.items(), key=lambda item: item[1])
        },
        "tools": versions(),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def _reports(logs: Path, schedule: Schedule) -> dict[str, Any]:
    """The report of each actor; those that were ended before they wrote one have none."""
    paths = {name: logs / f"{name}.json" for name in schedule.scripts}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def _ending(report: dict[str, Any]) -> dict[str, Any]:
    """How an attack's actor fared; a negative exit code is the signal that ended a command."""
    codes = Counter(str(code) for _, _, _, code in report["runs"])
    return {
        "first_s": min((began_s for _, began_s, _, _ in report["runs"]), default=None),
        "last_s": max((ended_s for _, _, ended_s, _ in report["runs"]), default=None),
        "n_packets": report["n_packets"],
        "is_over_bound": report["is_over_bound"],
        "n_late": report["n_late"],
        "exit_codes": dict(sorted(codes.items())),
    }


def _visits(reports: dict[str, Any], scene: Scene) -> dict[str, dict[str, int]]:
    """How often each visit was made, by exit code."""
    found: dict[str, Counter[str]] = {}
    for name, report in reports.items():
        if scene.plan.roles[name].kind not in ATTACKS:
            for label, _, _, code in report["runs"]:
                found.setdefault(label, Counter())[str(code)] += 1
    return {label: dict(sorted(found[label].items())) for label in sorted(found)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

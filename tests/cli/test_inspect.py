"""`oddflow inspect`: what a model directory holds."""

from __future__ import annotations

import msgspec

from oddflow.core.kdd41 import KDD41
from oddflow.detect.bundle import Bundle
from oddflow.detect.manifest import PARTS
from tests.cli.running import Run


def test_json_holds_manifest_features_and_thresholds(run: Run, small_bundle: Bundle) -> None:
    ran = run("inspect", small_bundle.path, "--json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()
    assert set(told) == {"manifest", "features", "thresholds"}
    assert told["manifest"] == msgspec.json.decode(msgspec.json.encode(small_bundle.manifest))
    assert told["features"] == list(KDD41.names)
    assert told["thresholds"] == {
        str(rate): small_bundle.model.calibration.threshold(rate).value
        for rate in (0.1, 0.05, 0.01)  # 600 calibration records resolve no smaller one
    }


def test_text_says_where_the_model_came_from(run: Run, small_bundle: Bundle) -> None:
    ran = run("inspect", small_bundle.path)
    assert (ran.code, ran.err) == (0, "")
    for part in (
        str(small_bundle.path),
        small_bundle.manifest.sha256,
        "3,000 normal records of toy traffic, seed 0",
        "600 held-out normal records",
        "duration, protocol_type, service",
        *PARTS,
        *(f"{part.bytes:,}" for part in small_bundle.manifest.parts.values()),
    ):
        assert part in ran.out

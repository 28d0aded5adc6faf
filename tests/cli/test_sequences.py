"""Training on sequences of hosts, and detecting with what was trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import Run

EXAMPLE = Path(__file__).parents[2] / "examples" / "lab.pcap"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model of this module goes."""
    return tmp_path_factory.mktemp("sequence") / "model"


def test_a_capture_trains_a_model_of_hosts_that_finds_and_explains(
    run: Run, trained: Path, tmp_path: Path
) -> None:
    ran = run(
        *("train", "--records", EXAMPLE, "--steps", "hosts", "--memory", "state"),
        *("--epochs", "1", "--fpr", "0.05", "-o", trained, "--quiet", "--json"),
    )
    assert ran.code == 0, ran.err
    assert ran.json()["n_records"] == 2002
    manifest = json.loads((trained / "manifest.json").read_bytes())
    assert (manifest["steps"], manifest["detector"]) == ("hosts", "SequenceDetector")
    alerts = tmp_path / "eve.json"
    found = run("detect", trained, EXAMPLE, "-o", alerts, "--quiet")
    assert found.code == 0, found.err
    lines = [json.loads(line) for line in alerts.read_text().splitlines()]
    assert 10 < len(lines) < 1000
    told = lines[0]["alert"]["context"]["oddflow"]
    assert told["p_value"] <= 0.05
    assert told["causes"]
    for option in (["--fdr", "0.1"], []):
        records = EXAMPLE if option else "KDDTest+"
        refused = run("detect", trained, records, *option, "--quiet")
        assert refused.code == 2
        assert "in order of time" in refused.err.replace("\n", " ")
    for command in (["explain", trained, "KDDTest+"], ["export", trained, "--verify"]):
        refused = run(*command)
        assert refused.code == 2
        assert "`oddflow watch` run it and explain what they flag" in refused.err
    told = run("inspect", trained, "--json").json()
    assert told["manifest"]["detector"] == "SequenceDetector"
    assert list(told["thresholds"]) == ["0.1", "0.05", "0.01"]
    shown = run("inspect", trained).out
    assert "of hosts: memory state" in shown
    assert "2,002 normal records of lab.pcap" in shown


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--memory", "state"], "--memory is for --steps hosts or pairs"),
        (["--steps", "hosts", "--memory", "means"], "--memory must be one of window, state"),
        (["--steps", "pairs", "--score", "error"], "give neither --score"),
        (["--steps", "hosts", "--contamination", "0.1"], "--contamination"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    run: Run, tmp_path: Path, options: list[str], told: str
) -> None:
    ran = run("train", "--records", EXAMPLE, "-o", tmp_path / "model", "--quiet", *options)
    assert ran.code == 2
    assert told in " ".join(ran.err.split())
    assert not (tmp_path / "model").exists()

"""`oddflow evaluate` on other networks and devices than trained on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.matrix import LabelledMatrix, Times
from oddflow.datasets.iot23 import FILES
from tests.cli.running import Run
from tests.cli.test_evaluate import OURS, check_shape
from tests.lacking import need
from tests.toy import toy_corpus

pytestmark = pytest.mark.usefixtures("toy_nsl_kdd")


@pytest.fixture
def toy_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's recordings are toy records, one a second, each known three seconds later."""

    def load(name: str) -> LabelledMatrix:
        seed, attacks = (5, ("neptune",)) if name == "first" else (6, ("neptune", "portsweep"))
        corpus = toy_corpus(400, 100, seed=seed, name=f"lab, {name} recording", attacks=attacks)
        start_s = np.arange(len(corpus), dtype=np.float64)
        return dataclasses.replace(corpus, times=Times(start_s, start_s + 3.0))

    monkeypatch.setattr("oddflow.datasets.lab.load_lab", load)


@pytest.mark.usefixtures("toy_lab")
def test_a_model_of_elsewhere_with_its_own_and_with_local_thresholds(
    run: Run, small_settings: Path
) -> None:
    ran = run(
        *("evaluate", "--protocol", "nsl-kdd-to-lab", "--settings", small_settings),
        *("--system", OURS, "--system", "pca", "--quiet", "--json"),
    )
    assert ran.code == 0
    told = ran.json()
    own = "lab, second recording"
    local = f"{own}; thresholds of the lab, first recording"
    check_shape(
        told,
        protocol="nsl-kdd-to-lab",
        seeds=[0],
        test_sets={own, local},
        systems={OURS, "pca"},
    )
    systems = [told["test_sets"][name]["systems"] for name in (own, local)]
    for system in (OURS, "pca"):
        first, second = (of_set[system] for of_set in systems)
        assert first["auroc"] == second["auroc"]
        assert first["fpr"] != second["fpr"]
        assert second["fpr"]["mean"] < 0.1, "toy recordings are alike"
    assert "28 features" in told["notes"][0]
    (shift, *_) = told["test_sets"][own]["shift"]
    assert set(shift) == {"feature", "distance", "outside", "shift_sd", "train", "test"}


@pytest.mark.usefixtures("toy_lab")
def test_kinds_of_attack_with_times_have_a_table(
    run: Run, small_settings: Path, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    ran = run(
        *("evaluate", "--protocol", "lab", "--settings", small_settings, "--quiet"),
        *("--system", OURS, "--report", path),
    )
    assert ran.code == 0
    assert "lab, second recording: kinds of attack, lstm_autoencoder" in ran.out
    (row,) = [line for line in ran.out.splitlines() if line.startswith(" portsweep")]
    assert row.split()[1:5] == ["50", "100", "%", "1/1"]
    html = path.read_text(encoding="utf-8")
    assert "First alert, s" in html
    assert "How normal traffic differs from that of training" in html
    assert "normal, flagged" in html, "false alerts are a row of the heat map"
    without = run("evaluate", "--system", "pca", "--quiet")
    assert "kinds of attack" not in without.out, "NSL-KDD has no times"


@pytest.mark.data
def test_infected_devices_of_iot_23(run: Run, corpora: Path, small_settings: Path) -> None:
    need(corpora, *(file.file_name for file in FILES))
    ran = run(
        *("evaluate", "--protocol", "iot-23-malware", "--data", corpora, "--fpr", 0.01),
        *("--settings", small_settings, "--quiet", "--json"),
        *("--system", OURS, "--system", "mahalanobis"),
    )
    assert ran.code == 0
    told = ran.json()
    check_shape(
        told,
        protocol="iot-23-malware",
        seeds=[0],
        test_sets={
            "CTU-Malware-Capture-8-1-labeled",
            "CTU-Malware-Capture-20-1-labeled",
            "CTU-IoT-Malware-Capture-34-1",
            "3 infected devices",
        },
        systems={OURS, "mahalanobis"},
    )
    assert told["test_sets"]["3 infected devices"]["n_records"] == 10_403 + 3_209 + 23_145
    together = told["test_sets"]["3 infected devices"]["attacks"]["mahalanobis"]["kinds"]
    assert set(together) == {
        *("c_and_c", "c_and_c_torii", "ddos", "part_of_a_horizontal_port_scan"),
    }
    assert {kind["first_alert_s"] for kind in together.values()} == {None}

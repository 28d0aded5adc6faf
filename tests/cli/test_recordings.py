"""Captures and logs through the command line: features out, models in, alerts out."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from oddflow.alerts.formats import FORMATS
from oddflow.cli.recordings import Tally, featured
from oddflow.core.kdd41 import KDD41, TRAFFIC28
from oddflow.datasets.kdd_rows import gather, read_kdd_rows
from oddflow.detect.bundle import Bundle, load_model
from oddflow.ingest.pcap import FlowSettings
from oddflow.ingest.recording import read_recording
from tests.cli.running import Run, refused
from tests.ingest.frames import Timed, ethernet, ipv4, ipv6, pcap, tcp, udp

N_SCANNED = 40
N_ASKED = 30
SCANNER = "10.0.0.9"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Questions about names, a scan of ports, and a packet of a protocol that KDD does not have."""
    packets = [
        Timed(100 + i, ethernet(ipv4(udp(b"x" * 30, sport=2000 + i), 17))) for i in range(N_ASKED)
    ]
    packets += [
        Timed(200 + i / 100, ethernet(ipv4(tcp("S", dport=1 + i), 6, src=SCANNER)))
        for i in range(N_SCANNED)
    ]
    packets.append(Timed(300, ethernet(ipv4(b"\0" * 8, 132))))
    packets.append(Timed(301, ethernet(b"\0" * 28, 0x0806)))
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap(packets))
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of Zeek in JSON, one line of which is none."""
    lines = [
        json.dumps(
            {
                "ts": 1000.0 + i,
                "uid": f"C{i}",
                "id.orig_h": "10.0.0.1",
                "id.orig_p": 2000 + i,
                "id.resp_h": "10.0.0.2",
                "id.resp_p": 80,
                "proto": "tcp",
                "conn_state": "SF",
                "duration": 0.5 + i / 100,
                "orig_bytes": 100 + i,
                "resp_bytes": 1000,
            }
        )
        for i in range(300)
    ]
    path = tmp_path / "conn.log"
    path.write_text("\n".join([*lines, "no JSON"]) + "\n")
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_features_stand_beside_the_connections(
    run: Run, capture: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"features{suffix}"
    ran = run("features", capture, "-o", path, "--json")
    assert ran.code == 0
    summary = json.loads(ran.out)
    assert summary["n_connections"] == N_ASKED + N_SCANNED
    assert summary["n_units"] == N_ASKED + N_SCANNED + 2
    assert summary["profile"] == "kdd41"
    assert summary["skipped"] == {
        "connection that is not TCP, UDP or ICMP": 1,
        "no IP packet": 1,
    }
    table = pl.read_parquet(path) if suffix == ".parquet" else pl.read_csv(path)
    assert table.columns[:7] == ["ts", "uid", "orig_h", "orig_p", "resp_h", "resp_p", "proto"]
    assert table.columns[7:] == list(KDD41.names)
    assert set(table.filter(pl.col("orig_h") == SCANNER)["flag"]) == {"S0"}
    assert table["count"].max() == N_SCANNED


def test_rows_like_those_of_nsl_kdd_are_read_again(run: Run, capture: Path, tmp_path: Path) -> None:
    path = tmp_path / "features.txt"
    assert run("features", capture, "-o", path, "-q").code == 0
    again = gather(read_kdd_rows(path)).features
    assert len(again) == N_ASKED + N_SCANNED
    assert again.schema.sha256 == KDD41.sha256


def test_a_log_has_the_features_that_need_no_payload(run: Run, log: Path, tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    ran = run("features", log, "-o", path, "--json")
    assert json.loads(ran.out)["profile"] == "traffic28"
    assert sum(json.loads(ran.out)["skipped"].values()) == 1
    assert pl.read_csv(path).columns[7:] == list(TRAFFIC28.names)
    refused(run("features", log, "-o", path, "--profile", "kdd41", "-q"), "traffic28")


def test_a_file_of_an_unknown_form_is_not_written(run: Run, capture: Path, tmp_path: Path) -> None:
    refused(run("features", capture, "-o", tmp_path / "features.xlsx", "-q"), ".parquet")
    other = tmp_path / "other"
    other.write_bytes(b"neither this nor that\n")
    ran = run("features", other, "-o", tmp_path / "features.csv", "-q")
    refused(ran, "expected a capture")
    assert not (tmp_path / "features.csv").exists()


def test_a_capture_without_connections_gives_no_table(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(pcap([]))
    refused(run("features", path, "-o", tmp_path / "a.parquet", "-q"), "received none")
    assert list(tmp_path.glob("*.parquet")) == []


def test_alerts_name_the_hosts(run: Run, capture: Path, small_bundle: Bundle) -> None:
    ran = run("detect", small_bundle.path, capture, "--fpr", 0.05)
    assert ran.code == 0
    alerts = ran.lines()
    assert alerts
    assert all(alert["event_type"] == "alert" for alert in alerts)
    assert SCANNER in {alert["src_ip"] for alert in alerts}
    assert all(alert["alert"]["context"]["oddflow"] for alert in alerts)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_alerts_of_every_form(
    run: Run, capture: Path, small_bundle: Bundle, form: str, tmp_path: Path
) -> None:
    path = tmp_path / "alerts"
    ran = run("detect", small_bundle.path, capture, "--format", form, "-o", path, "-q")
    assert ran.code == 0
    content = path.read_bytes()
    header = FORMATS[form].header()
    assert content.startswith(header)
    assert len(content) > len(header)


def test_a_form_is_for_connections_alone(run: Run, rows_file: Path, small_bundle: Bundle) -> None:
    ran = run("detect", small_bundle.path, rows_file, "--format", "ecs")
    refused(ran, "--format is for connections")


def test_a_model_with_content_refuses_a_log(run: Run, log: Path, small_bundle: Bundle) -> None:
    refused(run("detect", small_bundle.path, log, "-q"), "traffic28")


def test_a_model_of_a_log_flags_what_the_log_has_not(
    run: Run, log: Path, capture: Path, tmp_path: Path, small_settings: Path
) -> None:
    model = tmp_path / "model"
    ran = run("train", "--records", log, "-o", model, "--settings", small_settings, "-q")
    assert ran.code == 0
    assert load_model(model).manifest.profile == "traffic28"
    alerts = run("detect", model, capture, "-q").lines()
    assert sum(alert["src_ip"] == SCANNER for alert in alerts) == N_SCANNED


def test_rows_of_kdd_may_be_learnt_without_their_content(
    run: Run, rows_file: Path, tmp_path: Path, small_settings: Path
) -> None:
    model = tmp_path / "model"
    ran = run(
        *("train", "--records", rows_file, "--profile", "traffic28", "-o", model),
        *("--settings", small_settings, "-q"),
    )
    assert ran.code == 0
    assert load_model(model).manifest.profile == "traffic28"


@pytest.mark.slow
def test_the_example_of_the_readme_needs_no_data(
    run: Run, tmp_path: Path, small_settings: Path
) -> None:
    model, example = tmp_path / "model", Path(__file__).parents[2] / "examples" / "lab.pcap"
    settings = ("--settings", small_settings, "--fpr", 0.01)
    assert run("train", "--records", "lab-first", "-o", model, *settings, "-q").code == 0
    alerts = run("detect", model, example, "--json", "-o", tmp_path / "alerts")
    summary = json.loads(alerts.err.strip().splitlines()[-1])
    assert summary["n_records"] == 2002
    assert 200 < summary["n_flagged"] < 1700


def test_ipv6_is_alerted_as_well(run: Run, tmp_path: Path, small_bundle: Bundle) -> None:
    path = tmp_path / "v6.pcap"
    frames = [ethernet(ipv6(tcp("S", dport=1 + i), 6), 0x86DD) for i in range(40)]
    path.write_bytes(pcap([Timed(1 + i / 50, frame) for i, frame in enumerate(frames)]))
    alerts = run("detect", small_bundle.path, path, "-q").lines()
    assert {alert["src_ip"] for alert in alerts} == {"fe80::1"}


def test_connections_that_ended_early_are_told(capture: Path) -> None:
    tally = Tally()
    for _ in featured(read_recording(capture, FlowSettings(capacity=2)), KDD41, tally):
        pass
    assert tally.n_evicted > 0
    assert tally.to_json()["n_evicted"] == tally.n_evicted
    assert f"{tally.n_evicted:,} of them ended early" in str(tally)

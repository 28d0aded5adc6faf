"""IoT-23: the published counts and what is odd about it."""

from __future__ import annotations

import hashlib
import lzma
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from oddflow.core.conn import CONN
from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets import iot23
from oddflow.datasets.conn_rows import FIELDS
from oddflow.datasets.duplicates import AMBIGUOUS, REPEATED
from oddflow.datasets.iot23 import (
    FILES,
    LOWER_CASE,
    ONE_FIELD,
    OUT_OF_ORDER,
    SCENARIOS,
    WHOLE_SECONDS,
    load_iot23,
    load_iot23_hosts,
)
from tests.datasets.conn_lines import csv, csv_row

COUNTS = {
    "34-1": {
        "ddos": 14_394,
        "c_and_c": 6_706,
        "normal": 1_923,
        "part_of_a_horizontal_port_scan": 122,
    },
    "4-1": {"normal": 452},
    "5-1": {"normal": 1_374},
    "8-1": {"c_and_c": 8_222, "normal": 2_181},
    "20-1": {"normal": 3_193, "c_and_c_torii": 16},
}
INFECTED = ("34-1", "8-1", "20-1")
Load = Callable[[str], LabelledMatrix]


@pytest.fixture(scope="module")
def load(corpora: Path) -> Load:
    loaded = {name: load_iot23(name, data_dir=corpora) for name in COUNTS}
    return loaded.__getitem__


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_published_counts(load: Load, name: str) -> None:
    corpus = load(name)
    assert corpus.name == SCENARIOS[name]
    assert Counter(corpus.labels.attack) == COUNTS[name]
    assert corpus.features.schema is CONN


@pytest.mark.data
def test_families_are_coarse(load: Load) -> None:
    labels = load("34-1").labels
    assert Counter(labels.family) == {
        "ddos": 14_394,
        "command_and_control": 6_706,
        "normal": 1_923,
        "port_scan": 122,
    }
    assert set(load("20-1").labels.family) == {"normal", "command_and_control"}


@pytest.mark.data
def test_defects_are_counted(load: Load) -> None:
    defects = {name: dict(load(name).defects) for name in COUNTS}
    assert defects == {
        "34-1": {ONE_FIELD: 23_145, OUT_OF_ORDER: 1_886, REPEATED: 18_454},
        "4-1": {LOWER_CASE: 452, OUT_OF_ORDER: 31, WHOLE_SECONDS: 452, REPEATED: 95},
        "5-1": {LOWER_CASE: 1_374, OUT_OF_ORDER: 414, REPEATED: 258},
        "8-1": {OUT_OF_ORDER: 1_856, REPEATED: 8_345},
        "20-1": {OUT_OF_ORDER: 313, REPEATED: 1_978},
    }
    assert all(AMBIGUOUS not in found for found in defects.values())


def independent(corpora: Path, name: str) -> pd.DataFrame:
    """The file as pandas reads it, all values as text, in order of time."""
    file = next(file for file in FILES if file.name == SCENARIOS[name])
    with lzma.open(corpora / "iot-23" / f"{file.file_name}.xz", "rt") as packed:
        text = packed.read()
    if name == "34-1":
        rows = [line.replace("   ", "\t") for line in text.split("\n") if line[:1] != "#"]
        table = pd.DataFrame([line.split("\t") for line in rows], columns=list(FIELDS))
    else:
        table = pd.read_csv(BytesIO(text.encode()), dtype=str, keep_default_na=False)
        table = table.replace("", "-")
    table["ts"] = table["ts"].astype(float)
    return table.sort_values("ts", kind="stable")


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_an_independent_reader_finds_the_same(corpora: Path, load: Load, name: str) -> None:
    corpus, table = load(name), independent(corpora, name)
    column = corpus.features.column
    for category, written in (("proto", "proto"), ("service", "service"), ("resp_p", "id.resp_p")):
        assert np.array_equal(column(category), table[written]), category
    assert np.array_equal(column("conn_state"), table["conn_state"])
    assert np.array_equal(column("history"), table["history"])
    for number in (f.name for f in CONN.numeric if not f.name.endswith("_unset")):
        expected = table[number].replace("-", "0").astype(float)
        assert np.array_equal(column(number), expected), number
    for flag, written in (("duration_unset", "duration"), ("bytes_unset", "resp_bytes")):
        assert np.array_equal(column(flag) == 1, table[written] == "-")
    assert np.array_equal(corpus.labels.is_attack, table["label"].str.lower() == "malicious")
    hosts = load_iot23_hosts(name, data_dir=corpora)
    assert np.array_equal(hosts.start_s, table["ts"])
    assert np.array_equal(hosts.orig_h, table["id.orig_h"])
    assert hosts.start_s.dtype == np.float64


@pytest.mark.data
def test_rows_rise_in_time_and_keep_their_order_within_it(corpora: Path) -> None:
    start_s, orig_h, _ = load_iot23_hosts("4-1", data_dir=corpora)
    assert (np.diff(start_s) >= 0).all()
    assert len(set(start_s)) < len(start_s)  # so that stability matters
    assert set(orig_h) == {"192.168.1.132"}


@pytest.mark.data
def test_connections_are_known_with_their_last_packet(corpora: Path, load: Load) -> None:
    for name in COUNTS:
        times = load(name).times
        assert times is not None
        assert np.array_equal(times.start_s, load_iot23_hosts(name, data_dir=corpora).start_s)
        lasted_s = load(name).features.column("duration")
        assert times.known_s == pytest.approx(times.start_s + lasted_s, rel=1e-15)
        assert lasted_s.max() > 1


@pytest.mark.data
def test_facts_of_the_docstring(corpora: Path, load: Load) -> None:
    shares = {name: load(name).labels.is_attack.mean() for name in INFECTED}
    assert shares == pytest.approx({"34-1": 0.917, "8-1": 0.790, "20-1": 0.005}, abs=0.001)
    for name, port in (("8-1", "50"), ("20-1", "443")):
        ports = load(name).features.column("resp_p")[load(name).labels.is_attack]
        assert set(ports) == {port}
    masters = independent(corpora, "8-1").query("label == 'Malicious'")["id.resp_h"]
    assert len(set(masters)) == 2
    for name in INFECTED:
        orig_h = load_iot23_hosts(name, data_dir=corpora).orig_h
        assert Counter(orig_h).most_common(1)[0][1] / len(orig_h) > 0.999
        assert load(name).defects[REPEATED] / len(orig_h) > 0.61
    column = load("34-1").features.column
    assert column("duration_unset").mean() == pytest.approx(0.77, abs=0.001)
    assert np.array_equal(column("duration_unset"), column("bytes_unset"))


def test_damage_past_the_hash_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = csv(csv_row(), csv_row() + ",")
    made_up = replace(
        FILES[1], sha256=hashlib.sha256(content).hexdigest(), n_bytes=len(content), n_rows=2
    )
    monkeypatch.setattr(iot23, "FILES", (made_up,))
    path = tmp_path / made_up.file_name
    path.write_bytes(content)
    with pytest.raises(MalformedInput, match="received 24 fields") as caught:
        load_iot23("4-1", data_dir=tmp_path)
    assert (caught.value.path, caught.value.line) == (path, 3)


@pytest.mark.data
def test_an_altered_recording_is_refused(corpora: Path, tmp_path: Path) -> None:
    name = SCENARIOS["4-1"]
    content = lzma.decompress((corpora / "iot-23" / f"{name}.csv.xz").read_bytes())
    (tmp_path / f"{name}.csv").write_bytes(content.replace(b"0.114184", b"0.114185"))
    with pytest.raises(MalformedInput, match=f"not {name} as published"):
        load_iot23("4-1", data_dir=tmp_path)
    with pytest.raises(MalformedInput, match=f"not {name} as published"):
        load_iot23_hosts("4-1", data_dir=tmp_path)


@pytest.mark.data
def test_a_recording_is_known_by_number_and_by_file(corpora: Path) -> None:
    for name in ("20-1", SCENARIOS["20-1"], SCENARIOS["20-1"] + ".csv"):
        assert load_iot23(name, data_dir=corpora).name == SCENARIOS["20-1"]
    assert set(SCENARIOS.values()) == {file.name for file in FILES}
    with pytest.raises(InputError, match="no file '1-1'; expected one of CTU-IoT"):
        load_iot23("1-1", data_dir=corpora)

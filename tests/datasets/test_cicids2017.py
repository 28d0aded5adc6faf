"""CICIDS2017: the published counts, what is odd about it, and a made-up day of the publisher's."""

from __future__ import annotations

import gzip
import lzma
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from oddflow.core.errors import DataUnavailable, InputError, MalformedInput
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.cicids2017 import (
    CICIDS2017,
    CICIDS2017_52,
    DAYS,
    FILES,
    LAYOUT,
    load_cicids2017,
    read_cicids2017,
)
from oddflow.datasets.duplicates import AMBIGUOUS, REPEATED
from oddflow.datasets.flow_csv import (
    EMPTY_ROWS,
    LABEL_BYTES,
    NEGATIVE_SIZE,
    NEGATIVE_TIME,
    NO_RATE,
    NO_WINDOW,
)
from oddflow.datasets.flow_features import NAMES, RATES_UNSET
from oddflow.datasets.flow_layout import BLANK_NAMES, DOUBLED_COLUMNS
from tests.datasets.flow_rows import HEADER, flow_row

COUNTS = {
    "Tuesday-WorkingHours.sampled": {
        "normal": 32_282,
        "ftp_patator": 7_938,
        "ssh_patator": 5_897,
    },
    "Thursday-WorkingHours-Morning-WebAttacks.sampled": {
        "normal": 5_087,
        "web_attack_brute_force": 1_507,
        "web_attack_xss": 652,
        "web_attack_sql_injection": 21,
    },
    "Thursday-WorkingHours-Afternoon-Infilteration.sampled": {"normal": 85, "infiltration": 36},
    "Friday-WorkingHours-Morning.sampled": {"normal": 4_588, "bot": 1_966},
    "hif_cicids2017_stratified_sample": {
        "normal": 9_973,
        "dos": 945,
        "ddos": 623,
        "port_scanning": 401,
        "brute_force": 38,
        "web_attacks": 12,
        "bots": 8,
    },
}
SAMPLED = [name for name in COUNTS if name.endswith(".sampled")]
Load = Callable[[str], LabelledMatrix]


@pytest.fixture(scope="module")
def load(corpora: Path) -> Load:
    loaded = {name: load_cicids2017(name, data_dir=corpora) for name in COUNTS}
    return loaded.__getitem__


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_published_counts(load: Load, name: str) -> None:
    corpus = load(name)
    assert (corpus.name, Counter(corpus.labels.attack)) == (name, COUNTS[name])
    assert corpus.features.schema == (CICIDS2017 if name in SAMPLED else CICIDS2017_52)


@pytest.mark.data
def test_families_are_coarse(load: Load) -> None:
    pairs = {
        pair
        for name in COUNTS
        for pair in zip(load(name).labels.attack, load(name).labels.family, strict=True)
    }
    families = dict(pairs)
    assert len(families) == len(pairs)
    assert families["ftp_patator"] == families["ssh_patator"] == "brute_force"
    assert families["web_attack_xss"] == families["web_attacks"] == "web_attack"
    assert families["bot"] == families["bots"] == "bot"
    assert families["port_scanning"] == "port_scan"


@pytest.mark.data
@pytest.mark.parametrize("name", COUNTS)
def test_an_independent_reader_finds_the_same(corpora: Path, load: Load, name: str) -> None:
    corpus = load(name)
    with lzma.open(corpora / "cicids2017" / f"{name}.csv.xz") as packed:
        table = pd.read_csv(packed)
    names = [name for name in NAMES if name in corpus.features.schema.names]
    bad = {n: table[n] < 0 for n in names}
    no_rate = bad["Flow Bytes/s"] | bad["Flow Packets/s"]
    for column in names[1:]:
        expected = table[column].mask(bad[column], 0)
        if column in ("Flow Bytes/s", "Flow Packets/s"):
            expected = expected.mask(no_rate, 0)
        assert np.array_equal(corpus.features.column(column), expected), column
    ports = corpus.features.column("Destination Port")
    assert np.array_equal(ports.astype(int), table["Destination Port"].astype(int))
    windows = bad["Init_Win_bytes_forward"] | bad["Init_Win_bytes_backward"]
    times = [c for c in names if "IAT" in c or c.startswith(("Active", "Idle", "Flow Dur"))]
    sizes = [c for c in names if c not in times and "Init_Win" not in c and "Flow" not in c]
    found = {
        NO_RATE: no_rate.sum(),
        NO_WINDOW: windows.sum(),
        NEGATIVE_TIME: pd.DataFrame({c: bad[c] for c in times}).any(axis=1).sum(),
        NEGATIVE_SIZE: pd.DataFrame({c: bad[c] for c in sizes}).any(axis=1).sum(),
        LABEL_BYTES: (~table.iloc[:, -1].map(str.isascii)).sum(),
    }
    of_others = (REPEATED, AMBIGUOUS)
    ours = {defect: n for defect, n in corpus.defects.items() if defect not in of_others}
    assert ours == {defect: n for defect, n in found.items() if n}


@pytest.mark.data
def test_repeated_rows_are_counted(load: Load) -> None:
    """The sampled files without identifiers repeat 5,128, 37 and 1 rows."""
    repeated = [load(name).defects.get(REPEATED, 0) for name in SAMPLED]
    assert repeated == [5_128, 67, 1, 37]
    assert all(AMBIGUOUS not in load(name).defects for name in SAMPLED)


@pytest.mark.data
def test_ports_give_attacks_away(load: Load) -> None:
    corpus = load(SAMPLED[0])
    ports = corpus.features.column("Destination Port")
    assert Counter(ports[corpus.labels.attack == "ftp_patator"]) == {"21": 7_937, "80": 1}
    assert set(ports[corpus.labels.attack == "ssh_patator"]) == {"22"}


@pytest.mark.data
@pytest.mark.parametrize("name", SAMPLED)
def test_facts_of_the_docstring(load: Load, name: str) -> None:
    features = load(name).features
    column = features.column
    bulk = [n for n in NAMES if "Bulk" in n]
    flags = ["Bwd PSH Flags", "Fwd URG Flags", "Bwd URG Flags", "CWE Flag Count"]
    assert len(bulk) == 6
    assert all(not column(n).any() for n in (*bulk, *flags))
    same = {
        "Subflow Fwd Packets": "Total Fwd Packets",
        "Subflow Fwd Bytes": "Total Length of Fwd Packets",
        "Subflow Bwd Packets": "Total Backward Packets",
        "Avg Fwd Segment Size": "Fwd Packet Length Mean",
        "Avg Bwd Segment Size": "Bwd Packet Length Mean",
        "SYN Flag Count": "Fwd PSH Flags",
        "ECE Flag Count": "RST Flag Count",
    }
    assert all(np.array_equal(column(a), column(b)) for a, b in same.items())
    assert {v for n in NAMES if "Flag" in n for v in column(n)} <= {0, 1}
    assert load(name).labels.is_attack.mean() == pytest.approx(0.3, abs=0.003)


@pytest.mark.data
@pytest.mark.parametrize("name", SAMPLED)
def test_meanings_hold_in_the_data(load: Load, name: str) -> None:
    column = load(name).features.column
    duration, n_fwd, n_bwd = (
        column(n) for n in ("Flow Duration", "Total Fwd Packets", "Total Backward Packets")
    )
    assert np.array_equal(column(RATES_UNSET) == 1, duration == 0)
    assert duration.max() <= 120e6
    lasts = duration > 0
    rate = (n_fwd + n_bwd)[lasts] / duration[lasts] * 1e6
    assert np.allclose(rate, column("Flow Packets/s")[lasts], rtol=1e-3)
    assert np.array_equal(column("Down/Up Ratio"), n_bwd // n_fwd)
    doubled = column("Packet Length Mean") * (n_fwd + n_bwd + 1)
    assert np.allclose(doubled, column("Average Packet Size") * (n_fwd + n_bwd), rtol=1e-5)
    idle = column("Idle Min")
    assert idle[idle > 0].min() >= 5e6
    assert (column("act_data_pkt_fwd") <= n_fwd).all()


def test_the_smaller_schema_is_part_of_the_larger() -> None:
    numbers = {f.name: f for f in CICIDS2017.features}
    assert len(CICIDS2017_52.features) == 55
    assert all(numbers[f.name] == f for f in CICIDS2017_52.features)


def publishers_day() -> bytes:
    """A table as the publisher writes it, with all that is wrong with it."""
    names = [f" {name}" for name in HEADER.split(",")]
    header = ",".join([*names[:55], "Fwd Header Length", *names[55:]])
    rows = [
        flow_row(),
        flow_row({"Flow Duration": "0", "Flow Bytes/s": "NaN", "Flow Packets/s": "Infinity"}),
        flow_row({"Flow Duration": "-1", "Flow IAT Mean": "-1", "Flow Packets/s": "-2000000"}),
        flow_row({"Init_Win_bytes_forward": "-1", "Init_Win_bytes_backward": "-1"}),
        flow_row({"Fwd Header Length": "-32212234632", "Bwd Header Length": "-1073741320"}),
        flow_row(label="Web Attack \x96 XSS"),
        flow_row({"Flow Duration": "7"}, label="DoS slowloris"),
        flow_row({"Flow Duration": "8"}, label="Heartbleed"),
    ]
    lines = [",".join([*row.split(",")[:55], "40", *row.split(",")[55:]]) for row in rows]
    return "\r\n".join([header, *lines, *["," * 78] * 3, ""]).encode("latin-1")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_a_day_of_the_publishers_is_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / DAYS[3]
    path.write_bytes(pack(publishers_day()))
    corpus = read_cicids2017(path)
    assert corpus.name == DAYS[3]
    assert corpus.features.schema == CICIDS2017
    assert corpus.labels.attack.tolist() == [
        *["normal"] * 5,
        *("web_attack_xss", "dos_slowloris", "heartbleed"),
    ]
    assert corpus.labels.family.tolist()[5:] == ["web_attack", "dos", "heartbleed"]
    assert corpus.features.column(RATES_UNSET).tolist() == [0, 1, 1, 0, 0, 0, 0, 0]
    assert corpus.defects == {
        BLANK_NAMES: 78,
        DOUBLED_COLUMNS: 1,
        EMPTY_ROWS: 3,
        NO_RATE: 2,
        NO_WINDOW: 1,
        NEGATIVE_TIME: 1,
        NEGATIVE_SIZE: 1,
        LABEL_BYTES: 1,
        AMBIGUOUS: 2,
    }


LABELS = (
    *("BENIGN", "FTP-Patator", "SSH-Patator", "DoS Hulk", "DoS GoldenEye", "DoS slowloris"),
    *("DoS Slowhttptest", "Heartbleed", "Web Attack \x96 Brute Force", "Web Attack \x96 XSS"),
    *("Web Attack \x96 Sql Injection", "Infiltration", "Bot", "PortScan", "DDoS"),
)


def test_all_labels_of_the_publisher_are_known(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    rows = [flow_row(label=label) for label in LABELS]
    path.write_bytes("\n".join([HEADER, *rows]).encode("latin-1"))
    labels = read_cicids2017(path).labels
    assert len(set(labels.attack)) == len(LABELS) == len(LAYOUT.attacks)
    assert set(labels.family) == {
        *("normal", "brute_force", "dos", "heartbleed", "web_attack", "infiltration", "bot"),
        *("port_scan", "ddos"),
    }
    path.write_text("\n".join([HEADER, flow_row(label="Bot - Attempted")]))
    with pytest.raises(MalformedInput, match="received 'Bot - Attempted'"):
        read_cicids2017(path)


@pytest.mark.data
def test_an_altered_sample_is_refused_and_still_readable(corpora: Path, tmp_path: Path) -> None:
    name = "Thursday-WorkingHours-Afternoon-Infilteration.sampled"
    content = lzma.decompress((corpora / "cicids2017" / f"{name}.csv.xz").read_bytes())
    path = tmp_path / f"{name}.csv"
    path.write_bytes(content.replace(b",81862450,", b",81862451,"))
    assert len(read_cicids2017(path)) == 121
    with pytest.raises(MalformedInput, match=f"not {name} as published"):
        load_cicids2017(name, data_dir=tmp_path)


def test_a_day_is_no_file_of_the_catalogue() -> None:
    with pytest.raises(InputError, match=r"no file 'Monday-WorkingHours\.pcap_ISCX\.csv'"):
        load_cicids2017(DAYS[0])
    assert not {file.file_name for file in FILES} & set(DAYS)


@pytest.mark.usefixtures("no_corpora")
def test_what_is_not_at_hand_says_where_to_get_it() -> None:
    with pytest.raises(DataUnavailable, match=r"by hand alone(.|\n)*www\.unb\.ca"):
        load_cicids2017()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file"):
        read_cicids2017(tmp_path / "none.csv")

"""InSDN: the published columns, labels and file names, on made-up rows."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.errors import DataUnavailable, InputError, MalformedInput
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.cicids2017 import CICIDS2017
from oddflow.datasets.duplicates import REPEATED
from oddflow.datasets.flow_csv import LABEL_BLANKS, NEGATIVE_TIME, NO_RATE, NO_WINDOW
from oddflow.datasets.insdn import ALL, COLUMNS, INSDN, NAMES, load_insdn, read_insdn
from tests.datasets.insdn_sample import ATTACKS, write_insdn


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    path = tmp_path / "made-up.csv"
    write_insdn(path, 300, 200, seed=7)
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A data folder with all three files, each in another place and form."""
    write_insdn(tmp_path / "Normal_data.csv", 30, 0, seed=1)
    for folder in ("insdn", "InSDN_DatasetCSV"):
        (tmp_path / folder).mkdir()
    write_insdn(tmp_path / "InSDN_DatasetCSV" / "OVS.csv", 0, 20, seed=2)
    write_insdn(tmp_path / "third.csv", 0, 10, seed=3)
    packed = gzip.compress((tmp_path / "third.csv").read_bytes())
    (tmp_path / "insdn" / "metasploitable-2.csv.gz").write_bytes(packed)
    return tmp_path


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_columns_are_as_published() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == 84
    assert INSDN.names[:78] == ("Dst Port", "Protocol", *COLUMNS[7:-1])
    assert [f.name for f in INSDN.categorical] == ["Dst Port", "Protocol"]


def test_features_mean_what_they_mean_in_cicids2017() -> None:
    """The names differ, the order does not: groups, units and meanings go with the place."""
    ours = [f for f in INSDN.features if f.name != "Protocol"]
    for one, other in zip(ours, CICIDS2017.features, strict=True):
        assert (one.kind, one.group, one.unit) == (other.kind, other.group, other.unit)
    pairs = dict(zip(CICIDS2017.names, (f.name for f in ours), strict=True))
    assert pairs["Total Length of Bwd Packets"] == "TotLen Bwd Pkts"
    assert pairs["Init_Win_bytes_backward"] == "Init Bwd Win Byts"
    assert pairs["Bwd Avg Bulk Rate"] == "Bwd Blk Rate Avg"
    assert pairs["Average Packet Size"] == "Pkt Size Avg"
    assert pairs["Min Packet Length"] == "Pkt Len Min"
    assert pairs["min_seg_size_forward"] == "Fwd Seg Size Min"
    for theirs, name in pairs.items():
        assert words(theirs) == words(name), (theirs, name)
    assert words("Bwd Packet Length Max") != words("Bwd Pkt Len Min")


def words(name: str) -> set[str]:
    """What a name says of direction, statistic and kind, whatever the version of the tool."""
    text = f" {name} ".replace("_", " ").lower()
    for old, new in (("forward", "fwd"), ("backward", "bwd"), ("average", "avg")):
        text = text.replace(old, new)
    known = "fwd bwd max min mean std iat active idle psh urg fin syn rst ack cwe ece subflow"
    return set(text.split()) & set(known.split())


def test_a_made_up_file_is_read(made_up: Path) -> None:
    corpus = read_insdn(made_up)
    assert (corpus.name, len(corpus)) == ("made-up.csv", 500)
    counts = Counter(corpus.labels.attack)
    assert counts["normal"] == 300
    assert set(counts) == {
        *("normal", "dos", "ddos", "probe", "bfa", "web_attack", "botnet", "u2r")
    }
    families = dict(zip(corpus.labels.attack, corpus.labels.family, strict=True))
    assert families["probe"] == "port_scan"
    assert families["bfa"] == "brute_force"
    assert families["botnet"] == "bot"
    assert set(corpus.features.column("Protocol")) == {"6", "17"}
    assert (corpus.features.numeric >= 0).all()


def test_its_defects_are_counted(made_up: Path) -> None:
    corpus = read_insdn(made_up)
    rows = [line.split(",") for line in made_up.read_text().splitlines()[1:]]
    column = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    no_rate = np.isin(column["Flow Pkts/s"], ["Infinity", "NaN"])
    windows = np.array([column["Init Fwd Win Byts"], column["Init Bwd Win Byts"]]) == "-1"
    found = {
        NO_RATE: no_rate.sum(),
        NO_WINDOW: windows.any(axis=0).sum(),
        NEGATIVE_TIME: (np.array(column["Flow IAT Min"]) == "-1").sum(),
        LABEL_BLANKS: (np.array(column["Label"]) == "DDoS ").sum(),
    }
    assert all(found.values()), found
    assert {k: n for k, n in corpus.defects.items() if k != REPEATED} == found
    assert {"Infinity", "NaN"} <= {*column["Flow Pkts/s"], *column["Flow Byts/s"]}


def test_the_made_up_file_can_be_learnt_from(made_up: Path, tmp_path: Path) -> None:
    """Two rules tell most of it apart, so that a network which learns nothing is noticed."""
    corpus = read_insdn(made_up)
    wrong = corpus.labels.is_attack != _looks_odd(corpus)
    assert wrong.mean() < 0.15
    assert max(corpus.labels.is_attack.mean(), 1 - corpus.labels.is_attack.mean()) < 0.65
    write_insdn(tmp_path / "again.csv", 300, 200, seed=7)
    assert (tmp_path / "again.csv").read_bytes() == made_up.read_bytes()
    write_insdn(tmp_path / "other.csv", 300, 200, seed=8)
    assert (tmp_path / "other.csv").read_bytes() != made_up.read_bytes()


def _looks_odd(corpus: LabelledMatrix) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    duration = corpus.features.column("Flow Duration")
    return np.asarray((duration < 1000) | (duration > 4e7), dtype=np.bool_)


@pytest.mark.parametrize(("n_normal", "n_attack"), [(0, 1), (1, 0), (3, 7), (1, 100)])
def test_the_writer_writes_as_many_as_asked(tmp_path: Path, n_normal: int, n_attack: int) -> None:
    write_insdn(tmp_path / "x.csv", n_normal, n_attack, seed=0)
    labels = read_insdn(tmp_path / "x.csv").labels
    assert (len(labels), labels.is_attack.sum()) == (n_normal + n_attack, n_attack)
    if n_attack >= 2 * len(ATTACKS):
        assert len(set(labels.attack)) == len(ATTACKS) + 1


def test_one_file_of_the_users_copy_loads(copy: Path) -> None:
    corpus = load_insdn("OVS", data_dir=copy)
    assert (corpus.name, len(corpus)) == ("OVS", 20)
    assert corpus.labels.is_attack.all()
    assert len(load_insdn("metasploitable-2.csv", data_dir=copy)) == 10


def test_all_files_load_in_order(copy: Path) -> None:
    corpus = load_insdn(data_dir=copy)
    assert corpus.name == ALL
    assert corpus.labels.is_attack.tolist() == [False] * 30 + [True] * 30
    parts = [load_insdn(name, data_dir=copy) for name in NAMES]
    assert np.array_equal(
        corpus.features.numeric, np.concatenate([part.features.numeric for part in parts])
    )
    blanks = sum(part.defects.get(LABEL_BLANKS, 0) for part in parts)
    assert corpus.defects[LABEL_BLANKS] == blanks > 0


@pytest.mark.usefixtures("no_corpora")
def test_what_is_not_at_hand_says_where_to_get_it(copy: Path) -> None:
    (copy / "Normal_data.csv").unlink()
    assert len(load_insdn("OVS", data_dir=copy)) == 20
    with pytest.raises(DataUnavailable, match=r"Normal_data\.csv(.|\n)*aseados\.ucd\.ie"):
        load_insdn(data_dir=copy)


def test_wrong_names_are_refused(copy: Path) -> None:
    with pytest.raises(InputError, match="no file 'ovs'; expected one of Normal_data, OVS"):
        load_insdn("ovs", data_dir=copy)
    with pytest.raises(InputError, match="at least one file of InSDN, received none"):
        read_insdn()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Tot Fwd Pkts", "Total Fwd Packets", r"missing \['Tot Fwd Pkts'\], unexpected"),
        ("Protocol,", "", r"missing \['Protocol'\]"),
        ("Normal", "Normally", "Label to be one of the labels normal, .* received 'Normally'"),
        (",6,05/02", ",256,05/02", "Protocol to be a whole number from 0 to 255, received '256'"),
        ("AM,", "AM,,", "expected 84 fields as in the rows before, received 85"),
    ],
)
def test_damage_is_named(made_up: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(MalformedInput, match=words) as caught:
        read_insdn(changed(made_up, old, new))
    assert caught.value.line is not None


def test_damage_in_a_later_file_names_that_file(made_up: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("nothing\n")
    with pytest.raises(MalformedInput) as caught:
        read_insdn(made_up, other)
    assert caught.value.path == other

"""UNSW-NB15: the published counts, what is odd about it, and each kind of damage to its rows."""

from __future__ import annotations

import hashlib
import lzma
from collections import Counter
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from oddflow.core.errors import DataUnavailable, MalformedInput
from oddflow.core.matrix import LabelledMatrix, concatenate
from oddflow.core.schema import Kind
from oddflow.datasets import unsw_nb15
from oddflow.datasets.duplicates import AMBIGUOUS, REPEATED
from oddflow.datasets.unsw_nb15 import (
    CATEGORIES,
    FILES,
    FTP_LOGINS,
    NO_SERVICE,
    load_unsw_nb15,
    parse_unsw_nb15,
)
from oddflow.datasets.unsw_nb15_schema import UNSW_NB15

HEADER = ",".join(["id", *UNSW_NB15.names, "attack_cat", "label"])
COUNTS = {
    "normal": 37_000,
    "generic": 18_871,
    "exploits": 11_132,
    "fuzzers": 6_062,
    "dos": 4_089,
    "reconnaissance": 3_496,
    "analysis": 677,
    "backdoor": 583,
    "shellcode": 378,
    "worms": 44,
}


@pytest.fixture(scope="module")
def testing(corpora: Path) -> LabelledMatrix:
    return load_unsw_nb15("UNSW_NB15_testing-set", data_dir=corpora)


def row(category: str = "Normal", label: str = "0", **values: str) -> str:
    """A right row, some of its features replaced."""
    names = {"proto": "udp", "service": "-", "state": "INT"} | values
    fields = ["1", *(names.get(name, "0.5") for name in UNSW_NB15.names), category, label]
    if "is_sm_ips_ports" not in values:
        fields[42] = "0"
    return ",".join(fields)


def parse(*lines: str, block_rows: int = 2) -> LabelledMatrix:
    content = BytesIO("\r\n".join(lines).encode())
    parts = list(parse_unsw_nb15(content, "x.csv", block_rows=block_rows))
    attack = np.concatenate([labels.attack for _, labels in parts])
    features = concatenate([features for features, _ in parts])
    return LabelledMatrix("x", features, replace(parts[0][1], attack=attack, family=attack))


@pytest.mark.data
def test_published_counts(testing: LabelledMatrix) -> None:
    assert (testing.name, len(testing)) == ("UNSW_NB15_testing-set", 82_332)
    assert Counter(testing.labels.attack) == COUNTS
    assert set(COUNTS) == {category.lower() for category in CATEGORIES}
    assert np.array_equal(testing.labels.attack, testing.labels.family)


@pytest.mark.data
def test_an_independent_reader_finds_the_same(corpora: Path, testing: LabelledMatrix) -> None:
    with lzma.open(corpora / "unsw-nb15" / "UNSW_NB15_testing-set.csv.xz") as packed:
        table = pd.read_csv(packed, encoding="utf-8-sig")
    names = list(UNSW_NB15.names)
    assert list(table.columns) == ["id", *names, "attack_cat", "label"]
    for name in names:
        assert np.array_equal(testing.features.column(name), table[name].to_numpy()), name
    assert np.array_equal(testing.labels.is_attack, table["label"] == 1)
    assert testing.defects == {
        NO_SERVICE: (table["service"] == "-").sum(),
        FTP_LOGINS: (table["is_ftp_login"] > 1).sum(),
        REPEATED: table.duplicated([*names, "attack_cat"]).sum(),
        AMBIGUOUS: (table.groupby(names)["attack_cat"].transform("nunique") > 1).sum(),
    }


@pytest.mark.data
def test_facts_of_the_docstring(testing: LabelledMatrix) -> None:
    column, is_attack = testing.features.column, testing.labels.is_attack
    share = {defect: n / len(testing) for defect, n in testing.defects.items()}
    assert share[REPEATED] == pytest.approx(1 / 3, abs=0.02)
    assert share[AMBIGUOUS] == pytest.approx(0.1, abs=0.01)
    assert share[NO_SERVICE] > 0.5
    sttl = column("sttl")
    assert np.isin(sttl[is_attack], [62, 254]).mean() == pytest.approx(0.998, abs=0.0005)
    assert (sttl[~is_attack] == 31).mean() == pytest.approx(0.45, abs=0.005)
    assert not (sttl[is_attack] == 31).any()
    assert (column("is_ftp_login") != column("ct_ftp_cmd")).sum() == 8
    assert column("is_ftp_login").max() == 2


@pytest.mark.data
def test_meanings_hold_in_the_data(testing: LabelledMatrix) -> None:
    column = testing.features.column
    assert np.allclose(column("tcprtt"), column("synack") + column("ackdat"), atol=1e-5)
    lasts = column("dur") > 0.01
    n_packets = column("spkts") + column("dpkts")
    rate = (n_packets[lasts] - 1) / column("dur")[lasts]
    assert (~np.isclose(rate, column("rate")[lasts], rtol=1e-3)).sum() == 23
    assert set(column("ct_state_ttl")) == set(range(7))
    assert len(set(column("service"))) == 13
    assert np.isin(column("swin"), [0, 255]).mean() > 0.999


@pytest.mark.data
def test_groups_are_those_of_the_publishers(corpora: Path) -> None:
    """Their list of features is numbered; the paper groups it by ranges of numbers."""
    path = corpora / "unsw-nb15" / "NUSW-NB15_features.csv"
    table = pd.read_csv(path, encoding="latin-1")
    number = {
        name.replace(" ", "").lower(): int(i)
        for i, name in zip(table["No."], table["Name"], strict=True)
    }
    ours = {"smean": "smeansz", "dmean": "dmeansz", "response_body_len": "res_bdy_len"}
    ours |= {"sinpkt": "sintpkt", "dinpkt": "dintpkt"}
    for feature in UNSW_NB15.features:
        if feature.name == "rate":
            continue
        i = number[ours.get(feature.name, feature.name)]
        bounds = {5: "basic", 18: "basic", 26: "content", 35: "time", 40: "general purpose"}
        group = next((group for last, group in bounds.items() if i <= last), "last 100 connections")
        assert feature.group == group, feature.name


def test_the_schema_is_whole() -> None:
    assert len(UNSW_NB15.features) == 42
    assert len(UNSW_NB15.categorical) == 3
    assert len(UNSW_NB15.groups) == 5
    assert all(feature.meaning for feature in UNSW_NB15.features)


@pytest.mark.parametrize("block_rows", [1, 2, 100])
def test_rows_are_read_in_blocks(block_rows: int) -> None:
    lines = [row(dur=str(i)) for i in range(5)] + [row("DoS", "1", service="http")]
    corpus = parse("\ufeff" + HEADER, *lines, block_rows=block_rows)
    assert corpus.features.column("dur").tolist() == [0, 1, 2, 3, 4, 0.5]
    assert corpus.features.column("service").tolist() == ["-"] * 5 + ["http"]
    assert corpus.labels.attack.tolist() == ["normal"] * 5 + ["dos"]


@pytest.mark.parametrize(
    ("line", "words", "column"),
    [
        (row(dur="-1"), "dur to be a finite number of 0 or more, received '-1'", 2),
        (row(dur="inf"), "received 'inf'", 2),
        (row(dur=""), "received ''", 2),
        (row(sttl="nan"), "sttl to be a finite number, received 'nan'", 11),
        (row(proto="a b"), "proto to be a name of 1 to 32", 3),
        (row(proto=""), "proto to be a name of 1 to 32", 3),
        (row(is_sm_ips_ports="2"), "is_sm_ips_ports to be 0 or 1, received '2'", 43),
        (row("Backdoors", "1"), "attack_cat to be one of Normal, .*received 'Backdoors'", 44),
        (row("DoS", "2"), "label to be 0 or 1", 45),
        (row("DoS", "0"), "label of 0 for Normal and 1 for attacks, received 0 for DoS", 45),
        (row("Normal", "1"), "received 1 for Normal", 45),
        (row() + ",", "expected 45 fields as in the rows before, received 46 fields", None),
        ("", "received an empty line", None),
    ],
)
@pytest.mark.parametrize("n_before", [0, 1, 2])
def test_damage_is_named_with_its_place(
    line: str, words: str, column: int | None, n_before: int
) -> None:
    with pytest.raises(MalformedInput, match=words) as caught:
        parse(HEADER, *[row()] * n_before, line, row())
    assert (caught.value.line, caught.value.column) == (n_before + 2, column)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("sttl", "ttl"), r"missing \['sttl'\], unexpected \['ttl'\]"),
        (HEADER.replace("id,dur", "dur,id"), "the same in another order"),
        (HEADER + ",id", "received 46: the same in another order, or twice"),
        (row(), "received 45: missing"),
    ],
)
def test_another_header_is_refused(header: str, words: str) -> None:
    with pytest.raises(MalformedInput, match=words) as caught:
        parse(header, row())
    assert caught.value.line == 1


@pytest.mark.parametrize("lines", [(), (HEADER,)])
def test_no_records_are_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(MalformedInput, match="at least one row, received none"):
        parse(*lines)


def test_a_users_own_download_of_the_training_set_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not at hand, so that one made up takes its place, under its name and parser."""
    lines = ["\ufeff" + HEADER, *(row("Worms", "1", is_ftp_login=str(i)) for i in range(4))]
    content = "\r\n".join([*lines, ""]).encode()
    file = FILES[0]
    assert (file.file_name, file.n_rows) == ("UNSW_NB15_training-set.csv", 175_341)
    made_up = replace(
        file, sha256=hashlib.sha256(content).hexdigest(), n_bytes=len(content), n_rows=4
    )
    monkeypatch.setattr(unsw_nb15, "FILES", (made_up, FILES[1]))
    monkeypatch.delenv("ODDFLOW_DATA", raising=False)
    (tmp_path / "unsw-nb15").mkdir()
    (tmp_path / "unsw-nb15" / file.file_name).write_bytes(content)
    corpus = load_unsw_nb15(data_dir=tmp_path)
    assert corpus.defects == {NO_SERVICE: 4, FTP_LOGINS: 2}
    assert corpus.labels.attack.tolist() == ["worms"] * 4


@pytest.mark.data
def test_swapped_names_are_refused(corpora: Path, tmp_path: Path) -> None:
    """Many copies call the testing set training set."""
    packed = (corpora / "unsw-nb15" / "UNSW_NB15_testing-set.csv.xz").read_bytes()
    (tmp_path / "UNSW_NB15_training-set.csv.xz").write_bytes(packed)
    with pytest.raises(MalformedInput, match="not UNSW_NB15_training-set as published"):
        load_unsw_nb15("UNSW_NB15_training-set", data_dir=tmp_path)


@pytest.mark.usefixtures("no_corpora")
def test_what_is_not_at_hand_says_where_to_get_it() -> None:
    with pytest.raises(DataUnavailable, match=r"by hand alone(.|\n)*research\.unsw\.edu\.au"):
        load_unsw_nb15("UNSW_NB15_training-set.csv")


def test_kinds_are_what_the_parser_checks() -> None:
    flags = [f.name for f in UNSW_NB15.features if f.kind is Kind.FLAG]
    assert flags == ["is_sm_ips_ports"]

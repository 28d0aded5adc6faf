"""The real corpus: every row is read, and the published counts come out."""

from __future__ import annotations

import lzma
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import FLAGS, KDD41
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets import catalog, nsl_kdd
from oddflow.datasets.families import family_of
from oddflow.datasets.kdd_rows import gather, read_kdd_rows
from oddflow.datasets.nsl_kdd import load_difficulty, load_nsl_kdd
from tests.lacking import need

FILES = {
    "KDDTrain+": 125_973,
    "KDDTrain+_20Percent": 25_192,
    "KDDTest+": 22_544,
    "KDDTest-21": 11_850,
}


@pytest.fixture
def train(corpora: Path) -> LabelledMatrix:
    return load_nsl_kdd(data_dir=corpora)


@pytest.mark.data
def test_the_training_set_has_its_published_counts(train: LabelledMatrix) -> None:
    features = train.features
    assert (train.name, len(train)) == ("KDDTrain+", 125_973)
    assert Counter(train.labels.family) == {
        "normal": 67_343,
        "dos": 45_927,
        "probe": 11_656,
        "r2l": 995,
        "u2r": 52,
    }
    assert len(set(train.labels.attack)) == 23
    assert Counter(features.column("protocol_type")) == {
        "tcp": 102_689,
        "udp": 14_993,
        "icmp": 8_291,
    }
    assert len(set(features.column("service"))) == 70
    assert tuple(sorted(set(features.column("flag")))) == FLAGS
    assert len(train.normals()) == 67_343


@pytest.mark.data
@pytest.mark.parametrize("name", FILES)
def test_every_value_is_what_an_independent_reader_reads(corpora: Path, name: str) -> None:
    matrix = load_nsl_kdd(name, data_dir=corpora)
    with lzma.open(corpora / "nsl-kdd" / f"{name}.txt.xz") as packed:
        table = pd.read_csv(packed, header=None)
    assert len(matrix) == len(table) == FILES[name]
    for i, feature in enumerate(KDD41.names):
        assert np.array_equal(matrix.features.column(feature), table[i].to_numpy()), feature
    assert np.array_equal(matrix.labels.attack, table[41].to_numpy())
    assert np.array_equal(load_difficulty(name, data_dir=corpora), table[42].to_numpy())


@pytest.mark.data
def test_the_catalog_describes_the_published_bytes(corpora: Path) -> None:
    need(corpora, *(file.file_name for file in nsl_kdd.FILES))
    for file in nsl_kdd.FILES:
        path = catalog.find(file, data_dir=corpora)
        assert path is not None
        assert len(catalog.read_verified(path, file)) == file.n_bytes


@pytest.mark.data
def test_facts_of_the_docstring(corpora: Path, train: LabelledMatrix) -> None:
    part = load_nsl_kdd("KDDTrain+_20Percent", data_dir=corpora)
    first = train.take(slice(0, len(part)))
    assert np.array_equal(part.features.numeric, first.features.numeric)
    assert np.array_equal(part.labels.attack, first.labels.attack)
    test = load_nsl_kdd("KDDTest+", data_dir=corpora)
    assert (load_difficulty("KDDTest+", data_dir=corpora) != 21).sum() == FILES["KDDTest-21"]
    assert load_difficulty("KDDTest-21", data_dir=corpora).max() == 20
    attacks = load_nsl_kdd("KDDTest-21", data_dir=corpora).labels.is_attack
    assert attacks.mean() == pytest.approx(0.818, abs=0.001)
    assert len(set(test.labels.attack) - set(train.labels.attack)) == 17
    columns = {name: test.features.column(name) for name in KDD41.names}
    table = pd.DataFrame(columns).assign(attack=test.labels.is_attack)
    both = table.groupby(list(KDD41.names))["attack"].transform("nunique") > 1
    assert Counter(test.labels.attack[both]) == {"normal": 54, "snmpgetattack": 54}


@pytest.mark.data
@pytest.mark.parametrize("block_rows", [777, 200_000])
def test_blocks_do_not_change_the_corpus(corpora: Path, block_rows: int) -> None:
    path = corpora / "nsl-kdd" / "KDDTest+.txt.xz"
    whole, parts = (
        load_nsl_kdd("KDDTest+", data_dir=corpora),
        read_kdd_rows(path, block_rows=block_rows),
    )
    block = gather(parts)
    assert np.array_equal(block.features.numeric, whole.features.numeric)
    assert [column.levels for column in block.features.categorical] == [
        column.levels for column in whole.features.categorical
    ]
    for ours, theirs in zip(block.features.categorical, whole.features.categorical, strict=True):
        assert np.array_equal(ours.codes, theirs.codes)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n_rows", "n_normal", "n_labels"),
    [("corrected.gz", 311_029, 60_593, 38), ("kddcup.data_10_percent.gz", 494_021, 97_278, 23)],
)
def test_kdd99_is_read_as_well(
    corpora: Path, name: str, n_rows: int, n_normal: int, n_labels: int
) -> None:
    counts: Counter[str] = Counter()
    for block in read_kdd_rows(corpora / "kddcup99" / name):
        assert block.attacks is not None
        assert block.difficulty is None
        counts.update(block.attacks)
    assert counts.total() == n_rows
    assert counts["normal"] == n_normal
    assert len(counts) == n_labels
    assert all(family_of(attack) for attack in counts)


@pytest.mark.data
def test_an_altered_corpus_is_refused(corpora: Path, tmp_path: Path) -> None:
    published = corpora / "nsl-kdd" / "KDDTest-21.txt.xz"
    content = bytearray(lzma.decompress(published.read_bytes()))
    content[0] = ord("2")  # a duration of 23 s instead of 13 s: every row still parses
    path = tmp_path / "KDDTest-21.csv"
    path.write_bytes(content)
    assert len(gather(read_kdd_rows(path)).features) == 11_850
    with pytest.raises(MalformedInput, match="not KDDTest-21 as published"):
        load_nsl_kdd("KDDTest-21", data_dir=tmp_path)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"no file 'KDDTrian\+'.*did you mean 'KDDTrain\+'"):
        load_nsl_kdd("KDDTrian+")

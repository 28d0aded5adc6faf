"""KDD Cup 99: the published counts, its repeated and contradictory rows, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from oddflow.core.errors import InputError
from oddflow.core.kdd41 import KDD41
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets.duplicates import AMBIGUOUS, REPEATED, without_duplicates
from oddflow.datasets.kddcup99 import SERVICE_ICMP, load_kddcup99
from tests.lacking import need

PEAK_BYTES = 1 << 30


@pytest.fixture(scope="module")
def train(corpora: Path) -> LabelledMatrix:
    return load_kddcup99(data_dir=corpora)


@pytest.fixture(scope="module")
def test(corpora: Path) -> LabelledMatrix:
    return load_kddcup99("corrected", data_dir=corpora)


@pytest.mark.data
def test_published_counts(train: LabelledMatrix, test: LabelledMatrix) -> None:
    assert (train.name, len(train)) == ("kddcup.data_10_percent", 494_021)
    assert (test.name, len(test)) == ("corrected", 311_029)
    assert Counter(train.labels.family) == {
        "dos": 391_458,
        "normal": 97_278,
        "probe": 4_107,
        "r2l": 1_126,
        "u2r": 52,
    }
    attacks = Counter(test.labels.attack)
    published = {
        "smurf": 164_091,
        "normal": 60_593,
        "neptune": 58_001,
        "snmpgetattack": 7_741,
        "mailbomb": 5_000,
        "guess_passwd": 4_367,
        "snmpguess": 2_406,
        "satan": 1_633,
    }
    assert dict(attacks.most_common(8)) == published
    assert len(attacks) == 38


@pytest.mark.data
def test_facts_of_the_docstring(train: LabelledMatrix, test: LabelledMatrix) -> None:
    assert len(set(test.labels.attack) - set(train.labels.attack)) == 17
    for corpus, distinct in ((train, 145_586), (test, 77_291)):
        assert corpus.labels.is_attack.mean() == pytest.approx(0.80, abs=0.01)
        assert corpus.defects[REPEATED] == len(corpus) - distinct
        assert corpus.features.column("num_outbound_cmds").max() == 0
        assert (corpus.features.column("su_attempted") == 2).any()
    assert train.defects[REPEATED] / len(train) == pytest.approx(0.7, abs=0.02)
    assert test.defects[REPEATED] / len(test) == pytest.approx(0.75, abs=0.02)
    assert SERVICE_ICMP not in train.defects
    assert test.defects[SERVICE_ICMP] == 2
    odd = np.flatnonzero(test.features.column("service") == "icmp")
    assert odd.tolist() == [136_488, 136_496]


@pytest.mark.data
@pytest.mark.parametrize("name", ["kddcup.data_10_percent", "corrected"])
def test_an_independent_reader_finds_the_same(
    corpora: Path, name: str, request: pytest.FixtureRequest
) -> None:
    corpus = request.getfixturevalue("test" if name == "corrected" else "train")
    table = pd.read_csv(corpora / "kddcup99" / f"{name}.gz", header=None)
    for i, feature in enumerate(KDD41.names):
        assert np.array_equal(corpus.features.column(feature), table[i].to_numpy()), feature
    assert np.array_equal(corpus.labels.attack, table[41].str.removesuffix(".").to_numpy())
    n_labels = table.groupby(list(range(41)))[41].transform("nunique")
    assert corpus.defects[AMBIGUOUS] == (n_labels > 1).sum()
    kept = table[~table.duplicated()]
    distinct = without_duplicates(corpus)
    assert np.array_equal(distinct.features.column("src_bytes"), kept[4].to_numpy())
    assert np.array_equal(distinct.labels.attack, kept[41].str.removesuffix(".").to_numpy())


MEASURED = """
import sys, time
from pathlib import Path
from oddflow.datasets.kddcup99 import load_kddcup99
start_s = time.perf_counter()
load_kddcup99(data_dir=Path(sys.argv[1]))
took_s = time.perf_counter() - start_s
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(took_s, status["VmHWM"].split()[0])
"""


@pytest.mark.data
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak as Linux has it")
def test_the_larger_file_loads_in_seconds_and_bounded_memory(corpora: Path) -> None:
    need(corpora, "kddcup.data_10_percent")
    command = [sys.executable, "-c", MEASURED, str(corpora)]
    seconds, peak_kib = subprocess.check_output(command, text=True).split()
    assert float(seconds) < 20  # 2 s on two cores
    assert int(peak_kib) * 1024 < PEAK_BYTES  # 75 MB of text, 150 MB of numbers


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"KDD Cup 99 has no file 'corected'.*mean 'corrected'"):
        load_kddcup99("corected")

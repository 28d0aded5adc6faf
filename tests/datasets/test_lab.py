"""The recordings that come with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lab.attacks.catalog import ATTACKS

from oddflow.core.errors import InputError, MalformedInput
from oddflow.core.kdd41 import KDD41
from oddflow.datasets import lab as module
from oddflow.datasets.lab import FAMILIES, RECORDINGS, load_lab, load_lab_times

MIN_NORMALS = 20_000
MIN_OF_EACH = 90


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_has_normals_of_many_services_and_enough_of_each_attack(name: str) -> None:
    corpus = load_lab(name)
    assert len(corpus) == RECORDINGS[name][1]
    assert corpus.features.schema.sha256 == KDD41.sha256
    normals = corpus.normals()
    assert len(normals) >= MIN_NORMALS
    services, counts = np.unique(normals.column("service"), return_counts=True)
    assert (counts >= 100).sum() >= 6, dict(zip(services, counts, strict=True))
    kinds, counts = np.unique(corpus.labels.attack, return_counts=True)
    assert len(kinds) > 20
    assert counts.min() >= MIN_OF_EACH
    assert set(corpus.labels.family) == {"normal", *FAMILIES}


def test_the_families_have_the_attacks_of_the_lab() -> None:
    assert sorted(kind for kinds in FAMILIES.values() for kind in kinds) == sorted(ATTACKS)
    found = set(load_lab("first").labels.attack) | set(load_lab("second").labels.attack)
    assert found == {"normal", *ATTACKS}


@pytest.mark.parametrize("name", RECORDINGS)
def test_times_are_those_of_the_same_connections(name: str) -> None:
    times = load_lab_times(name)
    assert len(times) == RECORDINGS[name][1]
    assert times.min() == 0
    assert 300 < times.max() < 900


def test_no_recording_of_another_name_is_invented() -> None:
    with pytest.raises(InputError, match="first or second"):
        load_lab("third")


def test_an_altered_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "first.parquet").write_bytes(b"PAR1 another file")
    monkeypatch.setattr(module, "files", lambda _package: tmp_path)
    with pytest.raises(MalformedInput, match="install it again"):
        load_lab("first")

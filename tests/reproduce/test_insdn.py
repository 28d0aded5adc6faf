"""The CNN of Elsayed et al. on InSDN, as far as a made-up file in the published layout can show."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.datasets.insdn import CORPUS
from oddflow.reproduce.jobs import Job, Outcome, run_job
from oddflow.reproduce.splits import split_of
from tests.datasets.insdn_sample import write_insdn

FILES = {"Normal_data.csv": (400, 0), "OVS.csv": (0, 250), "metasploitable-2.csv": (0, 150)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / CORPUS.folder).mkdir()
    for seed, (name, (n_normal, n_attack)) in enumerate(FILES.items()):
        write_insdn(folder / CORPUS.folder / name, n_normal, n_attack, seed=seed)
    return folder


def run(system: str, folder: Path) -> Outcome:
    job = Job(
        system=system,
        corpus="insdn",
        protocol="random-split",
        n_classes=2,
        seed=0,
        epochs=8,
        data_dir=folder,
    )
    return run_job(job)


def accuracy(outcome: Outcome, folder: Path) -> float:
    split = split_of("insdn", "random-split", folder)
    ((name, test),) = split.test_sets.items()
    is_right = (outcome.predicted[name] != "normal") == test.labels.is_attack
    return float(is_right.mean())


def test_the_network_converges_and_beats_the_majority_class(folder: Path) -> None:
    outcome = run("cnn_regularised", folder)
    loss = outcome.histories["training"].loss
    assert loss[-1] < 0.5 * loss[0]
    assert accuracy(outcome, folder) > accuracy(run("majority", folder), folder) + 0.2

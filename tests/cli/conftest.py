"""Runs of the command line in this process, on made-up traffic, with no way to the network."""

from __future__ import annotations

import dataclasses
import json
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from oddflow.cli.app import main
from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets import nsl_kdd
from oddflow.datasets.catalog import DATA_VARIABLE
from oddflow.detect.bundle import Bundle, load_model
from oddflow.detect.ensemble import EnsembleDetector
from oddflow.detect.ensemble_artifact import save_ensemble
from tests.cli.running import TEXT_WIDTH, Ran, Run
from tests.toy import SMALL, toy_corpus, write_rows


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads go to a port of this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = tuple(
        dataclasses.replace(file, urls=(f"http://127.0.0.1:{port}/{file.file_name}",))
        for file in nsl_kdd.FILES
    )
    monkeypatch.setattr(nsl_kdd, "FILES", files)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def no_corpora(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine has no corpus (its cache is empty in every test)."""
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `oddflow` with the given arguments."""
    monkeypatch.setenv("COLUMNS", TEXT_WIDTH)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["oddflow", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return Ran(end.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def rows_file(toy: LabelledMatrix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy records without labels."""
    return write_rows(toy.features, tmp_path_factory.mktemp("rows") / "rows.csv", None)


@pytest.fixture(scope="session")
def labelled_file(toy: LabelledMatrix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy records with labels."""
    path = tmp_path_factory.mktemp("rows") / "labelled.csv"
    return write_rows(toy.features, path, toy.labels.attack)


@pytest.fixture(scope="session")
def short_file(toy: LabelledMatrix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 60 toy records."""
    path = tmp_path_factory.mktemp("rows") / "short.csv"
    return write_rows(toy.features.take(slice(0, 60)), path, None)


@pytest.fixture(scope="session")
def small_settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for `--settings` that makes the network of the other tests."""
    path = tmp_path_factory.mktemp("settings") / "small.json"
    path.write_text(json.dumps(SMALL))
    return path


QUIET_ATTACK = "snmpguess"
"""Looks like normal traffic in `quiet_file`: no member of anomalies finds it."""


@pytest.fixture(scope="session")
def quiet_names(toy: LabelledMatrix) -> NDArray[np.object_]:
    """The toy records' attacks, and two thirds of the DNS queries under the name of an attack."""
    is_query = toy.features.column("service") == "domain_u"
    is_quiet = is_query & (np.random.default_rng(0).random(len(is_query)) < 2 / 3)
    return np.where(is_quiet & ~toy.labels.is_attack, QUIET_ATTACK, toy.labels.attack)


@pytest.fixture(scope="session")
def quiet_file(
    toy: LabelledMatrix, quiet_names: NDArray[np.object_], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same as a file."""
    return write_rows(toy.features, tmp_path_factory.mktemp("rows") / "quiet.csv", quiet_names)


@pytest.fixture(scope="session")
def quiet_bundle(
    toy: LabelledMatrix, quiet_names: NDArray[np.object_], tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    """An ensemble with one network that knows the quiet attack."""
    families = np.where(quiet_names == QUIET_ATTACK, "r2l", toy.labels.family)
    detector = EnsembleDetector(**SMALL | {"epochs": 3}, n_networks=1, known_epochs=3)
    path = tmp_path_factory.mktemp("ensemble") / "model"
    save_ensemble(detector.fit(toy.features, families), path, source="toy traffic")
    return load_model(path)


@pytest.fixture(scope="session")
def toy_test() -> LabelledMatrix:
    """Other records of the same networks, with an attack that training does not have."""
    return toy_corpus(300, 160, seed=1, name="KDDTest+", attacks=("neptune", "mscan"))


@pytest.fixture
def toy_nsl_kdd(
    toy: LabelledMatrix, toy_test: LabelledMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`evaluate` and `demo` take the toy records for NSL-KDD."""
    corpora = {
        "KDDTrain+": dataclasses.replace(toy, name="KDDTrain+"),
        "KDDTest+": toy_test,
        "KDDTest-21": dataclasses.replace(toy_test.take(slice(0, 200)), name="KDDTest-21"),
    }
    monkeypatch.setattr(
        "oddflow.cli.protocols.load_corpus", lambda name, _data, _out: corpora[name]
    )

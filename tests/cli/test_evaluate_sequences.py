"""`oddflow evaluate` with detectors of sequences, where records have hosts and where not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from oddflow.core.context import Context
from oddflow.core.matrix import LabelledMatrix
from oddflow.detect.sequence_systems import NAMES
from tests.cli.running import Run
from tests.toy import toy_corpus

TRIVIAL = [name for name in NAMES if name.startswith("mahalanobis_history")]


def load_with_hosts(name: str) -> LabelledMatrix:
    """Toy records of ten hosts in turn; every attack is that of an eleventh."""
    corpus = toy_corpus(600, 60, seed=len(name), name=f"lab, {name} recording")
    hosts = np.where(corpus.labels.is_attack, 10, np.arange(len(corpus)) % 10)
    context = Context(hosts, np.full(len(corpus), 11), np.arange(len(corpus), dtype=np.float64))
    return dataclasses.replace(
        corpus, features=dataclasses.replace(corpus.features, context=context)
    )


def test_history_and_its_control_are_measured_side_by_side(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oddflow.datasets.lab.load_lab", load_with_hosts)
    options = [part for name in TRIVIAL for part in ("--system", name)]
    ran = run("evaluate", "--protocol", "lab", "--quiet", "--json", *options)
    assert ran.code == 0, ran.err
    systems = ran.json()["test_sets"]["lab, second recording"]["systems"]
    assert list(systems) == TRIVIAL
    assert all(found["auroc"]["mean"] > 0.8 for found in systems.values())
    first, control = (systems[name]["auroc"]["mean"] for name in TRIVIAL)
    assert first != control


def test_records_without_hosts_have_no_sequences(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def load_without(name: str) -> LabelledMatrix:
        corpus = load_with_hosts(name)
        return dataclasses.replace(
            corpus, features=dataclasses.replace(corpus.features, context=None)
        )

    monkeypatch.setattr("oddflow.datasets.lab.load_lab", load_without)
    ran = run("evaluate", "--protocol", "lab", "--quiet", "--system", "sequence")
    assert ran.code == 2
    assert "sequence need to know who talked to whom" in ran.err.replace("\n", " ")
    plain = run("evaluate", "--protocol", "lab", "--quiet", "--json", "--system", "mahalanobis")
    assert plain.code == 0

"""Which jobs a request makes, and that tables, systems, splits and remarks fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from oddflow.core.errors import InputError
from oddflow.detect.baselines import LEARNERS
from oddflow.reproduce.plan import (
    CORPORA,
    PROPOSED,
    QUICK_EPOCHS,
    TABLE_1,
    TABLE_4,
    TABLES,
    Request,
    Table,
    jobs_of,
)
from oddflow.reproduce.published import PUBLISHED, REMARKS
from oddflow.reproduce.splits import SPLITS
from oddflow.reproduce.systems import SYSTEMS

ALL: dict[str, Table] = {"4": TABLE_4, "1": TABLE_1, "corpora": CORPORA}


def asked_for(**request: Any) -> set[tuple[str, str, str]]:  # noqa: ANN401
    """(corpus, protocol, system) of every job."""
    jobs = jobs_of(Request(**request))
    assert {job.n_classes for job in jobs} == {request.get("n_classes", 2)}
    return {(job.corpus, job.protocol, job.system) for job in jobs}


def audit(
    tables: Iterable[Table], systems: Iterable[str], splits: Iterable[tuple[str, str]]
) -> None:
    """Assert that tables are made of systems and splits that exist, and use every system."""
    rows = [row for table in tables for row in table.items()]
    used = {system for _, row in rows for system in row}
    assert used - set(systems) == set(), "in a table, but no system"
    assert set(systems) - used == set(), "a system in no table"
    assert {place for place, _ in rows} - set(splits) == set(), "in a table, but no split"


def check_remarks(remarks: Iterable[str], published: Iterable[tuple[str, int]]) -> None:
    """Assert that the paper's systems have a remark, and that nothing is said of others."""
    papers = {s for table in (TABLE_4, TABLE_1) for row in table.values() for s in row}
    assert papers - set(remarks) == set(), "no remark"
    assert set(remarks) - set(SYSTEMS) == set(), "a remark on no system"
    assert {name for name, _ in published} - set(SYSTEMS) == set(), "published, but no system"


def test_tables_systems_and_splits_fit_each_other() -> None:
    assert tuple(ALL) == TABLES
    audit(ALL.values(), SYSTEMS, SPLITS)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"tables": [*ALL.values(), {("nsl-kdd", "official"): ("cnm",)}]}, "no system"),
        ({"systems": [*SYSTEMS, "new"]}, "in no table"),
        ({"tables": [TABLE_4, CORPORA]}, "in no table"),
        ({"tables": [*ALL.values(), {("nsl-kdd", "time-split"): ("cnn",)}]}, "no split"),
    ],
)
def test_the_audit_rejects_what_does_not_fit(broken: Mapping[str, Any], said: str) -> None:
    fitting: dict[str, Any] = {"tables": ALL.values(), "systems": SYSTEMS, "splits": SPLITS}
    with pytest.raises(AssertionError, match=said):
        audit(**(fitting | dict(broken)))


def test_remarks_and_published_figures_are_of_systems() -> None:
    check_remarks(REMARKS, PUBLISHED)
    with pytest.raises(AssertionError, match="no remark"):
        check_remarks(set(REMARKS) - {"ann"}, PUBLISHED)
    with pytest.raises(AssertionError, match="on no system"):
        check_remarks({*REMARKS, "new"}, PUBLISHED)
    with pytest.raises(AssertionError, match="but no system"):
        check_remarks(REMARKS, {("new", 2)})


def test_published_figures_are_shares_of_one() -> None:
    for published in PUBLISHED.values():
        assert all(0 < value < 1 for value in published.metrics.values())


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_run_as_it_stands(table: str) -> None:
    assert asked_for(table=table) == {
        (*place, system) for place, row in ALL[table].items() for system in row
    }


@pytest.mark.parametrize("n_classes", [5, 23])
def test_more_classes_leave_out_detectors_and_corpora_without_families(n_classes: int) -> None:
    found = asked_for(table="4", n_classes=n_classes)
    assert {system for *_, system in found} == {
        *("majority", "cnn", "dnn", "ann", "ann_unscaled", "ann_untrained"),
        *("rnn", "dbn", "lstm", "proposed"),
    }
    assert {corpus for corpus, *_ in asked_for(table="1", n_classes=n_classes)} == {
        "nsl-kdd",
        "kddcup99",
    }


def test_detectors_are_those_that_name_no_attack() -> None:
    binary = {name for name, entry in SYSTEMS.items() if entry.needs_binary}
    assert binary == {"lstm_autoencoder", "combined", *LEARNERS}


def test_seeds_of_the_proposed_model_are_counted_apart() -> None:
    jobs = jobs_of(Request(table="4", seeds=2, proposed_seeds=3, protocols=["official"]))
    seeds: dict[str, list[int]] = {}
    for job in jobs:
        seeds.setdefault(job.system, []).append(job.seed)
    assert seeds.pop("majority") == [0], "it has nothing random"
    assert {name: seeds.pop(name) for name in PROPOSED} == {name: [0, 1, 2] for name in PROPOSED}
    assert all(of_system == [0, 1] for of_system in seeds.values())


def test_quick_cuts_training_short() -> None:
    assert {job.epochs for job in jobs_of(Request(table="4"))} == {None}
    assert {job.epochs for job in jobs_of(Request(table="4", is_quick=True))} == {QUICK_EPOCHS}


def test_only_what_is_asked_for() -> None:
    assert asked_for(table="4", systems=["dnn", "cnn"], protocols=["official"]) == {
        ("nsl-kdd", "official", "dnn"),
        ("nsl-kdd", "official", "cnn"),
    }


def test_jobs_know_where_corpora_are() -> None:
    jobs = jobs_of(Request(table="corpora", data_dir=Path("corpora")))
    assert {job.data_dir for job in jobs} == {Path("corpora")}


def test_the_longest_jobs_of_a_place_come_first() -> None:
    systems = [job.system for job in jobs_of(Request(table="4", protocols=["official"]))]
    assert systems[:4] == ["proposed", "combined", "cnn", "lstm"]


def test_jobs_of_a_place_stand_together() -> None:
    """A worker keeps one split at a time."""
    places = [(job.corpus, job.protocol) for job in jobs_of(Request(table="corpora", seeds=2))]
    changes = sum(a != b for a, b in pairwise(places))
    assert changes == len(set(places)) - 1


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"table": "3"}, "--table must be one of 4, 1, corpora, received '3'"),
        ({"table": "4", "n_classes": 4}, "--classes must be 2, 5 or 23, received 4"),
        ({"table": "1", "systems": ["cnn"]}, "--system must be one of ann_boruta, .*in table 1"),
        ({"table": "4", "systems": ["dnn", "x", "a"]}, "received a, x$"),
        ({"table": "4", "protocols": ["x"]}, "--protocol must be one of official, random-split"),
        ({"table": "corpora", "n_classes": 5}, "nothing is left of table corpora for 5 classes"),
        ({"table": "4", "systems": ["combined"], "n_classes": 23}, r"systems \['combined'\]"),
    ],
)
def test_what_cannot_be_run_is_refused(request_: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        jobs_of(Request(**request_))

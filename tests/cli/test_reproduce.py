"""`oddflow reproduce`: what it refuses, and tables in the shape of `evaluate`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from oddflow.core.errors import DataUnavailable
from oddflow.core.matrix import LabelledMatrix
from oddflow.evaluate.protocols import Protocol, official
from oddflow.reproduce.jobs import Job, Outcome, run_job
from oddflow.reproduce.splits import SPLITS, split_of
from tests.cli.running import Ran, Run, refused
from tests.cli.test_evaluate import check_shape
from tests.lacking import need

HERE, GONE = ("nsl-kdd", "official"), ("nsl-kdd", "random-split")

COMMAND = (
    "oddflow reproduce --table 4 --classes 2 --seeds 1 --proposed-seeds 2 --protocol official "
    "--protocol random-split --system majority --system cnn --quick"
)
"""A report gives the command that makes its figures."""


@pytest.fixture(autouse=True)
def _no_split_is_kept() -> None:
    split_of.cache_clear()


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts a job fails."""
    monkeypatch.setattr(
        "oddflow.reproduce.pool.run_jobs", lambda *_args, **_more: pytest.fail("it trained")
    )


@pytest.fixture
def toy_table(
    toy: LabelledMatrix, toy_test: LabelledMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Table 4 on toy records under one protocol, without data for the other, in this process."""

    def here(_data: Path | None) -> Protocol:
        return official(toy, [toy_test])

    def gone(_data: Path | None) -> Protocol:
        raise DataUnavailable("toy is not on this machine")

    def run_here(jobs: list[Job], **_more: object) -> list[Outcome]:
        return [run_job(job) for job in jobs]

    monkeypatch.setitem(SPLITS, HERE, here)
    monkeypatch.setitem(SPLITS, GONE, gone)
    monkeypatch.setattr("oddflow.reproduce.pool.run_jobs", run_here)


def check_table(told: Any, *, protocols: list[str], systems: set[str]) -> None:  # noqa: ANN401
    """Assert the shape of a table and, inside it, that of `oddflow evaluate`."""
    assert set(told) == {"table", "title", "n_classes", "is_quick", "evaluations", "systems"}
    assert [evaluation["protocol"] for evaluation in told["evaluations"]] == protocols
    for evaluation in told["evaluations"]:
        check_evaluation(evaluation, systems=systems)
    assert set(told["systems"]) == systems


def check_evaluation(evaluation: dict[str, Any], *, systems: set[str]) -> None:
    """Assert the keys of an evaluation, and those of all that is in it.

    Kinds of attack and shift of features are of detectors that learn from normal records alone.
    """
    assert set(evaluation) == {"protocol", "seeds", "target_fpr", "notes", "test_sets"}
    check_shape(
        evaluation,
        protocol=evaluation["protocol"],
        seeds=[0],
        test_sets=set(evaluation["test_sets"]),
        systems=systems,
    )
    for test_set in evaluation["test_sets"].values():
        assert set(test_set) - {"attacks", "shift"} == {"n_records", "systems"}


def test_help_has_examples(run: Run) -> None:
    ran = run("reproduce", "--help")
    assert ran.code == 0
    for example in ("--table 4 --quick", "--table 4 --proposed-seeds 5", "--table 1 --json"):
        assert f"oddflow reproduce {example}" in ran.out


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--table", "3"), "--table must be one of 4, 1, corpora, received '3'"),
        (("--classes", 4), "--classes must be 2, 5 or 23, received 4"),
        (("--system", "cnm"), "--system must be one of ann, ann_unscaled, "),
        (("--protocol", "guess"), "--protocol must be one of official, random-split"),
        (("--table", "corpora", "--classes", 5), "nothing is left of table corpora"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    run: Run, arguments: tuple[object, ...], said: str
) -> None:
    refused(run("reproduce", *arguments), said)


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("option", ["--seeds", "--proposed-seeds", "--jobs"])
def test_none_of_something_is_wrong_usage(run: Run, option: str) -> None:
    ran = run("reproduce", option, 0)
    assert (ran.code, ran.out) == (2, "")
    assert option in ran.err


@pytest.mark.usefixtures("no_training")
def test_a_report_that_cannot_be_written_is_refused_before_training(
    run: Run, tmp_path: Path
) -> None:
    for path in (tmp_path / "no-folder" / "table.html", tmp_path):
        refused(run("reproduce", "--report", path), str(path), "cannot be written")


@pytest.mark.usefixtures("no_training", "no_corpora")
def test_without_data_it_says_once_where_to_get_it(run: Run) -> None:
    ran = run("reproduce", "--table", 4)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("oddflow: error: KDDTest+")
    assert ran.err.count("neither on this machine nor downloadable") == 1
    assert "--data DIR" in ran.err


@pytest.mark.usefixtures("no_training", "no_corpora")
def test_a_corpus_that_nobody_may_pass_on_names_its_publisher(run: Run, tmp_path: Path) -> None:
    ran = run("reproduce", "--table", 1, "--system", "cnn_regularised", "--data", tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert "https://aseados.ucd.ie/datasets/SDN/" in ran.err


@pytest.mark.usefixtures("toy_table")
def test_what_there_is_no_data_for_is_left_out_and_said(run: Run) -> None:
    ran = run("reproduce", "--system", "majority", "--system", "dnn", "--quick", "--json")
    assert ran.code == 0
    told = ran.json()
    check_table(told, protocols=["official"], systems={"majority", "dnn"})
    missing = "nsl-kdd was not run: toy is not on this machine"
    assert told["evaluations"][0]["notes"][-1] == missing
    assert ran.err.count(missing) == 1
    assert told["is_quick"] is True


@pytest.mark.usefixtures("toy_table")
def test_the_shape_check_rejects_another_shape(run: Run) -> None:
    told = run("reproduce", "--system", "majority", "--quiet", "--json").json()
    fitting: dict[str, Any] = {"protocols": ["official"], "systems": {"majority"}}
    check_table(told, **fitting)
    (evaluation,) = told["evaluations"]
    for broken in (
        told | {"more": 1},
        told | {"evaluations": []},
        told | {"systems": {}},
        told | {"evaluations": [evaluation | {"more": 1}]},
    ):
        with pytest.raises(AssertionError):
            check_table(broken, **fitting)


@pytest.mark.usefixtures("toy_table")
def test_text_and_report_show_the_table(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "table [4].html"
    ran = run(*shlex.split(COMMAND)[1:], "--report", path)
    assert ran.code == 0
    for part in ("KDDTest+, protocol official", "majority class", "no figure may be quoted"):
        assert part in ran.out
    assert "was not run" in ran.out
    assert f"report: {path}" in ran.err
    html = path.read_text(encoding="utf-8")
    for part in ("<html", "majority class", COMMAND):
        assert part in html
    assert [file.name for file in tmp_path.iterdir() if file.suffix] == [path.name]


@pytest.mark.slow
@pytest.mark.data
def test_a_table_on_the_real_corpus_in_processes_of_their_own(run: Run, corpora: Path) -> None:
    need(corpora, "KDDTrain+.txt", "KDDTest+.txt", "KDDTest-21.txt")
    ran = run(
        *("reproduce", "--quick", "--system", "majority", "--system", "dnn", "--quiet", "--json"),
        *("--data", corpora, "--protocol", "official"),
    )
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()
    check_table(told, protocols=["official"], systems={"majority", "dnn"})
    test_sets = told["evaluations"][0]["test_sets"]
    assert {name: test["n_records"] for name, test in test_sets.items()} == {
        "KDDTest+": 22_544,
        "KDDTest-21": 11_850,
    }
    of_system = test_sets["KDDTest+"]["systems"]
    assert of_system["majority"]["accuracy"]["mean"] == pytest.approx(0.4308, abs=1e-4)
    assert of_system["dnn"]["accuracy"]["mean"] > 0.7


def test_evaluate_prints_the_keys_that_are_checked_here(run: Run, toy_nsl_kdd: None) -> None:
    del toy_nsl_kdd
    ran: Ran = run("evaluate", "--system", "pca", "--quiet", "--json")
    check_evaluation(ran.json(), systems={"pca"})

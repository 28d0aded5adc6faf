"""A test that lacks a corpus skips; one that fails for any other reason fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from oddflow.core.errors import DataUnavailable, InputError
from oddflow.datasets.catalog import DATA_VARIABLE
from oddflow.datasets.kdd_rows import gather, read_kdd_rows
from oddflow.datasets.nsl_kdd import load_nsl_kdd
from tests.lacking import lacking, need


@pytest.fixture(autouse=True)
def _no_corpora(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


def error_of(call: Callable[[], object]) -> BaseException:
    with pytest.raises((OSError, InputError, AssertionError)) as caught:
        call()
    return caught.value


def test_a_corpus_that_is_nowhere_is_named(tmp_path: Path) -> None:
    error = error_of(lambda: load_nsl_kdd("KDDTest-21", data_dir=tmp_path))
    assert lacking(error, tmp_path) == "KDDTest-21.txt"


def test_a_file_that_is_not_in_the_folder_is_named(tmp_path: Path) -> None:
    error = error_of((tmp_path / "hostile" / "captures.tar.xz").read_bytes)
    assert lacking(error, tmp_path) == "hostile/captures.tar.xz"
    error = error_of(lambda: gather(read_kdd_rows(tmp_path / "rows")))
    assert lacking(error, tmp_path) == "rows"


@pytest.mark.parametrize("name", ["KDDTrain+", "KDDTrain+.txt.xz", "nsl-kdd/KDDTrain+.csv"])
def test_a_loader_that_does_not_find_what_is_there_is_at_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "nsl-kdd").mkdir()
    error = DataUnavailable("KDDTrain+.txt of NSL-KDD is neither here nor there")
    (tmp_path / "KDDTrain+_20Percent.txt").touch()
    assert lacking(error, tmp_path) == "KDDTrain+.txt"
    (tmp_path / name).touch()
    assert lacking(error, tmp_path) is None


def test_what_is_needed_is_named_before_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "KDDTest+.txt.xz").touch()
    need(tmp_path, "KDDTest+.txt")
    error = error_of(lambda: need(tmp_path, "KDDTest+.txt", "KDDTest-21.txt"))
    assert lacking(error, tmp_path) == "KDDTest-21.txt"


def test_other_failures_are_failures(tmp_path: Path) -> None:
    def wrong() -> None:
        raise AssertionError

    def missing_elsewhere() -> None:
        (tmp_path / "elsewhere").read_bytes()

    (tmp_path / "rows").write_text("1,2,3\n")
    for call in (wrong, missing_elsewhere, lambda: gather(read_kdd_rows(tmp_path / "rows"))):
        assert lacking(error_of(call), tmp_path / "corpora") is None


def test_no_test_reaches_the_network(tmp_path: Path) -> None:
    error = error_of(lambda: load_nsl_kdd(data_dir=tmp_path))
    assert "refused" in str(error)

"""Every corpus keeps every promise, and every check rejects a loader that does not."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from oddflow import datasets
from oddflow.core.errors import InputError
from oddflow.datasets.catalog import DATA_VARIABLE, CorpusFile
from oddflow.datasets.corpora import CORPORA, ReadableCorpus, readable_corpus
from tests.datasets import broken_loaders, contract_checks, damage_checks, made_up
from tests.datasets.contract_checks import Check, Sample, SubjectCheck, sample_of

FOR_FILES = contract_checks.FOR_FILES + damage_checks.FOR_FILES
FOR_CORPORA = contract_checks.FOR_CORPORA + damage_checks.FOR_CORPORA

BROKEN_LOADERS: Mapping[Check, tuple[str, ...]] = {
    contract_checks.check_features_are_described: (
        *("no meaning", "no group", "blanks in a name", "one group"),
    ),
    contract_checks.check_values_obey_their_kind: (
        *("a rate of 2", "a flag of 2", "a negative count"),
        *("a level of no list", "levels out of order"),
    ),
    contract_checks.check_no_feature_is_a_label: (
        *("a feature named label", "a feature that is the label"),
    ),
    contract_checks.check_rows_are_those_of_the_catalog: ("a row too few", "another name"),
    contract_checks.check_labels_are_plain: (
        *("benign", "no plain word"),
        *("an attack of two families", "an attack of the normal family"),
    ),
    contract_checks.check_defects_are_counted: (
        *("uncounted repeats", "uncounted contradictions", "a defect of no rows"),
    ),
    contract_checks.check_loading_twice_gives_the_same: (
        *("another order each time", "other labels each time"),
    ),
    damage_checks.check_an_altered_copy_is_refused: ("unverified", "lenient", "terse"),
    damage_checks.check_damage_is_named: ("lenient", "crashing", "terse"),
    damage_checks.check_changed_heads_load_or_are_refused: ("crashing",),
}
BROKEN_CORPORA: Mapping[SubjectCheck, tuple[str, ...]] = {
    contract_checks.check_users_are_told: (
        *("no terms", "no citation", "no year", "no homepage", "undocumented"),
    ),
    contract_checks.check_files_are_described: (
        *("no hash", "no rows", "unsafe source", "another's file", "twice the same file"),
    ),
    damage_checks.check_any_bytes_are_refused_or_read: ("crashing",),
}

EXCUSED = {"insdn": "no hash of its published files is known, so that none can be refused"}


def data_folder() -> Path | None:
    """The folder of real corpora, known while tests are collected."""
    folder = os.environ.get(DATA_VARIABLE)
    return Path(folder) if folder else None


def places(subject: ReadableCorpus, file: CorpusFile, folder: Path) -> list[Path]:
    """Where a file stands in the folder of real corpora; empty where it is not at hand."""
    place = folder / subject.corpus.folder
    return [p for e in ("", ".gz", ".xz") if (p := place / (file.file_name + e)).is_file()]


def files_at_hand() -> list[object]:
    """One parameter for each file that stands in the folder of real corpora."""
    folder = data_folder()
    found: list[object] = [
        pytest.param((subject, file, path), id=f"{name}-{file.name}")
        for name, subject in CORPORA.items()
        for file in subject.files
        for path in (places(subject, file, folder)[:1] if folder else [])
    ]
    missing = f"set ${DATA_VARIABLE} to a folder that holds any of {', '.join(CORPORA)}"
    return found or [pytest.param(None, id="no data", marks=pytest.mark.skip(reason=missing))]


@pytest.fixture(scope="module", params=files_at_hand())
def sample(request: pytest.FixtureRequest) -> Sample:
    subject, file, path = request.param
    return sample_of(subject, file, path)


@pytest.fixture
def made_up_file(tmp_path: Path) -> Path:
    path = tmp_path / "flows.csv"
    path.write_text(made_up.CONTENT)
    return path


def name_of(check: object) -> str:
    return str(getattr(check, "__name__", check))


@pytest.mark.data
@pytest.mark.parametrize("check", FOR_FILES, ids=name_of)
def test_a_file_keeps_its_promises(sample: Sample, check: Check) -> None:
    check(sample)


@pytest.mark.parametrize("name", CORPORA)
@pytest.mark.parametrize("check", FOR_CORPORA, ids=name_of)
def test_a_corpus_keeps_its_promises(name: str, check: SubjectCheck) -> None:
    check(CORPORA[name])


@pytest.mark.data
def test_what_is_at_hand_is_tried(corpora: Path) -> None:
    """A file whose name differs from the catalog's would otherwise go untested in silence."""
    for subject in CORPORA.values():
        if (corpora / subject.corpus.folder).is_dir():
            assert any(places(subject, file, corpora) for file in subject.files), subject.corpus


@pytest.mark.parametrize("check", FOR_FILES, ids=name_of)
def test_a_right_loader_passes(check: Check, made_up_file: Path) -> None:
    check(sample_of(made_up.MADE_UP, made_up.FILES[0], made_up_file))


@pytest.mark.parametrize("check", FOR_CORPORA, ids=name_of)
def test_a_right_corpus_passes(check: SubjectCheck) -> None:
    check(made_up.MADE_UP)


def pairs(table: Mapping[Callable[..., None], tuple[str, ...]]) -> list[object]:
    return [
        pytest.param(check, wrong, id=f"{name_of(check)}-{wrong}")
        for check, wrongs in table.items()
        for wrong in wrongs
    ]


@pytest.mark.parametrize(("check", "wrong"), pairs(BROKEN_LOADERS))
def test_a_check_rejects_a_wrong_loader(check: Check, wrong: str, made_up_file: Path) -> None:
    subject = replace(made_up.MADE_UP, load=broken_loaders.LOADERS[wrong])
    with pytest.raises((AssertionError, IndexError)):
        check(sample_of(subject, made_up.FILES[0], made_up_file))


@pytest.mark.parametrize(("check", "wrong"), pairs(BROKEN_CORPORA))
def test_a_check_rejects_a_wrong_corpus(check: SubjectCheck, wrong: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        check(broken_loaders.CORPORA[wrong])


def test_every_check_is_used_and_has_something_to_reject() -> None:
    written = {
        f
        for module in (contract_checks, damage_checks)
        for name, f in vars(module).items()
        if name.startswith("check_")
    }
    assert written == {*FOR_FILES, *FOR_CORPORA} == {*BROKEN_LOADERS, *BROKEN_CORPORA}


@pytest.mark.parametrize(
    ("written", "table"),
    [(broken_loaders.LOADERS, BROKEN_LOADERS), (broken_loaders.CORPORA, BROKEN_CORPORA)],
)
def test_everything_broken_is_rejected_by_something(
    written: Mapping[str, object], table: Mapping[object, tuple[str, ...]]
) -> None:
    assert set(written) == {wrong for wrongs in table.values() for wrong in wrongs}


def corpus_modules() -> dict[str, ModuleType]:
    """Every module of datasets/ that says what corpus it reads, or which files."""
    modules = [
        importlib.import_module(module.name)
        for module in pkgutil.iter_modules(datasets.__path__, "oddflow.datasets.")
    ]
    return {m.CORPUS.folder: m for m in modules if hasattr(m, "FILES") or hasattr(m, "CORPUS")}


def audit(modules: Mapping[str, ModuleType], corpora: Mapping[str, ReadableCorpus]) -> None:
    """Assert that the table holds every corpus module or it is excused, and as it says itself."""
    missing, stale = set(modules) - set(corpora) - set(EXCUSED), set(corpora) - set(modules)
    assert not missing, f"not in CORPORA: {sorted(missing)}"
    assert not stale, f"in CORPORA without a module: {sorted(stale)}"
    for name, entry in corpora.items():
        module = modules[name]
        assert entry.corpus is module.CORPUS, name
        assert entry.files is module.FILES, name
        assert entry.load.__module__ == module.__name__, name
    for name in EXCUSED:
        assert name in modules, f"an excuse for a corpus that there is not: {name}"
        assert not hasattr(modules[name], "FILES"), f"{name}: excused, and has files"


def test_every_corpus_module_is_in_the_table() -> None:
    audit(corpus_modules(), CORPORA)


@pytest.mark.parametrize("lost", CORPORA)
def test_the_audit_notices_what_is_missing_or_swapped(lost: str) -> None:
    modules = corpus_modules()
    others = {name: entry for name, entry in CORPORA.items() if name != lost}
    with pytest.raises(AssertionError, match="not in CORPORA"):
        audit(modules, others)
    with pytest.raises(AssertionError, match="without a module"):
        audit({name: m for name, m in modules.items() if name != lost}, CORPORA)
    with pytest.raises(AssertionError, match=lost):
        audit(modules, {**others, lost: next(iter(others.values()))})
    with pytest.raises(AssertionError, match="an excuse for a corpus that there is not"):
        audit({name: m for name, m in modules.items() if name not in EXCUSED}, CORPORA)
    with pytest.raises(AssertionError, match="excused, and has files"):
        audit({**modules, **dict.fromkeys(EXCUSED, modules[lost])}, CORPORA)


def test_a_corpus_is_known_by_its_name() -> None:
    assert readable_corpus("kddcup99") is CORPORA["kddcup99"]
    with pytest.raises(InputError, match=r"expected one of nsl-kdd, .*did you mean 'kddcup99'\?"):
        readable_corpus("kddcup9")

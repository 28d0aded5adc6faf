"""Bad input: one line on stderr that says what and where, an exit code, no traceback."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.running import Run, refused, run_apart

READERS = {
    "detect": ("detect", "MODEL", "FILE", "-q"),
    "explain": ("explain", "MODEL", "FILE"),
    "export": ("export", "MODEL", "--verify", "--records", "FILE"),
    "train": ("train", "-o", "NEW", "--records", "FILE"),
    "tune": ("tune", "-o", "NEW", "--records", "FILE", "-q"),
}
MODEL_USERS = {
    "detect": ("detect", "MODEL", "FILE"),
    "explain": ("explain", "MODEL", "FILE"),
    "inspect": ("inspect", "MODEL"),
    "export": ("export", "MODEL", "-o", "NEW"),
    "evaluate": ("evaluate", "--model", "MODEL"),
}
NEEDING_A_CORPUS = {
    "detect": ("detect", "MODEL", "KDDTest+"),
    "train": ("train", "-o", "NEW"),
    "tune": ("tune", "-o", "NEW"),
    "evaluate": ("evaluate", "--protocol", "random-split"),
    "demo": ("demo", "--corpus", "nsl-kdd", "-o", "NEW"),
}


def filled(
    template: tuple[str, ...], *, model: Path, file: object = "none", new: object = "none"
) -> list[str]:
    """The arguments of a template with real paths in them."""
    values = {"MODEL": model, "FILE": file, "NEW": new}
    return [str(values.get(word, word)) for word in template]


@pytest.fixture
def faulty_file(short_file: Path, tmp_path: Path) -> Path:
    """Its 41st line has a negative duration."""
    lines = short_file.read_text().splitlines()
    lines[40] = "-1" + lines[40][lines[40].index(",") :]
    path = tmp_path / "faulty.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("command", READERS)
def test_a_malformed_file_is_named_with_line_and_column(
    run: Run, command: str, small_model_dir: Path, faulty_file: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    ran = run(*filled(READERS[command], model=small_model_dir, file=faulty_file, new=new))
    refused(ran, f"{faulty_file}, line 41, column 1: expected duration", "received '-1'")
    assert not new.exists()


def test_a_malformed_file_in_a_process_of_its_own(small_model_dir: Path, faulty_file: Path) -> None:
    ran = run_apart("detect", small_model_dir, faulty_file, "-q")
    refused(ran, f"{faulty_file}, line 41, column 1:")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected at least one row"),
        (b"1,2,3\n", "line 1: expected 41 features"),
        (b"\x80\x81\n", "expected UTF-8 text"),
        (b"\x1f\x8b\x08cut", "cut short or damaged"),
        (b"PK\x03\x04zip", "received a zip archive"),
    ],
)
def test_files_that_hold_no_records(
    run: Run, small_model_dir: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    refused(run("detect", small_model_dir, path, "-q"), str(path), said)


@pytest.mark.parametrize("records", ["KDDTset+", "no/such/file.csv"])
def test_records_that_are_neither_file_nor_corpus(
    run: Run, small_model_dir: Path, records: str
) -> None:
    refused(run("detect", small_model_dir, records, "-q"), records, "no such file", "KDDTest+")


def test_records_that_are_a_folder_without_logs(
    run: Run, small_model_dir: Path, tmp_path: Path
) -> None:
    refused(run("detect", small_model_dir, tmp_path, "-q"), str(tmp_path), "conn.*.log")


def test_a_row_that_there_is_not(run: Run, small_model_dir: Path, short_file: Path) -> None:
    ran = run("explain", small_model_dir, short_file, "--row", 3, "--row", 60)
    refused(ran, "rows 0 to 59", "no 60")


@pytest.mark.parametrize("command", MODEL_USERS)
def test_a_model_that_is_not_there(
    run: Run, command: str, short_file: Path, tmp_path: Path
) -> None:
    model, new = tmp_path / "no-model", tmp_path / "new"
    ran = run(*filled(MODEL_USERS[command], model=model, file=short_file, new=new))
    refused(ran, str(model), "manifest.json cannot be read")
    assert not new.exists()


@pytest.mark.parametrize("command", MODEL_USERS)
def test_a_damaged_model(
    run: Run, command: str, small_model_dir: Path, short_file: Path, tmp_path: Path
) -> None:
    model, new = tmp_path / "model", tmp_path / "new"
    shutil.copytree(small_model_dir, model)
    with (model / "scorer.onnx").open("r+b") as part:
        part.seek(1000)
        part.write(b"damage")
    ran = run(*filled(MODEL_USERS[command], model=model, file=short_file, new=new))
    refused(ran, str(model), "scorer.onnx was altered")
    assert not new.exists()


@pytest.mark.usefixtures("no_corpora")
@pytest.mark.parametrize("command", NEEDING_A_CORPUS)
def test_a_corpus_that_cannot_be_had_ends_with_3(
    run: Run, command: str, small_model_dir: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    ran = run(*filled(NEEDING_A_CORPUS[command], model=small_model_dir, new=new), "--quiet")
    assert ran.code == 3
    assert ran.out == ""
    assert ran.err.startswith("oddflow: error: KDDT")
    for part in ("neither on this machine nor downloadable", "Connection refused", "--data DIR"):
        assert part in ran.err
    assert "Traceback" not in ran.err
    assert not new.exists()


def test_a_data_folder_that_is_none(run: Run, small_model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "no-data"
    ran = run("detect", small_model_dir, "KDDTest+", "--data", folder, "-q")
    refused(ran, str(folder), "folder of corpora")


def test_a_corpus_that_was_altered(run: Run, short_file: Path, tmp_path: Path) -> None:
    shutil.copy(short_file, tmp_path / "KDDTrain+.txt")
    ran = run("evaluate", "--protocol", "random-split", "--data", tmp_path, "-q")
    refused(ran, "this is not KDDTrain+ as published")


@pytest.mark.parametrize(
    ("package", "arguments"),
    [("optuna", ("tune", "-q")), ("keras", ("train", "-q"))],
)
def test_a_package_that_is_missing_ends_with_4(
    run: Run,
    package: str,
    arguments: tuple[str, ...],
    rows_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    ran = run(*arguments, "--records", rows_file, "-o", tmp_path / "new")
    refused(ran, package, "pip install 'oddflow[train]'", code=4)
    assert not (tmp_path / "new").exists()

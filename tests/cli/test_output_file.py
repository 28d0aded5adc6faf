"""`-o` of `detect`: a file that is complete or not there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from oddflow.cli.sink import line_sink
from oddflow.datasets import kdd_rows
from oddflow.datasets.kdd_rows import KddBlock
from tests.cli.running import Run, refused


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_holds_what_stdout_would(
    run: Run, small_model_dir: Path, rows_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "alerts.jsonl"
    ran = run("detect", small_model_dir, rows_file, "-q", "-o", path)
    assert ran == (0, "", "")
    assert path.read_text() == run("detect", small_model_dir, rows_file, "-q").out
    assert names_in(tmp_path) == ["alerts.jsonl"]


def test_the_file_appears_with_its_last_line(
    run: Run,
    small_model_dir: Path,
    rows_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, n_looks = tmp_path / "alerts.jsonl", 0
    read = kdd_rows.read_kdd_rows

    def watch(rows: Path) -> Iterator[KddBlock]:
        nonlocal n_looks
        for block in read(rows, block_rows=1000):
            yield block
            assert not path.exists()
            n_looks += 1

    monkeypatch.setattr(kdd_rows, "read_kdd_rows", watch)
    assert run("detect", small_model_dir, rows_file, "-q", "-o", path).code == 0
    assert path.exists()
    assert n_looks == 4


def test_a_fault_leaves_the_old_file_as_it_was(
    run: Run,
    small_model_dir: Path,
    rows_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path, faulty = folder / "alerts.jsonl", tmp_path / "faulty.csv"
    faulty.write_text(rows_file.read_text() + "1,2,3\n")
    in_blocks = partial(kdd_rows.read_kdd_rows, block_rows=100)
    monkeypatch.setattr(kdd_rows, "read_kdd_rows", in_blocks)
    refused(run("detect", small_model_dir, faulty, "-q", "-o", path), "line 3301")
    assert names_in(folder) == []
    path.write_text("old")
    refused(run("detect", small_model_dir, faulty, "-q", "-o", path), "line 3301")
    assert path.read_text() == "old"
    assert names_in(folder) == ["alerts.jsonl"]


def test_places_that_cannot_be_written_to_are_named(
    run: Run, small_model_dir: Path, short_file: Path, tmp_path: Path
) -> None:
    for path in (tmp_path / "no-folder" / "alerts.jsonl", tmp_path):
        ran = run("detect", small_model_dir, short_file, "-q", "-o", path)
        refused(ran, f"{path}: cannot be written")


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    link = tmp_path / "nothing"
    link.symlink_to("/dev/null")
    with line_sink(link) as write:
        write(b"lost\n")
    assert link.is_symlink()
    assert link.is_char_device()
    assert names_in(tmp_path) == ["nothing"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with line_sink(link) as write:
        write(b"new\n")
    assert link.is_symlink()
    assert target.read_text() == "new\n"


def test_who_may_read_the_file_is_up_to_the_umask(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain", tmp_path / "alerts.jsonl"
    plain.touch()
    with line_sink(path) as write:
        write(b"{}\n")
    assert path.stat().st_mode == plain.stat().st_mode

"""`oddflow export`: scorer and encoding, and the proof that they score as Keras does."""

from __future__ import annotations

from pathlib import Path

import pytest

from oddflow.cli.commands import export
from tests.cli.running import Run, refused


def test_files_are_those_of_the_model(run: Run, small_model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "scorer"
    ran = run("export", small_model_dir, "-o", folder, "--json")
    assert (ran.code, ran.err) == (0, "")
    names = ["scorer.onnx", "encoder.json"]
    assert ran.json() == {
        "model": str(small_model_dir),
        "files": [str(folder / name) for name in names],
    }
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    for name in names:
        assert (folder / name).read_bytes() == (small_model_dir / name).read_bytes()
    assert f"wrote {folder / 'scorer.onnx'}" in run("export", small_model_dir, "-o", folder).out


def test_verify_compares_with_keras(
    run: Run, small_model_dir: Path, short_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("export", small_model_dir, "--verify", "--records", short_file)
    ran = run(*arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json()
    assert set(told) == {
        *("model", "n_records", "max_difference", "spread", "relative", "tolerance"),
    }
    assert told["n_records"] == 60
    assert told["relative"] == told["max_difference"] / told["spread"] <= told["tolerance"] <= 1e-5
    assert "scores of 60 records differ by at most" in run(*arguments).out
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    refused(run(*arguments), "scores of 60 records differ", "at most -1 is allowed", code=1)


def test_nothing_to_do_is_refused(run: Run, small_model_dir: Path) -> None:
    refused(run("export", small_model_dir), "--output DIR, --verify or both")


def test_a_file_in_the_way_is_refused(run: Run, small_model_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    refused(run("export", small_model_dir, "-o", path), f"{path}: cannot be written")
    assert path.read_text() == "mine"

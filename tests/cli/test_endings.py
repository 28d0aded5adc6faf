"""How runs end that somebody else ends, and what they never load."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, Run

HEAVY = {"keras", "jax", "tensorflow", "torch", "sklearn", "matplotlib", "optuna", "pandas"}

AFTER_A_RUN = """
import sys
from oddflow.cli.app import main
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
print(*sorted({name.split(".")[0] for name in sys.modules}), sep="\\n", file=sys.stderr)
"""


def loaded_by(*arguments: object) -> set[str]:
    """Packages in memory after a run."""
    done = subprocess.run(
        [sys.executable, "-c", AFTER_A_RUN, *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return set(done.stderr.split())


def test_the_version_loads_nothing_heavy() -> None:
    loaded = loaded_by("--version")
    assert "oddflow" in loaded
    unwanted = HEAVY | {"numpy", "polars", "onnxruntime", "onnx"}
    assert loaded.isdisjoint(unwanted), loaded & unwanted


def test_detect_loads_no_training_framework(small_model_dir: Path, short_file: Path) -> None:
    loaded = loaded_by("detect", small_model_dir, short_file, "--quiet", "--fpr", 0.2)
    assert "onnxruntime" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & HEAVY


def test_importing_the_package_loads_the_standard_library_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); import oddflow; "
        "print(*{n.split('.')[0] for n in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["oddflow"]


def test_ctrl_c_ends_with_130(
    run: Run, small_model_dir: Path, short_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_ctrl_c(path: Path, *, threads: int) -> None:
        raise KeyboardInterrupt(path, threads)

    monkeypatch.setattr("oddflow.detect.bundle.load_model", press_ctrl_c)
    assert run("detect", small_model_dir, short_file) == (130, "", "oddflow: stopped\n")


def test_a_signal_ends_with_130_and_leaves_no_file(
    small_model_dir: Path, short_file: Path, tmp_path: Path
) -> None:
    """The records come from a pipe, so that the run is surely in their middle.

    The pipe is closed after the signal: polars' own handler of SIGINT restarts a blocked read.
    """
    pipe, folder = tmp_path / "pipe", tmp_path / "out"
    os.mkfifo(pipe)
    folder.mkdir()
    arguments = ["detect", small_model_dir, pipe, "-o", folder / "alerts.jsonl", "-q"]
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        with pipe.open("w") as records:  # opens when the other side does
            records.write(short_file.read_text())
            records.flush()
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "oddflow: stopped\n")
    assert not list(folder.iterdir())


@pytest.mark.parametrize("n_lines", [0, 1])
def test_a_reader_that_leaves_is_no_failure(
    small_model_dir: Path, rows_file: Path, n_lines: int
) -> None:
    """More comes than the pipe holds, so that the writer surely finds it closed."""
    arguments = ["detect", small_model_dir, rows_file, "-q", "--fpr", "0.9"]
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(n_lines):
            assert process.stdout.readline().startswith(b'{"row":')
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(timeout=60) == 0
    assert err == b""

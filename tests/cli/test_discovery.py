"""`oddflow detect --fdr`: as many alerts as keep the false ones among them few."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.matrix import LabelledMatrix
from oddflow.datasets import kdd_rows
from oddflow.detect.bundle import Bundle
from oddflow.detect.discovery import benjamini_hochberg
from tests.cli.running import Run, refused
from tests.ingest.frames import Timed, ethernet, ipv4, pcap, udp


def rows_at(bundle: Bundle, records: LabelledMatrix, fdr: float) -> list[int]:
    """The rows that the library flags."""
    flagged = benjamini_hochberg(bundle.model.p_values(records.features), fdr)
    return [int(row) for row in np.flatnonzero(flagged)]


@pytest.mark.parametrize("fdr", [0.02, 0.3])
def test_lines_are_those_of_the_procedure(
    run: Run, small_bundle: Bundle, rows_file: Path, toy: LabelledMatrix, fdr: float
) -> None:
    lines = run("detect", small_bundle.path, rows_file, "--fdr", fdr).lines()
    rows = [line["row"] for line in lines]
    assert rows == rows_at(small_bundle, toy, fdr)
    assert len(rows) > 100


def test_blocks_make_no_difference(
    run: Run, small_bundle: Bundle, rows_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = run("detect", small_bundle.path, rows_file, "--fdr", 0.1)
    in_blocks = partial(kdd_rows.read_kdd_rows, block_rows=77)
    monkeypatch.setattr(kdd_rows, "read_kdd_rows", in_blocks)
    assert run("detect", small_bundle.path, rows_file, "--fdr", 0.1).out == at_once.out


def test_what_it_came_to_is_told(run: Run, small_bundle: Bundle, rows_file: Path) -> None:
    ran = run("detect", small_bundle.path, rows_file, "--fdr", 0.1)
    assert "false discovery rate 0.1: p-values up to" in ran.err
    assert "fewer than 55 odd ones could not be" in ran.err  # 3300 / (.1 * 601), rounded up
    quiet = run("detect", small_bundle.path, rows_file, "--fdr", 0.1, "-q", "--json")
    summary = json.loads(quiet.err)
    assert summary["target_fpr"] == max(line["p_value"] for line in quiet.lines())


def test_a_batch_with_too_little_oddness_has_no_alerts(
    run: Run, small_bundle: Bundle, rows_file: Path, toy: LabelledMatrix, tmp_path: Path
) -> None:
    rows = rows_file.read_text().splitlines(keepends=True)
    calm = tmp_path / "calm.csv"
    is_calm = ~toy.labels.is_attack
    calm.write_text("".join(row for row, keep in zip(rows, is_calm, strict=True) if keep))
    ran = run("detect", small_bundle.path, calm, "--fdr", 0.01, "-q", "--json")
    assert (ran.code, ran.out) == (0, "")
    assert json.loads(ran.err) | {"n_flagged": 0, "target_fpr": 0.0} == json.loads(ran.err)


def test_captures_are_read_twice_alike(run: Run, small_bundle: Bundle, tmp_path: Path) -> None:
    packets = [
        Timed(i / 2, ethernet(ipv4(udp(b"x" * (i % 90), sport=2000 + i), 17))) for i in range(80)
    ]
    path = tmp_path / "capture.pcap"
    path.write_bytes(pcap(packets))
    ran = run("detect", small_bundle.path, path, "--fdr", 0.5, "--json", "-q")
    assert ran.code == 0
    assert json.loads(ran.err)["n_records"] == 80


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fdr", 0.1, "--fpr", 0.01), "not both"),
        (("--fdr", 0.1, "--alerts-per-day", 5, "--records-per-day", 100), "not both"),
        (("--fdr", 0), "received 0.0"),
        (("--fdr", 1), "received 1.0"),
        (("--fdr", "nan"), "received nan"),
    ],
)
def test_rates_that_make_no_sense_are_refused(
    run: Run, small_model_dir: Path, rows_file: Path, options: tuple[object, ...], said: str
) -> None:
    refused(run("detect", small_model_dir, rows_file, "-q", *options), said)


def test_a_pipe_is_refused_unread(run: Run, small_model_dir: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused(run("detect", small_model_dir, pipe, "--fdr", 0.1, "-q"), "reads its input twice")


def test_watch_says_why_it_has_no_such_rate(run: Run, small_model_dir: Path) -> None:
    refused(run("watch", small_model_dir, "-i", "lo", "--fdr", 0.1), "whole batch", "--fpr")

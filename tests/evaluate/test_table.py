"""The table of the terminal."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from oddflow.core.evaluation import Estimate, TestSetResult
from oddflow.evaluate.table import results_table


def rendered(result: TestSetResult, *, width: int = 80, color: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=False,
    )
    console.print(results_table(result, ours="ours"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_rows_hold_the_means(result: TestSetResult) -> None:
    (row,) = [line for line in rendered(result).splitlines() if line.startswith(" > ours")]
    names = ("auroc", "auprc", "accuracy", "f1", "fpr", "recall_at_fpr_1", "recall_novel")
    expected = [f"{result.metrics['ours'][name].mean:.3f}" for name in names]
    assert row.split()[2:] == expected
    assert "335 records, 135 of them attacks; mean of 3 seeds" in rendered(result)


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal(result: TestSetResult, width: int) -> None:
    long = "an LSTM autoencoder of a very long name, whitened residual, capped"
    metrics = {**result.metrics, long: result.metrics["weak"]}
    text = rendered(dataclasses.replace(result, metrics=metrics), width=width)
    assert all(len(line) <= width for line in text.splitlines())
    assert "…" not in text, "a number or name was cut"


def test_the_best_is_bold_and_ours_is_coloured(result: TestSetResult) -> None:
    text = rendered(result, color=True)
    better = max(e["auroc"].mean for e in result.metrics.values())
    assert f"\x1b[1;36m{better:.3f}" in text
    weak = f"{result.metrics['weak']['auroc'].mean:.3f}"
    assert f"\x1b[1m{weak}" not in text
    assert "\x1b[36m> ours" in text


def test_names_are_not_markup(result: TestSetResult) -> None:
    name = "[red]x[/red] [/]"
    metrics = {name: result.metrics["weak"]}
    assert name in rendered(dataclasses.replace(result, metrics=metrics, name="[bold]t"))


def test_what_is_missing_or_undefined_is_a_dash(result: TestSetResult) -> None:
    nan = float("nan")
    metrics = {"ours": {"auroc": Estimate(nan, nan, nan, nan)}}
    (row,) = [
        line
        for line in rendered(dataclasses.replace(result, metrics=metrics)).splitlines()
        if line.startswith(" > ours")
    ]
    assert row.split()[2:] == ["-"] * 7

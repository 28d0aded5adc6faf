"""Pictures of scores beside the truth, as matplotlib figures that belong to the caller alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from oddflow.core.evaluation import Run
from oddflow.evaluate.canvas import (
    INK,
    MUTED,
    LineStyle,
    legible,
    log_ticks,
    new_figure,
    percent_ticks,
    plain_ticks,
    styled,
)
from oddflow.evaluate.counts import Bools, Confusion, Floats, Reading, ScoredRecords

LOWEST_FPR = 1e-3
"""Left edge of the alert-budget panel: one false alarm in a thousand normal records."""
N_BINS = 60
NORMAL, KNOWN, NOVEL = "#8a949e", "#0072b2", "#aa3377"


@styled
def roc_curves(
    runs: Mapping[str, Run],
    truth: Bools,
    *,
    styles: Mapping[str, LineStyle],
    target_fpr: float,
    title: str,
) -> Figure:
    """ROC of each system; on the right, on a logarithmic axis, where alert budgets lie.

    Args:
        runs: one run of each system.
        truth: True for an attack, shape (n,).
        styles: see `system_styles`.
        target_fpr: the false-positive rate that thresholds were set for.
        title: read out, not drawn.
    """
    figure = new_figure(9.6, 3.9, title=title)
    whole, low = figure.subplots(1, 2)
    for system, run in runs.items():
        reading, style = _read(run, truth), styles[system]
        for axes in (whole, low):
            _line(axes, reading.curve.fpr, reading.curve.recall, style, legible(system))
            _dot(axes, reading.confusion.fpr, reading.confusion.recall, style)
    chance = np.geomspace(LOWEST_FPR, 1, 200)
    for axes in (whole, low):
        axes.plot(chance, chance, color=MUTED, linewidth=0.8, linestyle=":", label="chance")
        axes.axvline(target_fpr, color=INK, linewidth=0.8, linestyle="--", label="target FPR")
        axes.set(xlabel="normal records flagged", ylim=(-0.01, 1.01))
        axes.xaxis.set_major_formatter(percent_ticks())
        axes.yaxis.set_major_formatter(percent_ticks())
    whole.set(title="All thresholds", ylabel="attacks flagged", xlim=(-0.01, 1.01))
    low.set(title="Few false alarms (logarithmic)", xscale="log", xlim=(LOWEST_FPR, 1))
    low.xaxis.set_major_formatter(percent_ticks())
    low.xaxis.set_minor_formatter("")
    handles, labels = low.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper")
    return figure


@styled
def precision_recall_curves(
    runs: Mapping[str, Run], truth: Bools, *, styles: Mapping[str, LineStyle], title: str
) -> Figure:
    """Precision against recall of each system, in the mix of records of the test set.

    Args:
        runs: one run of each system.
        truth: True for an attack, shape (n,).
        styles: see `system_styles`.
        title: read out, not drawn.
    """
    figure = new_figure(5.2, 4.6, title=title)
    axes = figure.subplots()
    for system, run in runs.items():
        reading, style = _read(run, truth), styles[system]
        recall, precision = reading.curve.recall[1:], reading.curve.precision[1:]
        _line(axes, recall, precision, style, legible(system))
        _dot(axes, reading.confusion.recall, reading.confusion.precision, style)
    share = float(truth.mean())
    axes.axhline(share, color=MUTED, linewidth=0.8, linestyle=":", label="chance")
    axes.set(xlabel="recall: attacks flagged", ylabel="precision: attacks among the flagged")
    axes.set(xlim=(-0.01, 1.01), ylim=(min(0.9, 0.9 * share), 1.01))
    axes.xaxis.set_major_formatter(percent_ticks())
    axes.yaxis.set_major_formatter(percent_ticks())
    figure.legend(loc="outside lower left", ncols=2, fontsize=7.5)
    return figure


@styled
def score_histogram(run: Run, truth: Bools, novel: Bools, *, title: str) -> Figure:
    """Scores of normal records, known attacks and novel attacks, each kind adding up to 100 %.

    The axis is logarithmic unless scores are negative or hardly vary; zeros stand at its left end.
    """
    figure = new_figure(5.2, 3.3, title=title)
    axes = figure.subplots()
    scores, edges, scale = _binned(run.scores)
    kinds = (
        ("normal", ~truth, NORMAL),
        ("known attacks", truth & ~novel, KNOWN),
        ("novel attacks", truth & novel, NOVEL),
    )
    for name, rows, color in kinds:
        if not rows.any():
            continue
        shares = np.histogram(scores[rows], edges)[0] / rows.sum()
        axes.stairs(shares, edges, color=color, fill=True, alpha=0.16)
        axes.stairs(shares, edges, color=color, linewidth=1.5, label=f"{name} ({rows.sum():,})")
    axes.axvline(run.threshold, color=INK, linewidth=1, linestyle="--", label="threshold")
    axes.set(xlabel="score", ylabel="records of the kind")
    axes.set(xscale=scale, xlim=(edges[0], edges[-1]))
    if scale == "log":
        axes.xaxis.set_major_locator(log_ticks(edges[0], edges[-1]))
    axes.xaxis.set_major_formatter(plain_ticks())
    axes.xaxis.set_minor_formatter("")
    axes.yaxis.set_major_formatter(percent_ticks())
    axes.legend()
    return figure


@styled
def confusion_matrix(confusion: Confusion, *, title: str) -> Figure:
    """Counts of truth against verdict, each row shaded by its shares."""
    figure = new_figure(5.2, 2.9, title=title)
    axes = figure.subplots()
    tp, fp, fn, tn = confusion
    counts = np.array([[tn, fp], [fn, tp]], dtype=np.float64)
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > 0.6 else INK
        count = f"{counts[row, column]:,.0f}"
        for text, y, size in ((count, row - 0.04, 12), (f"{100 * share:.1f} %", row + 0.16, 9)):
            axes.text(column, y, text, ha="center", color=color, fontsize=size)
    axes.set_xticks([0, 1], ["passed", "flagged"])
    axes.set_yticks([0, 1], ["normal", "attack"])
    axes.set(xlabel="verdict", ylabel="truth")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


def _read(run: Run, truth: Bools) -> Reading:
    return ScoredRecords(run.scores, truth, threshold=run.threshold).read()


def _line(axes: Axes, x: Floats, y: Floats, style: LineStyle, label: str) -> None:
    axes.plot(
        x,
        y,
        color=style.color,
        linestyle=style.dashes,
        linewidth=style.width,
        zorder=style.zorder,
        label=label,
    )


def _dot(axes: Axes, x: float, y: float, style: LineStyle) -> None:
    """Where the system's own threshold puts it."""
    axes.plot(
        [x],
        [y],
        marker="o",
        markersize=3 * style.width,
        color=style.color,
        markeredgecolor="white",
        zorder=style.zorder + 1,
    )


def _binned(scores: Floats) -> tuple[Floats, Floats, Literal["log", "linear"]]:
    """Scores to count, the edges of the bins, and the scale that suits them."""
    positive = scores[scores > 0]
    if not len(positive) or scores.min() < 0 or positive.max() <= 20 * positive.min():
        return scores, np.histogram_bin_edges(scores, N_BINS), "linear"
    edges = np.geomspace(positive.min(), positive.max(), N_BINS + 1)
    return np.clip(scores, edges[0], edges[-1]), edges, "log"

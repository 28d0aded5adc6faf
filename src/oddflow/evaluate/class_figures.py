"""Pictures of a reproduced table: accuracies, confusions of classes, and how networks learnt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from oddflow.core.evaluation import Estimate, TrainingHistory
from oddflow.evaluate.canvas import (
    GRID,
    INK,
    MUTED,
    OTHERS,
    legible,
    new_figure,
    percent_ticks,
    styled,
)
from oddflow.evaluate.class_confusion import ClassConfusion
from oddflow.evaluate.counts import Floats
from oddflow.evaluate.diagnostics import LETTER, TRAINING, draw_losses

MOST_WITH_COUNTS, MOST_WITH_SHARES = 5, 12
"""Classes of a confusion matrix up to which each cell says its count, and its share."""
SMALLEST_SHARE = 0.0005
"""Shares below it are coloured, but not written."""
PANELS_A_ROW = 4


class Bar(NamedTuple):
    """A system of `accuracy_bars`: its label, our accuracy, and the published one or NaN."""

    label: str
    ours: Estimate
    published: float


@styled
def accuracy_bars(bars: Sequence[Bar], *, floor: float, title: str) -> Figure:
    """A bar a system, with its interval, from the top; hollow below it what was published.

    Args:
        bars: one for each system; those of unknown accuracy have a label alone.
        floor: accuracy of naming the most frequent class throughout, drawn as a line; may be NaN.
        title: read out, not drawn.
    """
    longest = max((len(bar.label) for bar in bars), default=0)
    figure = new_figure(7.6 + LETTER * longest, 1.2 + 0.4 * len(bars), title=title)
    axes = figure.subplots()
    for row, bar in enumerate(bars):
        has_published = not math.isnan(bar.published)
        _our_bar(axes, row - 0.18 * has_published, bar.ours)
        if has_published:
            y = row + 0.19
            axes.barh(y, bar.published, height=0.28, facecolor="white", edgecolor=MUTED)
            _beside(axes, bar.published, y, f"published {100 * bar.published:.2f} %", MUTED)
    if not math.isnan(floor):
        label = f"most frequent class throughout: {100 * floor:.2f} %"
        axes.axvline(floor, color=INK, linewidth=1, linestyle=":", label=label)
        figure.legend(loc="outside upper left")
    axes.set_yticks(range(len(bars)), [legible(bar.label) for bar in bars])
    axes.set(xlabel="records judged rightly", xlim=(0, 1.2), ylim=(len(bars) - 0.4, -0.6))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(percent_ticks())
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return figure


@styled
def class_heat_map(confusion: ClassConfusion, *, title: str) -> Figure:
    """Truth by row against verdict by column, shaded by the share of the row; right is diagonal.

    Up to `MOST_WITH_COUNTS` classes each cell says count and share, up to `MOST_WITH_SHARES` the
    share; beyond, colours alone tell, beside a scale.
    """
    k, longest = len(confusion.classes), max(map(len, confusion.classes))
    cell = 0.24 if k > MOST_WITH_SHARES else 0.5
    size = 0.9 + cell * k + LETTER * min(45, longest + 9)
    figure = new_figure(max(5.2, size), max(2.4, size), title=title)
    axes = figure.subplots()
    mesh = _cells(confusion.shares)
    axes.add_collection(mesh)
    axes.hlines(range(k + 1), 0, k, color=GRID, linewidth=0.5, zorder=0.5)
    axes.vlines(range(k + 1), 0, k, color=GRID, linewidth=0.5, zorder=0.5)
    _name_cells(axes, confusion)
    axes.set(xlabel="verdict", ylabel="truth (records)", xlim=(0, k), ylim=(k, 0))
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if k <= MOST_WITH_SHARES:
        mesh.set_clim(0, 1.25)
        _write_cells(axes, confusion)
        return figure
    mesh.set_clim(0, 1)
    bar = figure.colorbar(mesh, ax=axes, shrink=0.5, pad=0.01, format=percent_ticks())
    bar.set_label("share of the row")
    bar.outline.set_edgecolor(GRID)
    return figure


@styled
def training_curves(histories: Mapping[str, TrainingHistory], *, title: str) -> Figure:
    """A panel for each stage of training: losses of each epoch, and the epoch that was kept."""
    columns = min(PANELS_A_ROW, len(histories))
    rows = math.ceil(len(histories) / PANELS_A_ROW)
    width = 5.2 if columns < 2 else 9.6
    figure = new_figure(width, 2.9 * rows, title=title)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (stage, history) in zip(panels, histories.items(), strict=False):
        lines = {"held-out records": history.validation_loss}
        if not is_machine(stage):
            lines = {TRAINING: history.loss, **lines}
        draw_losses(axes, lines, best_epoch=history.best_epoch)
        axes.set(
            title=legible(stage), ylabel="reconstruction error" if is_machine(stage) else "loss"
        )
        axes.legend(fontsize=7.5)
    for axes in panels[len(histories) :]:
        axes.set_axis_off()
    return figure


def is_machine(stage: str) -> bool:
    """Whether a stage trains a restricted Boltzmann machine, by its name.

    Its training loss is a difference of free energies, which says little and is not drawn; its loss
    on held-out records is the reconstruction error.

    >>> is_machine("pre-training, layer 2"), is_machine("fine-tuning")
    (True, False)
    """
    return re.search(r"\blayer \d+$", stage) is not None


def _our_bar(axes: Axes, y: float, ours: Estimate) -> None:
    if math.isnan(ours.mean):
        return
    axes.barh(y, ours.mean, height=0.38, color=OTHERS[0])
    if ours.low < ours.high:
        axes.plot([ours.low, ours.high], [y, y], color=INK, linewidth=1.2, solid_capstyle="butt")
    _beside(axes, max(ours.mean, ours.high), y, f"{100 * ours.mean:.2f} %", INK)


def _beside(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    """Text to the right of the end of a bar."""
    axes.annotate(
        text,
        (x, y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=color,
    )


def _cells(shares: Floats) -> PolyCollection:
    """A square for each cell that is not empty."""
    rows, columns = np.nonzero(shares)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    squares = np.stack([columns, rows], axis=1)[:, None] + corners
    return PolyCollection(list(squares), array=shares[rows, columns], cmap="Blues")


def _name_cells(axes: Axes, confusion: ClassConfusion) -> None:
    """Classes at both sides; those of truth with their records."""
    k = len(confusion.classes)
    names = [legible(name) for name in confusion.classes]
    totals = confusion.counts.sum(axis=1)
    rows = [f"{name} ({n:,.0f})" for name, n in zip(names, totals, strict=True)]
    axes.set_yticks(np.arange(k) + 0.5, rows)
    axes.set_xticks(np.arange(k) + 0.5, names)
    if k > 2:
        for label in axes.get_xticklabels():
            label.set(rotation=60, ha="right", rotation_mode="anchor")


def _write_cells(axes: Axes, confusion: ClassConfusion) -> None:
    """Count and share in each cell, or the share alone where that is too much."""
    has_counts = len(confusion.classes) <= MOST_WITH_COUNTS
    for (row, column), share in np.ndenumerate(confusion.shares):
        text = f"{100 * share:.1f}"
        if has_counts:
            text = f"{confusion.counts[row, column]:,.0f}\n{text} %"
        elif share < SMALLEST_SHARE:
            continue
        axes.text(
            column + 0.5,
            row + 0.5,
            text,
            ha="center",
            va="center",
            color="white" if share > 0.6 else INK,
            fontsize=8.5 if has_counts else 7,
        )

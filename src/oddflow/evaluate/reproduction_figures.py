"""Pictures of a reproduced table: ours beside theirs, who is taken for whom, how training went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from oddflow.core.evaluation import TrainingHistory
from oddflow.evaluate.canvas import (
    GRID,
    INK,
    MUTED,
    OTHERS,
    OURS,
    legible,
    log_ticks,
    new_figure,
    percent_ticks,
    plain_ticks,
    styled,
)
from oddflow.evaluate.classes import NamedRecords

LETTER = 0.075
"""Inches that a letter of a label takes up."""
FEW = 12
"""Classes up to which the shares are written into a confusion matrix."""


@styled
def accuracy_bars(
    ours: Mapping[str, float], published: Mapping[str, float], *, title: str
) -> Figure:
    """Our accuracy of each system as a bar, the published one as a diamond.

    Args:
        ours: system -> accuracy, in the order from the top.
        published: system -> accuracy, for those that have one.
        title: what a screen reader says of it.
    """
    figure = new_figure(7.5, 1.0 + 0.3 * len(ours), title=title)
    axes = figure.subplots()
    for row, (system, accuracy) in enumerate(ours.items()):
        axes.barh(row, accuracy, height=0.62, color=OTHERS[0])
        theirs = published.get(system)
        if theirs is not None:
            label = "published" if system == next(iter(published)) else None
            axes.plot(
                theirs, row, "D", color=OURS, markersize=7, markeredgecolor="white", label=label
            )
        axes.annotate(
            f"{100 * accuracy:.1f} %"
            + ("" if theirs is None else f", published {100 * theirs:.1f} %"),
            (max(accuracy, theirs or 0), row),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=MUTED,
        )
    axes.set_yticks(range(len(ours)), [legible(system) for system in ours])
    axes.set(xlabel="accuracy", xlim=(0, 1.32), ylim=(len(ours) - 0.4, -0.6))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(percent_ticks())
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    if published:
        figure.legend(loc="outside upper right")
    return figure


@styled
def class_confusion(
    truth: NDArray[np.object_], predicted: NDArray[np.object_], *, title: str
) -> Figure:
    """Which class the records of each class were named, as shares of the class.

    Args:
        truth: class of each record, shape (n,).
        predicted: class named for each, shape (n,).
        title: what a screen reader says of it.
    """
    records = NamedRecords(truth, predicted)
    counts = records.confusion()
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
    names = [legible(str(name)) for name in records.classes]
    room = LETTER * max(map(len, names))
    side = 0.2 if len(names) > FEW else 0.55
    figure = new_figure(1.4 + room + side * len(names), 0.9 + room + side * len(names), title=title)
    axes = figure.subplots()
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1.25, edgecolors=GRID, linewidth=0.5)
    if len(names) <= FEW:
        for (row, column), share in np.ndenumerate(shares):
            color = "white" if share > 0.6 else INK
            axes.text(
                column + 0.5,
                row + 0.5,
                f"{100 * share:.1f} %\n{counts[row, column]:,.0f}",
                ha="center",
                va="center",
                fontsize=7.5,
                color=color,
            )
    places = np.arange(len(names)) + 0.5
    axes.set_xticks(places, names, rotation=60, ha="right")
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set(xlabel="named", ylabel="truth")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


@styled
def stage_curves(stages: Mapping[str, TrainingHistory], *, title: str) -> Figure:
    """Losses of each stage of training, one plot a stage; the kept epoch is marked."""
    figure = new_figure(3.1 * max(len(stages), 1) + 0.4, 2.7, title=title)
    every = figure.subplots(1, max(len(stages), 1), squeeze=False)[0]
    for axes, (stage, history) in zip(every, stages.items(), strict=False):
        epochs = range(1, len(history.loss) + 1)
        kept = history.best_epoch + 1
        held_out = history.validation_loss
        if not min((*history.loss, 0.0)) < 0:  # contrastive divergence is no loss to look at
            axes.plot(epochs, history.loss, color=OTHERS[0], linewidth=1.6, label="training")
        axes.plot(epochs, held_out, color=OURS, linewidth=1.6, label="held out")
        axes.axvline(kept, color=INK, linewidth=1, linestyle="--", label=f"kept: epoch {kept}")
        _scale(axes, [line for one in axes.lines[:-1] for line in one.get_ydata()])
        axes.set_title(legible(stage))
        axes.set(xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(plain_ticks())
        axes.legend(fontsize=7)
    return figure


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """A logarithmic axis where losses fall by more than a factor of 5."""
    if values and min(values) > 0 and max(values) > 5 * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(log_ticks(min(values), max(values)))
        axes.yaxis.set_minor_formatter("")

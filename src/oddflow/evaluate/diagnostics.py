"""Pictures of how a network learnt and of what it finds and misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from oddflow.core.evaluation import ResidualMap, TrainingHistory
from oddflow.evaluate.breakdown import AttackRecall
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
from oddflow.evaluate.counts import Floats

MOST_COLUMNS = 24
"""Features that a residual map shows; what the rest carries is summed up in one column."""
TRAINING = "training"
"""Name of the line of training losses."""
LETTER = 0.075
"""Inches that a letter of a label takes up."""


@styled
def loss_curve(history: TrainingHistory, *, title: str) -> Figure:
    """Training and validation loss of each epoch; the epoch whose weights were kept is marked."""
    figure = new_figure(5.2, 3.3, title=title)
    axes = figure.subplots()
    lines = {TRAINING: history.loss, "held-out normals": history.validation_loss}
    draw_losses(axes, lines, best_epoch=history.best_epoch)
    axes.set(ylabel="loss")
    axes.legend()
    return figure


def draw_losses(axes: Axes, lines: Mapping[str, Sequence[float]], *, best_epoch: int) -> None:
    """Losses of each epoch, and a mark where the weights were kept.

    Args:
        axes: to draw on.
        lines: name -> loss of each epoch: of `TRAINING`, of held-out records, or of both.
        best_epoch: zero-based epoch whose weights were kept.
    """
    for name, losses in lines.items():
        color = OTHERS[0] if name == TRAINING else OURS
        dot = "o" if len(losses) == 1 else None
        epochs = range(1, len(losses) + 1)
        axes.plot(epochs, losses, color=color, linewidth=1.8, marker=dot, label=name)
    best = best_epoch + 1
    axes.axvline(best, color=INK, linewidth=1, linestyle="--", label=f"kept: epoch {best}")
    every = [loss for losses in lines.values() for loss in losses]
    if every and min(every) > 0 and max(every) > 5 * min(every):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(log_ticks(min(every), max(every)))
        axes.yaxis.set_minor_formatter("")
    axes.set(xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if all(len(losses) == 1 for losses in lines.values()):
        axes.set_xlim(0.5, 1.5)
    axes.yaxis.set_major_formatter(plain_ticks())


@styled
def recall_by_attack(attacks: Sequence[AttackRecall], *, title: str) -> Figure:
    """One bar an attack, in the order given, from the top; hollow where training has none of it."""
    figure = new_figure(5.2, 1.3 + 0.21 * len(attacks), title=title)
    axes = figure.subplots()
    families = sorted({one.family for one in attacks})
    colors = {family: OTHERS[i % len(OTHERS)] for i, family in enumerate(families)}
    for row, one in enumerate(attacks):
        color = colors[one.family]
        face = "white" if one.novel else color
        axes.barh(row, one.recall, height=0.68, facecolor=face, edgecolor=color, linewidth=1.3)
        axes.annotate(
            f"{100 * one.recall:.0f} % of {one.n:,}",
            (one.recall, row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=MUTED,
        )
    axes.set_yticks(range(len(attacks)), [legible(one.attack) for one in attacks])
    axes.set(xlabel="records flagged", xlim=(0, 1.27), ylim=(len(attacks) - 0.4, -0.6))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(percent_ticks())
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    handles = [Patch(facecolor=color, label=legible(name)) for name, color in colors.items()]
    handles.append(Patch(facecolor="white", edgecolor=MUTED, label="never seen in training"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


@styled
def residual_heat_map(residual_map: ResidualMap, *, title: str) -> Figure:
    """Mean share of the score that each feature carries, by kind of record.

    The features that matter most to some kind stand first; beyond `MOST_COLUMNS` of them, the rest
    is one column.
    """
    values, columns = _strongest(residual_map)
    rows = [legible(row) for row in residual_map.rows]
    width = 1.6 + 0.3 * len(columns) + LETTER * max(map(len, rows), default=0)
    height = 0.9 + 0.24 * len(rows) + LETTER * max(map(len, columns), default=0)
    figure = new_figure(width, height, title=title)
    axes = figure.subplots()
    mesh = axes.pcolormesh(values, cmap="Blues", vmin=0, edgecolors="white", linewidth=0.6)
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=60, ha="right")
    axes.set_xticks([], minor=True)
    axes.tick_params(length=0)
    axes.set_yticks(np.arange(len(values)) + 0.5, rows)
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(mesh, ax=axes, shrink=0.8, pad=0.01, format=percent_ticks())
    bar.set_label("share of the score")
    bar.outline.set_edgecolor(GRID)
    return figure


def _strongest(residual_map: ResidualMap) -> tuple[Floats, list[str]]:
    """Values and names of the columns to show, the strongest first."""
    order = np.argsort(-residual_map.values.max(axis=0, initial=0.0), kind="stable")
    shown, rest = order[:MOST_COLUMNS], order[MOST_COLUMNS:]
    values = residual_map.values[:, shown]
    names = [legible(residual_map.columns[column]) for column in shown.tolist()]
    if not len(rest):
        return values, names
    others = residual_map.values[:, rest].sum(axis=1, keepdims=True)
    return np.hstack([values, others]), [*names, f"{len(rest)} others"]

"""What the pictures of a reproduced table show, read back from the figure."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from oddflow.core.evaluation import Estimate, TrainingHistory
from oddflow.evaluate.canvas import svg
from oddflow.evaluate.class_confusion import ClassConfusion
from oddflow.evaluate.class_figures import (
    Bar,
    accuracy_bars,
    class_heat_map,
    training_curves,
)
from tests.evaluate.reproductions import made_history

NAN = float("nan")


def bars_of(figure: Figure) -> list[Rectangle]:
    return [one for one in figure.axes[0].patches if isinstance(one, Rectangle)]


def labels(axes: Axes) -> list[str]:
    return [str(line.get_label()) for line in axes.get_lines()]


def confusion(k: int) -> ClassConfusion:
    counts = np.eye(k) * 90
    counts[:, 0] += 10
    return ClassConfusion(("normal", *(f"attack_{i}" for i in range(1, k))), counts)


def test_bars_are_as_long_as_the_accuracy_and_hollow_when_published() -> None:
    bars = [
        Bar("CNN*", Estimate(0.98, 0.01, 0.97, 0.99), 0.926),
        Bar("RNN", Estimate(0.8, 0.0, 0.8, 0.8), NAN),
    ]
    figure = accuracy_bars(bars, floor=0.53, title="accuracy")
    ours, published, other = bars_of(figure)
    assert [bar.get_width() for bar in (ours, published, other)] == [0.98, 0.926, 0.8]
    assert published.get_facecolor()[:3] == (1.0, 1.0, 1.0)
    assert ours.get_facecolor() == other.get_facecolor() != published.get_facecolor()
    shown = svg(figure)
    for text in ("CNN*", "98.00 %", "published 92.60 %", "most frequent class throughout: 53.00 %"):
        assert f">{text}</text>" in shown


def test_bars_survive_what_is_not_known() -> None:
    bars = [
        Bar("x", Estimate(NAN, NAN, NAN, NAN), NAN),
        Bar("y", Estimate(0.5, NAN, NAN, NAN), NAN),
    ]
    figure = accuracy_bars(bars, floor=NAN, title="accuracy")
    assert [bar.get_width() for bar in bars_of(figure)] == [0.5]
    assert "most frequent" not in svg(figure)
    assert "nan" not in svg(figure)


@pytest.mark.parametrize("k", [2, 5, 12, 13, 23, 40])
def test_heat_map_shades_each_cell_by_its_share_of_the_row(k: int) -> None:
    figure = class_heat_map(confusion(k), title="confusion")
    (mesh,) = [one for one in figure.axes[0].collections if isinstance(one, PolyCollection)]
    corners = [tuple(np.asarray(path.vertices)[0].astype(int)) for path in mesh.get_paths()]
    shares = dict(zip(corners, np.asarray(mesh.get_array()).tolist(), strict=True))
    expected = {(0, 0): 1.0}
    for i in range(1, k):
        expected |= {(0, i): 0.1, (i, i): 0.9}
    assert shares == pytest.approx(expected), "column, row -> share"
    shown = svg(figure)
    assert len(re.findall(r">90\.0( %)?</", shown)) == (k - 1 if k <= 12 else 0)
    assert ("share of the row" in shown) == (k > 12)
    for i in range(1, k):
        assert f">attack_{i}</text>" in shown
        assert f">attack_{i} (100)</text>" in shown


def test_few_classes_have_counts_too() -> None:
    assert ">100</text>" in svg(class_heat_map(confusion(2), title="confusion"))
    assert ">100</text>" not in svg(class_heat_map(confusion(6), title="confusion"))


def test_a_class_without_records_has_an_empty_row() -> None:
    counts = np.array([[5.0, 1.0], [0.0, 0.0]])
    shown = svg(class_heat_map(ClassConfusion(("normal", "worm"), counts), title="confusion"))
    assert ">worm (0)</text>" in shown
    assert "nan" not in shown


def test_each_stage_of_training_has_a_panel() -> None:
    figure = training_curves(
        {"pre-training": made_history(5), "fine-tuning": made_history(9)}, title="training"
    )
    first, second = figure.axes
    assert [first.get_title("left"), second.get_title("left")] == ["pre-training", "fine-tuning"]
    assert labels(first) == ["training", "held-out records", "kept: epoch 4"]
    assert len(np.asarray(second.get_lines()[0].get_xdata())) == 9
    assert second.get_ylabel() == "loss"


def test_a_machine_shows_its_reconstruction_error_alone() -> None:
    history = TrainingHistory((-3.0, -1.0), (0.2, 0.1), best_epoch=1, seconds=1.0)
    (axes,) = training_curves({"pre-training, layer 1": history}, title="training").axes
    assert labels(axes) == ["held-out records", "kept: epoch 2"]
    assert axes.get_ylabel() == "reconstruction error"
    assert np.asarray(axes.get_lines()[0].get_ydata()).tolist() == [0.2, 0.1]


def test_many_stages_go_on_in_a_second_row() -> None:
    stages = {f"pre-training, layer {i}": made_history() for i in range(1, 6)}
    figure = training_curves(stages, title="training")
    visible = [axes for axes in figure.axes if axes.axison]
    assert len(visible) == 5
    assert math.isclose(figure.get_figheight(), 5.8)


def test_a_single_epoch_is_a_dot() -> None:
    history = TrainingHistory((1.0,), (0.5,), best_epoch=0, seconds=0.1)
    (axes,) = training_curves({"training": history}, title="training").axes
    assert [line.get_marker() for line in axes.get_lines()[:2]] == ["o", "o"]
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]

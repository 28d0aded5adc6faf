"""What the pictures show, read back from the figure."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch

from oddflow.core.evaluation import ResidualMap, Run, TestSetResult, TrainingHistory
from oddflow.evaluate.breakdown import AttackRecall
from oddflow.evaluate.canvas import svg, system_styles
from oddflow.evaluate.counts import Confusion, ScoredRecords
from oddflow.evaluate.diagnostics import loss_curve, recall_by_attack, residual_heat_map
from oddflow.evaluate.figures import (
    confusion_matrix,
    precision_recall_curves,
    roc_curves,
    score_histogram,
)


def first_runs(result: TestSetResult) -> dict[str, Run]:
    return {system: runs[0] for system, runs in result.runs.items()}


def texts(figure: Figure) -> str:
    return svg(figure)


def line(axes: Axes, label: str) -> np.ndarray:
    (found,) = [one for one in axes.get_lines() if one.get_label() == label]
    return np.asarray(found.get_xydata())


def test_roc_draws_each_system_and_where_its_threshold_puts_it(result: TestSetResult) -> None:
    runs, truth = first_runs(result), result.labels.is_attack
    styles = system_styles(list(runs), ours="ours")
    figure = roc_curves(runs, truth, styles=styles, target_fpr=0.05, title="ROC")
    whole, low = figure.axes
    for system, run in runs.items():
        reading = ScoredRecords(run.scores, truth, threshold=run.threshold).read()
        for axes in (whole, low):
            points = line(axes, system)
            assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(reading.curve.auroc())
        dots = [one for one in whole.get_lines() if one.get_marker() == "o"]
        spots = [np.asarray(dot.get_xydata()).tolist() for dot in dots]
        assert [[reading.confusion.fpr, reading.confusion.recall]] in spots
    assert low.get_xscale() == "log"
    assert ">weak</text>" in texts(figure)


def test_precision_recall_starts_where_something_is_flagged(result: TestSetResult) -> None:
    runs, truth = first_runs(result), result.labels.is_attack
    styles = system_styles(list(runs), ours="ours")
    figure = precision_recall_curves(runs, truth, styles=styles, title="PR")
    points = line(figure.axes[0], "ours")
    assert points[-1] == pytest.approx([1.0, truth.mean()])
    assert (points[:, 1] > 0).all()


def test_histogram_counts_every_kind(result: TestSetResult) -> None:
    run = result.runs["ours"][0]
    figure = score_histogram(run, result.labels.is_attack, result.novel, title="scores")
    assert figure.axes[0].get_xscale() == "log"
    shown = texts(figure)
    for label in ("normal (200)", "known attacks (90)", "novel attacks (45)"):
        assert label in shown


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        (np.array([0.0, 0.001, 1.0, 50.0]), "log"),
        (np.array([-1.0, 0.0, 1.0, 50.0]), "linear"),
        (np.array([0.5, 0.6, 0.7, 0.8]), "linear"),
        (np.zeros(4), "linear"),
        (np.ones(4), "linear"),
    ],
)
def test_histogram_suits_its_scale_to_the_scores(scores: np.ndarray, scale: str) -> None:
    truth = np.array([False, False, True, True])
    figure = score_histogram(Run(0, scores, 0.6, 0.0, 0.0), truth, ~truth & False, title="scores")
    axes = figure.axes[0]
    assert axes.get_xscale() == scale
    outlines = [one for one in axes.patches if isinstance(one, StepPatch) and not one.get_fill()]
    assert [one.get_data()[0].sum() for one in outlines] == pytest.approx([1.0, 1.0])
    assert "novel" not in texts(figure)


def test_confusion_matrix_shows_counts_and_shares() -> None:
    shown = texts(confusion_matrix(Confusion(tp=1500, fp=5, fn=500, tn=95), title="confusion"))
    for text in ("1,500", "75.0 %", "25.0 %", "95.0 %", "5.0 %"):
        assert f">{text}</text>" in shown


def test_confusion_matrix_of_attacks_alone() -> None:
    assert "0.0 %" in texts(confusion_matrix(Confusion(tp=3, fp=0, fn=1, tn=0), title="confusion"))


def test_loss_curve_marks_the_epoch_that_was_kept() -> None:
    history = TrainingHistory((1.0, 0.1, 0.05), (1.0, 0.2, 0.3), best_epoch=1, seconds=2.0)
    figure = loss_curve(history, title="loss")
    axes = figure.axes[0]
    assert line(axes, "training").tolist() == [[1, 1.0], [2, 0.1], [3, 0.05]]
    assert line(axes, "kept: epoch 2")[:, 0].tolist() == [2, 2]
    assert axes.get_yscale() == "log"


def test_loss_curve_of_one_epoch_is_linear() -> None:
    history = TrainingHistory((0.0,), (0.0,), best_epoch=0, seconds=0.1)
    assert loss_curve(history, title="loss").axes[0].get_yscale() == "linear"


def test_bars_are_hollow_where_training_has_none() -> None:
    attacks = (
        AttackRecall("neptune", "dos", novel=False, n=4657, recall=1.0),
        AttackRecall("worm", "r2l", novel=True, n=2, recall=0.5),
    )
    figure = recall_by_attack(attacks, title="recall")
    seen, novel = (one for one in figure.axes[0].patches if isinstance(one, Rectangle))
    assert seen.get_width() == 1.0
    assert novel.get_width() == 0.5
    assert novel.get_facecolor()[:3] == (1.0, 1.0, 1.0)
    assert seen.get_facecolor()[:3] != (1.0, 1.0, 1.0)
    shown = texts(figure)
    for text in ("100 % of 4,657", "50 % of 2", "never seen in training", "r2l"):
        assert text in shown


def test_residual_map_sums_up_the_weakest_features() -> None:
    random = np.random.default_rng(0)
    values = random.dirichlet(np.ones(30), size=3)
    columns = tuple(f"feature {i}" for i in range(30))
    figure = residual_heat_map(ResidualMap(("a", "b", "c"), columns, values), title="map")
    (mesh,) = figure.axes[0].collections
    shown = np.asarray(mesh.get_array()).reshape(3, -1)
    assert shown.shape == (3, 25)
    np.testing.assert_allclose(shown.sum(axis=1), 1.0)
    strongest = values.max(axis=0).argmax()
    np.testing.assert_array_equal(shown[:, 0], values[:, strongest])
    text = texts(figure)
    assert "6 others" in text
    assert f"feature {strongest}" in text


def test_small_residual_map_has_no_others() -> None:
    figure = residual_heat_map(ResidualMap(("a",), ("x", "y"), np.array([[0.2, 0.8]])), title="map")
    assert "others" not in texts(figure)


def test_pyplot_is_never_imported() -> None:
    code = (
        "import sys; import oddflow.evaluate.report; "
        "raise SystemExit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""The reproduced table in the terminal."""

from __future__ import annotations

import dataclasses
import io
import re

import numpy as np
import pytest
from rich.console import Console

from oddflow.core.evaluation import Estimate, Evaluation, Run, TestSetResult
from oddflow.core.matrix import Labels
from oddflow.core.reproduction import Published, Reproduction, System
from oddflow.evaluate.classes import CLASS_METRICS
from oddflow.evaluate.comparison import published_beside
from oddflow.evaluate.reproduction_table import (
    MERITS,
    QUICK,
    compact,
    reproduction_tables,
)

PAPER = Published(
    source="A 2024, table 4", metrics={"accuracy": 0.926}, protocol="random-split, presumably"
)
NO_ACCURACY = Published(source="B 2020", metrics={"precision": 0.9}, protocol="random-split")
OFFICIAL = Published(source="C 2017", metrics={"accuracy": 0.8328}, protocol="official")
FIGURES: dict[str, tuple[float, ...]] = {
    "cnn": (0.99, 0.98, 0.97, 0.96, 0.95, 125.0, 30_000.0),
    "proposed": (0.9904, 0.97, 0.96, 0.95, 0.94, 12.34, 1_250_000.0),
    "rnn": (0.5, 0.4, 0.3, 0.2, 0.1, 99_999.0, 812.0),
}
METRICS = (
    "accuracy",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "f1_macro",
    "fit_s",
    "records_per_s",
)


def system(title: str, n_parameters: int, published: Published | None, *, ours: bool) -> System:
    return System(
        title=title,
        description="a network",
        in_the_style_of=ours,
        n_parameters=n_parameters,
        published=published,
        remarks=(),
        histories={},
    )


def result(name: str, figures: dict[str, tuple[float, ...]]) -> TestSetResult:
    attack = np.array(["normal"] * 6 + ["neptune"] * 4, dtype=object)
    runs = {s: (Run(0, np.zeros(10), 0.0, 1.0, 1.0),) * (1 + (s == "cnn")) for s in figures}
    metrics = {
        s: {name: Estimate(v, 0.0, v, v) for name, v in zip(METRICS, values, strict=True)}
        for s, values in figures.items()
    }
    return TestSetResult(name, Labels(attack, attack), np.zeros(10, bool), runs, metrics)


@pytest.fixture
def reproduction() -> Reproduction:
    random = Evaluation("random-split", (0, 1), 0.05, {"20%": result("20%", FIGURES)})
    hard = {name: values for name, values in FIGURES.items() if name != "rnn"}
    tests = {"KDDTest+": result("KDDTest+", FIGURES), "KDDTest-21": result("KDDTest-21", hard)}
    return Reproduction(
        table="4",
        title="Table 4 of somebody, 2 classes",
        n_classes=2,
        evaluations=(random, Evaluation("official", (0, 1), 0.05, tests)),
        systems={
            "cnn": system("CNN", 5_000, PAPER, ours=False),
            "rnn": system("RNN", 123_456, OFFICIAL, ours=False),
            "proposed": system("Proposed (b)", 1_234_567, NO_ACCURACY, ours=True),
        },
        is_quick=False,
    )


def rendered(reproduction: Reproduction, *, width: int = 80, color: bool = False) -> list[str]:
    texts = []
    for table in reproduction_tables(reproduction):
        console = Console(
            file=io.StringIO(),
            width=width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=False,
        )
        console.print(table)
        assert isinstance(console.file, io.StringIO)
        texts.append(console.file.getvalue())
    return texts


def row(text: str, title: str) -> list[str]:
    (found,) = [line for line in text.splitlines() if line.strip().startswith(title)]
    return found.replace(title, "", 1).split()


def test_every_merit_is_a_metric_of_classes() -> None:
    assert set(MERITS) <= set(CLASS_METRICS)


def test_a_table_for_each_evaluation_and_test_set(reproduction: Reproduction) -> None:
    texts = rendered(reproduction)
    assert len(texts) == 3
    for text, name, protocol in zip(
        texts,
        ("20%", "KDDTest+", "KDDTest-21"),
        ("random-split", "official", "official"),
        strict=True,
    ):
        assert "Table 4 of somebody, 2 classes" in text
        assert f"{name}, protocol {protocol}" in text
        assert "10 records, 4 of them attacks" in text
    assert "RNN" in texts[1]
    assert "RNN" not in texts[2], "it was not run there"


def test_a_row_holds_ours_the_published_and_the_cost(reproduction: Reproduction) -> None:
    text = rendered(reproduction)[0]
    ours = ["0.990", "0.980", "0.970", "0.960", "0.950"]
    assert row(text, "CNN") == [*ours, "0.926", "+6.4", "125", "5000", "30k"]
    assert row(text, "RNN")[5:] == ["-", "-", "100k", "123k", "812"]
    assert row(text, "Proposed (b)*")[5:] == ["-", "-", "12.3", "1.2M", "1.2M"]
    lines = text.splitlines()
    places = [next(i for i, one in enumerate(lines) if t in one) for t in ("CNN", "RNN", "Propos")]
    assert places == sorted(places), "in the order of the paper"


def test_published_figures_stay_beside_their_protocol(reproduction: Reproduction) -> None:
    _, official, hard = rendered(reproduction)
    assert row(official, "CNN")[5:7] == ["-", "-"]
    assert row(official, "RNN")[5:7] == ["0.833", "-33.3"]
    assert row(hard, "CNN")[5:7] == ["-", "-"]


@pytest.mark.parametrize(
    ("protocol", "shown"),
    [
        ("official", ["KDDTest+"]),
        ("official, presumably", ["KDDTest+"]),
        ("official, KDDTest-21", ["KDDTest-21"]),
        ("official, KDDTest+ and KDDTest-21", ["KDDTest+", "KDDTest-21"]),
        ("random-split", []),
        ("presumably official", []),
    ],
)
def test_a_figure_belongs_to_the_test_set_that_it_names_or_the_first(
    reproduction: Reproduction, protocol: str, shown: list[str]
) -> None:
    one = system("CNN", 1, dataclasses.replace(OFFICIAL, protocol=protocol), ours=False)
    official = reproduction.evaluations[1]
    assert [t for t in official.test_sets if published_beside(one, official, t)] == shown
    assert published_beside(system("CNN", 1, None, ours=False), official, "KDDTest+") is None


def test_the_best_of_each_column_is_bold(reproduction: Reproduction) -> None:
    text = rendered(reproduction, color=True)[0]
    bold = [part.split("\x1b")[0].strip() for part in text.split("\x1b[1m")[1:]]
    figures = [one for one in bold if re.fullmatch(r"[\d.]+[kMG]?", one)]
    assert sorted(figures) == sorted(
        [
            *("0.990", "0.990"),  # which three decimals cannot tell apart
            *("0.980", "0.970", "0.960", "0.950"),
            *("12.3", "5000", "1.2M"),
        ]
    )


def test_the_asterisk_is_explained_where_there_is_one(reproduction: Reproduction) -> None:
    text = rendered(reproduction)[0]
    assert "Proposed (b)*" in text
    assert "CNN*" not in text
    assert "* In the style of the original" in " ".join(text.split())
    systems = {
        name: dataclasses.replace(one, in_the_style_of=False)
        for name, one in reproduction.systems.items()
    }
    plain = rendered(dataclasses.replace(reproduction, systems=systems))[0]
    assert "*" not in plain


def test_seeds_are_counted(reproduction: Reproduction) -> None:
    assert "mean of 1 to 2 seeds" in rendered(reproduction)[0]
    alone = dataclasses.replace(reproduction, systems={"rnn": reproduction.systems["rnn"]})
    assert "mean of 1 seed." in rendered(alone)[0]


def test_what_was_cut_short_is_not_to_be_quoted(reproduction: Reproduction) -> None:
    assert all(QUICK not in text for text in rendered(reproduction))
    quick = dataclasses.replace(reproduction, is_quick=True)
    assert all(QUICK in text for text in rendered(quick))


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal(reproduction: Reproduction, width: int) -> None:
    long = dataclasses.replace(
        reproduction.systems["proposed"], title="an LSTM autoencoder of a very long name indeed"
    )
    systems = {**reproduction.systems, "proposed": long}
    for text in rendered(dataclasses.replace(reproduction, systems=systems), width=width):
        assert all(len(line) <= width for line in text.splitlines())
        assert "…" not in text, "a number or name was cut"
        assert "0.990" in text


def test_names_are_not_markup(reproduction: Reproduction) -> None:
    hostile = dataclasses.replace(reproduction.systems["cnn"], title="[red]x[/] [")
    systems = {**reproduction.systems, "cnn": hostile}
    text = rendered(dataclasses.replace(reproduction, systems=systems, title="[b]t[/x]"))[0]
    assert "[red]x[/] [" in text
    assert "[b]t[/x]" in text


def test_what_is_missing_or_undefined_is_a_dash(reproduction: Reproduction) -> None:
    nan = float("nan")
    empty = result("20%", FIGURES)
    metrics = {"cnn": {"accuracy": Estimate(nan, nan, nan, nan)}}
    evaluation = dataclasses.replace(
        reproduction.evaluations[0], test_sets={"20%": dataclasses.replace(empty, metrics=metrics)}
    )
    text = rendered(dataclasses.replace(reproduction, evaluations=(evaluation,)))[0]
    assert row(text, "CNN") == ["-"] * 5 + ["0.926", "-", "-", "5000", "-"]


@pytest.mark.parametrize("power", np.linspace(-3, 11.999, 60).tolist())
def test_compact_numbers_are_short_and_close(power: float) -> None:
    value = 10.0**power
    text = compact(value)
    assert len(text) <= 5
    factor = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1])
    back = float(text) if factor is None else float(text[:-1]) * factor
    assert abs(back - value) <= max(0.06, 0.06 * value)

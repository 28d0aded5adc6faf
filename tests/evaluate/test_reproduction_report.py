"""The page of a reproduced table, read back with a parser."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Estimate
from oddflow.core.reproduction import Reproduction
from oddflow.evaluate.classes import CLASS_METRICS
from oddflow.evaluate.reproduction_report import render_reproduction
from oddflow.evaluate.reproduction_table import QUICK
from tests.evaluate.pages import HOSTILE, Page, assert_asks_for_nothing, assert_no_id_twice
from tests.evaluate.reproductions import SYSTEMS, Made, made_reproduction

NAN = float("nan")
DETAILS = {"command": "oddflow reproduce --table 4", "oddflow": "0.1.0"}


@pytest.fixture(scope="module")
def reproduction() -> Reproduction:
    return made_reproduction()


@pytest.fixture(scope="module")
def page(reproduction: Reproduction) -> str:
    return render_reproduction(reproduction, details=DETAILS)


def table_rows(html: str, place: int) -> dict[str, list[str]]:
    """Title of a system -> text of its cells, of one test set."""
    (table,) = re.findall(
        rf'<h2 id="test-{place}">.*?<table class="results">(.*?)</table>', html, re.DOTALL
    )
    rows = re.findall(r"<tr>\s*<th scope=\"row\">(.*?)</th>(.*?)</tr>", table, re.DOTALL)
    return {
        title: [
            re.sub(r"<[^>]+>", " ", cell)
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.DOTALL)
        ]
        for title, cells in rows
    }


def test_every_figure_stands_in_the_table(reproduction: Reproduction, page: str) -> None:
    results = [result for e in reproduction.evaluations for result in e.test_sets.values()]
    for place, result in enumerate(results, start=1):
        rows = table_rows(page, place)
        assert len(rows) == len(result.metrics)
        for name, system in reproduction.systems.items():
            mark = "*" if system.in_the_style_of else ""
            cells = rows[system.title + mark]
            for cell, metric in zip(cells, CLASS_METRICS, strict=False):
                estimate = result.metrics[name][metric]
                assert cell.split()[0] == f"{100 * estimate.mean:.2f}"
                assert f"± {100 * estimate.std:.2f}" in cell
                assert f"{100 * estimate.low:.2f} to {100 * estimate.high:.2f}" in cell
            assert cells[-1] == f"{system.n_parameters:,}"


def test_published_figures_stand_beside_their_protocol_alone(page: str) -> None:
    random, official, hard = (table_rows(page, place) for place in (1, 2, 3))
    assert "published 92.60" in random["CNN*"][0]
    assert "published 92.60" in random["CNN*"][3], "F1"
    assert "published" not in " ".join(random["Yin 2017, RNN-IDS*"])
    assert "published 83.28" in official["Yin 2017, RNN-IDS*"][0]
    for rows in (official, hard):
        assert "published" not in " ".join(rows["CNN*"])
    assert "published" not in str(hard)
    assert "points" not in str(hard)
    text = Page(page).text
    assert "those that are known belong to another protocol or test set" in text
    assert "Source of CNN (random-split, presumably)" in text


def test_a_published_figure_has_the_difference_beside_it(reproduction: Reproduction) -> None:
    (result,) = reproduction.evaluations[0].test_sets.values()
    cnn = {**result.metrics["cnn"], "accuracy": Estimate(0.986, 0.0, 0.98, 0.99)}
    ann = {**result.metrics["ann"], "accuracy": Estimate(0.25, 0.0, 0.2, 0.3)}
    changed = dataclasses.replace(result, metrics={**result.metrics, "cnn": cnn, "ann": ann})
    evaluation = dataclasses.replace(reproduction.evaluations[0], test_sets={result.name: changed})
    rows = table_rows(
        render_reproduction(
            dataclasses.replace(reproduction, evaluations=(evaluation,), corpora=())
        ),
        1,
    )
    assert "published 92.60  +6.00 points" in rows["CNN*"][0]
    assert "published 34.99  -9.99 points" in rows["ANN*"][0]
    assert "points" not in rows["DBN*"][0]


def test_the_page_says_the_findings_first(page: str) -> None:
    text = Page(page).text
    order = [
        "In short",
        "Proposed (b) is best",
        "accuracy falls by",
        "Where ours and the published figures disagree",
        "62.34 points more",
        "It is below the majority class.",
        "What the protocol is worth",
        "Results, in percent",
        "in the style of the original",
        "What DBN is made of.",
        "Trained on this, tested on that.",
        "oddflow reproduce --table 4",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_the_best_of_each_column_is_bold(reproduction: Reproduction, page: str) -> None:
    (table,) = re.findall(r'<h2 id="test-1">.*?(<table.*?</table>)', page, re.DOTALL)
    bold = [cell for cell in re.findall(r'<td class="([^"]*)">', table) if "best" in cell]
    assert len(bold) >= 14
    (result,) = reproduction.evaluations[0].test_sets.values()
    lowest = min(estimates["fpr"].mean for estimates in result.metrics.values())
    assert re.search(rf'<td class=" best">{100 * lowest:.2f}<', table)


def test_pictures_of_results_and_of_training(reproduction: Reproduction, page: str) -> None:
    labels = [value for name, value in Page(page).attributes if name == "aria-label"]
    assert sum(label.startswith("Accuracy of each system") for label in labels) == 3
    assert sum(label.startswith("Confusion matrix of") for label in labels) >= 3
    trained = [system for system in reproduction.systems.values() if system.histories]
    curves = [label for label in labels if label.startswith("Training of")]
    assert len(curves) == 2 * len(trained)
    assert "reconstruction error" in page


def test_the_best_by_each_merit_has_its_confusion_matrix(reproduction: Reproduction) -> None:
    (result,) = reproduction.evaluations[0].test_sets.values()
    best = {"cnn": "accuracy", "ann": "f1_weighted", "dbn": "f1_macro"}
    metrics = {
        system: {
            metric: Estimate(v, 0.0, v, v)
            for metric in best.values()
            for v in [0.9 if best.get(system) == metric else 0.5]
        }
        for system in result.metrics
    }
    changed = dataclasses.replace(result, metrics=metrics)
    evaluation = dataclasses.replace(reproduction.evaluations[0], test_sets={result.name: changed})
    alone = dataclasses.replace(reproduction, evaluations=(evaluation,), corpora=())
    text = Page(render_reproduction(alone)).text
    assert "Verdicts of CNN, best by accuracy;" in text
    assert "Verdicts of ANN, best by weighted F1;" in text
    assert "Verdicts of DBN, best by macro F1;" in text


@pytest.mark.parametrize("truth", [None, np.array([], dtype=object)])
def test_no_confusion_matrix_without_truth(
    reproduction: Reproduction, truth: np.ndarray | None
) -> None:
    (result,) = reproduction.evaluations[0].test_sets.values()
    changed = dataclasses.replace(result, truth=truth)
    evaluation = dataclasses.replace(reproduction.evaluations[0], test_sets={result.name: changed})
    html = render_reproduction(
        dataclasses.replace(reproduction, evaluations=(evaluation,), corpora=())
    )
    assert "Accuracy of each system" in html
    assert "Confusion matrix" not in html


@pytest.mark.parametrize("n_classes", [2, 5, 23])
@pytest.mark.parametrize("n_seeds", [1, 5])
def test_any_classes_and_seeds(n_classes: int, n_seeds: int) -> None:
    systems = {name: SYSTEMS[name] for name in ("majority", "cnn")}
    html = render_reproduction(
        made_reproduction(systems, n_classes=n_classes, seeds=tuple(range(n_seeds)))
    )
    assert_asks_for_nothing(html)
    assert_no_id_twice(html)
    cells = table_rows(html, 1)["CNN*"]
    assert len(cells) == 7 + (7 if n_classes == 2 else 3) + 3
    assert ("±" in cells[0]) == (n_seeds > 1), "a single seed has no spread"
    assert f"{n_classes} classes occur" in Page(html).text


def test_the_page_asks_the_network_for_nothing(page: str) -> None:
    assert_asks_for_nothing(page)
    assert_no_id_twice(page)


def test_the_page_is_the_same_each_time(reproduction: Reproduction, page: str) -> None:
    assert render_reproduction(reproduction, details=DETAILS) == page


def test_a_quick_run_is_not_to_be_quoted(page: str) -> None:
    quick = made_reproduction({"cnn": SYSTEMS["cnn"]}, is_quick=True)
    html = render_reproduction(quick)
    assert html.index(QUICK) < html.index("In short")
    assert html.count(QUICK) == 1 + 3
    assert QUICK not in page


def test_hostile_text_stays_text() -> None:
    hostile = made_reproduction(
        {
            f"{HOSTILE}{i}": Made(
                f"{HOSTILE}{i}", 0.9, 0.8, 0.5, f"random-split {HOSTILE}", (HOSTILE,), (HOSTILE,)
            )
            for i in range(2)
        },
        names=(HOSTILE, f"{HOSTILE}b", f"{HOSTILE}c"),
        corpora=(HOSTILE, HOSTILE),
        notes=(HOSTILE,),
    )
    for evaluation in hostile.evaluations:
        for result in evaluation.test_sets.values():
            assert result.truth is not None
            result.truth[result.truth == "attack"] = HOSTILE
    html = render_reproduction(
        dataclasses.replace(hostile, title=HOSTILE, table=HOSTILE), details={HOSTILE: HOSTILE}
    )
    assert_asks_for_nothing(html)
    assert_no_id_twice(html)
    page = Page(html)
    assert "<script" not in html
    assert "onerror=alert(1)>" not in html
    assert "{{ 7 * 7 }}" in page.text, "text is not a template"
    assert page.text.count(HOSTILE) > 30


def test_what_is_not_known_is_not_shown_as_a_number(reproduction: Reproduction) -> None:
    nothing = Estimate(NAN, NAN, NAN, NAN)
    evaluations = tuple(
        dataclasses.replace(
            evaluation,
            notes=(),
            test_sets={
                name: dataclasses.replace(
                    result,
                    truth=None,
                    predicted={},
                    runs={},
                    novel=np.zeros_like(result.novel),
                    metrics={"cnn": dict.fromkeys(CLASS_METRICS, nothing), "ann": {}},
                )
                for name, result in evaluation.test_sets.items()
            },
        )
        for evaluation in reproduction.evaluations
    )
    empty = dataclasses.replace(reproduction, evaluations=evaluations, corpora=())
    html = render_reproduction(empty)
    assert_no_id_twice(html)
    page = Page(html)
    assert not re.search(r"\bnan\b", page.text)
    assert "no accuracy is known" in page.text
    cells = table_rows(html, 1)["CNN*"]
    assert cells[0].split() == ["n/a", "published", "92.60"]
    assert set(cells[4:-1]) == {"n/a"}
    assert "Confusion matrix" not in html


def test_systems_without_published_figures() -> None:
    unpublished = made_reproduction({"dbn": SYSTEMS["dbn"], "majority": SYSTEMS["majority"]})
    text = Page(render_reproduction(unpublished)).text
    assert "No published figures are known of these systems." in text
    assert "Nowhere, as far" not in text
    agreed = made_reproduction({"proposed": SYSTEMS["proposed"]._replace(published=0.995)})
    assert "Nowhere, as far as they can be compared." in Page(render_reproduction(agreed)).text
    assert "nothing to compare with" in text


def test_refuses_what_cannot_be_reported(reproduction: Reproduction) -> None:
    with pytest.raises(InputError, match="no test set"):
        render_reproduction(dataclasses.replace(reproduction, evaluations=(), corpora=()))
    systems = {name: s for name, s in reproduction.systems.items() if name != "dbn"}
    with pytest.raises(InputError, match=r"a description of every system .* none of dbn"):
        render_reproduction(dataclasses.replace(reproduction, systems=systems))

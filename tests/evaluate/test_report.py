"""The HTML page, read back with a parser."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from oddflow.core.errors import InputError
from oddflow.core.evaluation import Evaluation, FeatureShift, ResidualMap, TrainingHistory
from oddflow.core.matrix import Times
from oddflow.core.verdicts import Cause, Explanation, Verdict
from oddflow.evaluate.kinds import kinds_found
from oddflow.evaluate.metrics import METRICS
from oddflow.evaluate.report import render_report, write_report
from oddflow.evaluate.wording import quantity
from tests.evaluate.pages import HOSTILE, Page, assert_asks_for_nothing, assert_no_id_twice


def verdict(
    *, feature: str = "service", observed: str | float = "private", share: float = 0.6
) -> Verdict:
    cause = Cause(feature=feature, share=share, observed=observed, expected="http")
    return Verdict(
        row=7, score=9.0, p_value=0.0004, threshold=5.0, explanation=Explanation((cause,))
    )


@pytest.fixture(scope="module")
def full(evaluation: Evaluation) -> str:
    return render_report(
        evaluation,
        ours="ours",
        title="A report",
        history=TrainingHistory((1.0, 0.5), (1.0, 0.6), best_epoch=1, seconds=3.0),
        residual_map=ResidualMap(("normal",), ("x", "y"), np.array([[0.4, 0.6]])),
        explained=[("Test row 7: neptune", verdict())],
        details={"Data": "NSL-KDD"},
    )


def test_the_page_says_it_all(full: str, evaluation: Evaluation) -> None:
    text = Page(full).text
    result = evaluation.test_sets["Test"]
    for system, estimates in result.metrics.items():
        assert system in text
        for name in METRICS:
            assert f"{estimates[name].mean:.4f}± {estimates[name].std:.4f}" in text
    for part in ("Oracle, not attainable", "neptune", "snmpguess", "never seen in training"):
        assert part in text
    for part in ("Test row 7: neptune", "0.04 % of normal traffic", "NSL-KDD", "335 records"):
        assert part in text
    assert Page(full).tags.count("svg") == 7


def test_the_page_asks_the_network_for_nothing(full: str) -> None:
    assert_asks_for_nothing(full)


def test_no_id_stands_twice(full: str) -> None:
    assert_no_id_twice(full)


def test_the_page_is_the_same_each_time(evaluation: Evaluation) -> None:
    pages = [render_report(evaluation, ours="ours", title="A report") for _ in range(2)]
    assert pages[0] == pages[1]


def test_the_best_is_bold_and_the_oracle_is_not_ranked(full: str) -> None:
    best = re.findall(r'<td class="([^"]*)">([^<]*)<', full)
    bold = [classes for classes, _ in best if "best" in classes.split()]
    assert bold
    assert not any("oracle" in classes for classes in bold)
    assert sum("oracle" in classes for classes, _ in best) == 4
    assert '<tr class="ours">' in full


def test_optional_sections_may_be_missing(evaluation: Evaluation) -> None:
    text = Page(render_report(evaluation, ours="ours", title="A report")).text
    assert "The model" not in text
    assert "Why records were flagged" not in text


@pytest.fixture
def timed(evaluation: Evaluation) -> Evaluation:
    """The same evaluation with kinds of attack, each record half a second long, and a shift."""
    result = evaluation.test_sets["Test"]
    start_s = np.arange(len(result.labels), dtype=np.float64)
    kinds = {
        system: kinds_found(result.labels, runs, Times(start_s, start_s + 0.5))
        for system, runs in result.runs.items()
    }
    shift = FeatureShift(
        feature="<service>", distance=0.625, outside=0.25, shift_sd=None, train="ftp", test="http"
    )
    told = dataclasses.replace(result, kinds=kinds, shift=(shift,))
    return dataclasses.replace(evaluation, test_sets={"Test": told})


def test_kinds_of_attack_have_their_first_alert(timed: Evaluation, full: str) -> None:
    html = render_report(timed, ours="ours", title="A report")
    neptune = next(k for k in timed.test_sets["Test"].kinds["ours"].kinds if k.attack == "neptune")
    (row,) = re.findall(r'<th scope="row">neptune</th>.*?</tr>', html, re.DOTALL)
    cells = re.findall(r"<td>([^<]*)</td>", row)
    assert cells[-4:] == [
        "3 of 3",
        "95.4 %",
        quantity(neptune.first_alert_s),
        quantity(neptune.false_alerts_before),
    ]
    text = Page(html).text
    assert "of 4 kinds alerted at least once; luck alone would alert" in text
    assert "<details open>" in html
    assert "First alert" not in Page(full).text
    assert "<details open>" not in full


def test_features_that_changed_are_shown(timed: Evaluation, full: str) -> None:
    text = Page(render_report(timed, ours="ours", title="A report")).text
    assert "How normal traffic differs from that of training" in text
    assert "<service>0.6225 %n/aftphttp" in text
    assert "differs from that of training" not in Page(full).text


def test_hostile_text_stays_text(build_evaluation: Callable[..., Evaluation]) -> None:
    hostile = build_evaluation(
        {HOSTILE: 1.0, f"{HOSTILE}2": 0.5}, test_sets=(HOSTILE,), notes=(HOSTILE,)
    )
    labels = hostile.test_sets[HOSTILE].labels
    for names in (labels.attack, labels.family):
        names[names == "neptune"] = HOSTILE
        names[names == "dos"] = f"{HOSTILE}family"
    html = render_report(
        hostile,
        ours=HOSTILE,
        title=HOSTILE,
        residual_map=ResidualMap((HOSTILE,), (HOSTILE,), np.array([[1.0]])),
        explained=[(HOSTILE, verdict(feature=HOSTILE, observed=HOSTILE))],
        details={HOSTILE: HOSTILE},
    )
    page = Page(html)
    assert not {"script", "img"} & set(page.tags)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "<script" not in html
    assert "onerror=alert(1)>" not in html
    assert "{{ 7 * 7 }}" in page.text, "text is not a template"
    assert page.text.count(HOSTILE) > 12


@pytest.mark.parametrize(("share", "width"), [(1.7, "100.0%"), (-0.2, "0.0%"), (0.25, "25.0%")])
def test_bars_stay_in_their_box(evaluation: Evaluation, share: float, width: str) -> None:
    html = render_report(
        evaluation, ours="ours", title="A report", explained=[("row", verdict(share=share))]
    )
    record = html[html.index('<article class="card record">') :]
    assert f'style="width: {width}"' in record


def test_refuses_a_system_that_was_not_run(evaluation: Evaluation) -> None:
    with pytest.raises(InputError, match=r"no system 'theirs'; there are \['ours', 'weak'\]"):
        render_report(evaluation, ours="theirs", title="A report")
    with pytest.raises(InputError, match="no test set"):
        render_report(Evaluation("empty", (0,), 0.05, {}), ours="ours", title="A report")


def test_write_replaces_the_whole_page(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, "old")
    write_report(path, "new µ")
    assert path.read_text(encoding="utf-8") == "new µ"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_write_survives_half_a_character(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, "a \udcff b")
    assert path.read_text(encoding="utf-8") == "a \\udcff b"


def test_a_failed_write_leaves_the_old_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    write_report(path, "old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(f"cannot put {self} at {target}")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="cannot put"):
        write_report(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]

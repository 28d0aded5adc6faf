"""Findings in plain words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from oddflow.core.evaluation import Estimate, Evaluation, FeatureShift, TestSetResult
from oddflow.evaluate.wording import findings, of_hundred, percent

NAN = float("nan")


def exactly(value: float) -> Estimate:
    return Estimate(value, 0.0, value, value)


def with_metrics(
    result: TestSetResult, ours: dict[str, float], other: dict[str, float] | None = None
) -> TestSetResult:
    metrics = {"ours": {name: exactly(value) for name, value in ours.items()}}
    if other is not None:
        metrics["other"] = {name: exactly(value) for name, value in other.items()}
    return dataclasses.replace(result, metrics=metrics)


NUMBERS = {
    "auroc": 0.97,
    "recall": 0.861,
    "fpr": 0.0532,
    "recall_novel": 0.7,
    "precision_at_base_rate_01": 0.016,
}


def test_findings_say_what_is_achieved(result: TestSetResult) -> None:
    text = " ".join(
        findings(with_metrics(result, NUMBERS, {"auroc": 0.98}), ours="ours", target_fpr=0.06)
    )
    assert "6 % of normal traffic may be flagged" in text
    assert "ours flags 86 of 100 attacks and, falsely, 5.3 of 100 normal records" in text
    assert "training had none of, it flags 70" in text
    assert "1.6 of 100 alerts would be real" in text
    assert "place 2 of 2, with 0.9700; the best is other with 0.9800" in text
    assert "more false alarms" not in text


def test_findings_confess_a_missed_target(result: TestSetResult) -> None:
    text = " ".join(findings(with_metrics(result, NUMBERS), ours="ours", target_fpr=0.05))
    assert "more false alarms than were asked for" in text
    assert "By AUROC" not in text, "there is nothing to compare with"


def test_findings_name_what_changed_where_the_target_is_missed(result: TestSetResult) -> None:
    shift = tuple(
        FeatureShift(feature=name, distance=0.5, outside=0.0, shift_sd=0.0, train=0.0, test=1.0)
        for name in ("service", "count", "flag", "land", "duration")
    )
    changed = dataclasses.replace(with_metrics(result, NUMBERS), shift=shift)
    said = "They differ most from those of training in service, count, flag, land."
    assert said in findings(changed, ours="ours", target_fpr=0.05)
    assert said not in findings(changed, ours="ours", target_fpr=0.06)


def test_findings_name_the_next_best(result: TestSetResult) -> None:
    other = {"auroc": 0.9}
    text = findings(with_metrics(result, NUMBERS, other), ours="ours", target_fpr=0.06)[-1]
    assert (
        text
        == "By AUROC it stands at place 1 of 2, with 0.9700; the next best is other with 0.9000."
    )


def test_findings_without_novel_attacks_do_not_speak_of_them(result: TestSetResult) -> None:
    seen = dataclasses.replace(result, novel=np.zeros_like(result.novel))
    text = " ".join(findings(seen, ours="ours", target_fpr=0.05))
    assert "training had none of" not in text


def test_undefined_numbers_are_words(build_evaluation: Callable[..., Evaluation]) -> None:
    assert of_hundred(NAN) == "an unknown number"
    assert percent(NAN) == "n/a"
    result = build_evaluation().test_sets["Test"]
    text = " ".join(findings(with_metrics(result, {}), ours="ours", target_fpr=0.05))
    assert "flags an unknown number of 100 attacks" in text

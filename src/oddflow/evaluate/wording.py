"""Numbers and findings in plain words, for a reader who has never seen a ROC curve."""

from __future__ import annotations

import math
from collections.abc import Mapping

from oddflow.core.evaluation import Estimate, TestSetResult

UNDEFINED = "n/a"
N_CHANGED = 4
"""Features named that changed most."""


def decimal(value: float, decimals: int = 4) -> str:
    """A number with a fixed number of decimals, n/a where it is not defined.

    >>> decimal(0.97411), decimal(float("nan"))
    ('0.9741', 'n/a')
    """
    return UNDEFINED if math.isnan(value) else f"{value:.{decimals}f}"


def percent(share: float) -> str:
    """A share as a percentage of three digits at most.

    >>> percent(0.05), percent(0.0123), percent(1.0)
    ('5 %', '1.23 %', '100 %')
    """
    return UNDEFINED if math.isnan(share) else f"{100 * share:.3g} %"


def quantity(value: float | None) -> str:
    """A number of seconds or of things, n/a where there is none.

    >>> quantity(0.034), quantity(17.25), quantity(1240.5), quantity(3.0), quantity(None)
    ('0.03', '17.2', '1,240', '3', 'n/a')
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    if value == round(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 1 else f"{value:.1f}"


def of_hundred(share: float) -> str:
    """How many of 100; whole numbers, unless that would hide the difference from 0 or 100.

    >>> of_hundred(0.861), of_hundred(0.0532), of_hundred(0.9962), of_hundred(1.0)
    ('86', '5.3', '99.6', '100')
    """
    if math.isnan(share):
        return "an unknown number"
    count = 100 * share
    return f"{count:.0f}" if 10 <= count <= 99 or count in {0, 100} else f"{count:.1f}"


def findings(result: TestSetResult, *, ours: str, target_fpr: float) -> tuple[str, ...]:
    """What one system achieves on one test set, a sentence each; the bad news too."""
    estimates = result.metrics[ours]
    achieved = (
        f"With its threshold set so that {percent(target_fpr)} of normal traffic may be flagged, "
        f"{ours} flags {of_hundred(_mean(estimates, 'recall'))} of 100 attacks and, falsely, "
        f"{of_hundred(_mean(estimates, 'fpr'))} of 100 normal records."
    )
    sentences = [achieved]
    if "fpr" in estimates and estimates["fpr"].low > target_fpr:
        sentences.append(
            "That is more false alarms than were asked for: these normal records are odder than "
            "those the threshold was read from."
        )
        if result.shift:
            changed = ", ".join(shift.feature for shift in result.shift[:N_CHANGED])
            sentences.append(f"They differ most from those of training in {changed}.")
    if result.novel.any():
        novel = of_hundred(_mean(estimates, "recall_novel"))
        sentences.append(f"Of 100 attacks of a kind that training had none of, it flags {novel}.")
    real = of_hundred(_mean(estimates, "precision_at_base_rate_01"))
    sentences.append(f"If one record in 1,000 were an attack, {real} of 100 alerts would be real.")
    return (*sentences, *_standing(result, ours=ours))


def _standing(result: TestSetResult, *, ours: str) -> tuple[str, ...]:
    """Where ours stands among the systems by AUROC; nothing if there is no other."""
    values = {system: _mean(estimates, "auroc") for system, estimates in result.metrics.items()}
    others = {s: v for s, v in values.items() if s != ours and not math.isnan(v)}
    if not others or math.isnan(values[ours]):
        return ()
    best = max(others, key=lambda system: others[system])
    place = 1 + sum(value > values[ours] for value in others.values())
    role = "next best" if place == 1 else "best"
    standing = f"By AUROC it stands at place {place} of {len(others) + 1}"
    rival = f"the {role} is {best} with {decimal(others[best])}"
    return (f"{standing}, with {decimal(values[ours])}; {rival}.",)


def _mean(estimates: Mapping[str, Estimate], metric: str) -> float:
    return estimates[metric].mean if metric in estimates else math.nan

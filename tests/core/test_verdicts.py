import numpy as np
import pytest

from oddflow.core.verdicts import Cause, Explanation, Origin, Threshold, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.0213, "0.0213"),
        (1_379_963_888.0, "1,379,963,888"),
        (-0.5, "-0.5"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ("S0", "S0"),
    ],
)
def test_values_are_shown_as_people_write_them(value: float | str, text: str) -> None:
    assert shown(value) == text


def test_an_explanation_is_a_sentence() -> None:
    causes = (
        Cause(feature="serror_rate", share=0.8, observed=1.0, expected=0.02),
        Cause(feature="flag", share=0.15, observed="S0", expected="SF"),
    )
    assert str(Explanation(causes)) == (
        "serror_rate 1, expected 0.02 (80%); flag S0, expected SF (15%)"
    )


def test_only_scores_above_a_threshold_are_flagged() -> None:
    threshold = Threshold(value=2.0, target_fpr=0.05, n_reference=99, origin=Origin.HELD_OUT)
    assert threshold.flags(np.array([1.0, 2.0, 2.1])).tolist() == [False, False, True]

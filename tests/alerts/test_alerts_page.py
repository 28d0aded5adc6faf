"""The page on alerts says what is so: formats, fields, severities and sample lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from oddflow.alerts import cef, ecs, eve, notice, ocsf, syslog
from oddflow.alerts import table as csv_table
from oddflow.alerts.alert import Alert, Severity
from oddflow.alerts.attack import RULES
from oddflow.alerts.formats import FORMATS
from tests.alerts.checks import cef_fields, json_object
from tests.alerts.page import PAGE, table
from tests.alerts.regenerate import content, marked
from tests.alerts.samples import SCAN


def names(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Full names of all fields; items of a list count as their list."""
    for key, value in document.items():
        yield prefix + key
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from names(item, f"{prefix}{key}.")


def fields(alert: Alert) -> dict[str, set[str]]:
    """What each format writes of an alert."""
    return {
        "eve": set(names(json_object(eve.line(alert)))),
        "ecs": set(names(json_object(ecs.line(alert)))),
        "ocsf": set(names(json_object(ocsf.line(alert)))),
        "notice": {name for name, _ in notice.FIELDS},
        "cef": set(cef_fields(cef.line(alert))[1]),
        "csv": set(csv_table.COLUMNS),
    }


FIELD_ROWS = table("| what | `eve` | `ecs` | `ocsf` | `notice` | `cef` | `csv` |")


def test_there_are_fields_to_check() -> None:
    assert len(FIELD_ROWS) >= 18
    assert "timestamp" in fields(SCAN)["eve"]
    assert "score" not in fields(SCAN)["eve"]


@pytest.mark.parametrize("row", FIELD_ROWS, ids=lambda row: row[0])
def test_fields_stand_where_the_page_says(row: list[str]) -> None:
    written = fields(SCAN)
    for form, cell in zip(FORMATS, row[1:], strict=True):
        for name in re.findall("`(.+?)`", cell):
            assert name in written[form], f"{form} has no {name}"


def test_every_format_has_a_section_in_order() -> None:
    assert re.findall("^### (.+)$", PAGE, re.MULTILINE) == list(FORMATS)
    chosen = [re.findall("`([a-z]+)`", row[1]) for row in table("| you have | format |")]
    assert [form for cell in chosen for form in cell] == list(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_sample_lines_are_what_is_written(form: str) -> None:
    section = PAGE.partition(f"\n### {form}\n")[2]
    block = section.partition("```text\n")[2].partition("```")[0]
    whole = marked(content(FORMATS[form])).decode().splitlines()
    shown = marked(block.encode()).decode().splitlines()
    assert shown
    assert [line for line in shown if line not in whole] == []


def test_severities_are_as_the_page_says() -> None:
    tables = (
        eve._SEVERITIES,
        ecs._SEVERITIES,
        ocsf._SEVERITIES,
        cef._SEVERITIES,
        syslog._SEVERITIES,
    )
    written = {
        severity: [int(re.match(r"\d+", cell)[0]) for cell in cells]  # type: ignore[index]
        for severity, _, *cells in table("| severity | when |")
    }
    assert written == {severity: [numbers[severity] for numbers in tables] for severity in Severity}


def test_every_rule_is_on_the_page() -> None:
    found: dict[str, set[float]] = {}
    technique = ""
    for name, _, confidence in table("| technique | evidence | confidence |"):
        technique = name.split()[0] if name else technique
        found.setdefault(technique, set()).update(map(float, re.findall(r"0\.\d", confidence)))
    rules: dict[str, set[float]] = {"T1071": {0.5, 0.7}}
    for rule in RULES:
        rules.setdefault(rule.technique.id, set()).add(rule.confidence)
    assert found == rules

"""Style, palette and SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure

from oddflow.evaluate.canvas import OURS, new_figure, styled, svg, system_styles

HOSTILE = "<script>alert(1)</script> $x_{$ & id=\"a\" url(#b) href='#c'"


@styled
def draw(title: str, label: str = "a & b") -> Figure:
    figure = new_figure(8, 2, title=title)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], marker="o", label=label)
    axes.set_title(label)
    axes.legend()
    return figure


def ids(text: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', text)


def test_the_same_figure_is_the_same_text() -> None:
    assert svg(draw("one")) == svg(draw("one"))


def test_drawing_twice_changes_nothing() -> None:
    figure = draw("one")
    assert svg(figure) == svg(figure)


def test_figures_of_one_page_share_no_id() -> None:
    one, other = ids(svg(draw("one"))), ids(svg(draw("other")))
    assert one
    assert len(set(one)) == len(one)
    assert not set(one) & set(other)


def test_every_reference_finds_its_id() -> None:
    text = svg(draw("one"))
    references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)
    assert references
    assert {a or b for a, b in references} <= set(ids(text))


def test_svg_is_inline_and_asks_for_nothing() -> None:
    text = svg(draw("one"))
    assert text.startswith('<svg role="img" aria-label="one"')
    assert not re.search(r'(?:href|src)="(?!#)', text)
    assert "<metadata" not in text
    assert "<text" in text, "text must stay text"


def test_names_from_outside_are_shown_as_they_are() -> None:
    text = svg(draw(HOSTILE, HOSTILE))
    assert "<script" not in text
    root = ET.fromstring(text)  # noqa: S314 - made a line above
    assert root.attrib["aria-label"] == HOSTILE
    shown = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")]
    assert HOSTILE in shown


def test_matplotlib_is_left_as_it_was() -> None:
    before = dict(mpl.rcParams)
    svg(draw("one"))
    assert dict(mpl.rcParams) == before


def test_styles_single_out_ours_and_tell_the_others_apart() -> None:
    styles = system_styles([f"system {i}" for i in range(12)] + ["ours"], ours="ours")
    assert styles["ours"].color == OURS
    others = [(s.color, str(s.dashes)) for name, s in styles.items() if name != "ours"]
    assert len(set(others)) == 12
    assert OURS not in {color for color, _ in others}
    assert all(styles["ours"].width > s.width for name, s in styles.items() if name != "ours")

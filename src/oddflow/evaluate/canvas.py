"""What all figures share: one style, one palette, and the way to SVG.

Figures are made without pyplot, so nothing is registered globally and a server may draw them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

INK, MUTED, GRID = "#1b1f24", "#5c6670", "#e3e6ea"
OURS = "#d55e00"
OTHERS = ("#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6b6b6b")
"""Okabe and Ito's colours, which colour-blind readers can tell apart; the yellow, too pale on
white, is left out, and vermilion is kept for the system the report is about."""
DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 1.5, 1, 1.5)))

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.facecolor": "white",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "path.simplify_threshold": 0.4,
    "svg.fonttype": "none",
    "svg.hashsalt": "oddflow",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
}
"""Formulas are off: a dollar sign in the name of an attack is a dollar sign."""

styled = rc_context(STYLE)
"""Decorator: run a function in the style above, and leave matplotlib as it was."""

_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
_LONGEST_LABEL = 36


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How one system looks in every figure."""

    color: str
    dashes: Any
    width: float
    zorder: float


def system_styles(systems: Sequence[str], *, ours: str) -> dict[str, LineStyle]:
    """A style for each system: ours heavy and vermilion, the others thin, in the order given.

    Up to 24 others can be told apart; then colours and dashes start again.
    """
    styles = {}
    for i, system in enumerate(name for name in systems if name != ours):
        dashes = DASHES[i // len(OTHERS) % len(DASHES)]
        styles[system] = LineStyle(OTHERS[i % len(OTHERS)], dashes, 1.3, 2.0)
    return {ours: LineStyle(OURS, "solid", 2.4, 3.0), **styles}


def new_figure(width: float, height: float, *, title: str) -> Figure:
    """An empty figure of a size in inches; `title` is what a screen reader says of it."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.set_label(title)
    return figure


def legible(name: str) -> str:
    r"""A name as a label: printable, not too long, and not hidden by a leading underscore.

    >>> legible("nmap"), legible("_x\x00"), legible("a" * 40)[-4:]
    ('nmap', ' _x?', 'aaa…')
    """
    shown = "".join(c if c.isprintable() else "?" for c in name)
    if len(shown) > _LONGEST_LABEL:
        shown = shown[: _LONGEST_LABEL - 1] + "…"
    return f" {shown}" if shown.startswith("_") else shown


def percent_ticks() -> FuncFormatter:
    """Shares as percentages: .0005 as 0.05 %."""
    return FuncFormatter(lambda share, _: f"{100 * share:.3g} %")


def plain_ticks() -> FuncFormatter:
    """Numbers as they are written, on a logarithmic axis too."""
    return FuncFormatter(lambda value, _: f"{value:,.5g}")


def log_ticks(low: float, high: float) -> LogLocator:
    """A tick a decade on a logarithmic axis; three where that would leave hardly any."""
    return LogLocator(subs=(1.0, 2.0, 5.0) if high < 200 * low else (1.0,))


def svg(figure: Figure) -> str:
    """The figure as an `<svg>` element to put into a page.

    The same figure always gives the same text: no date, no random ids. Text stays text. All ids
    start with a name made from figure and title, so that figures in one page do not share any.
    """
    stream = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(stream, format="svg", metadata=_NO_METADATA)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    title = str(figure.get_label())
    seen = (title + text).encode("utf-8", "backslashreplace")
    prefix = f"f{hashlib.sha256(seen).hexdigest()[:10]}-"
    # Matplotlib escapes < and > in text and attributes, so a tag is all between one pair of them.
    text = re.sub(r"<[^<>]+>", lambda tag: _prefix_ids(tag[0], prefix), text)
    label = escape(title, quote=True)
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _prefix_ids(tag: str, prefix: str) -> str:
    tag = re.sub(r'\bid="', f'id="{prefix}', tag)
    tag = re.sub(r'href="#', f'href="#{prefix}', tag)
    return re.sub(r"url\(#", f"url(#{prefix}", tag)

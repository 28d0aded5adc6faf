"""The forms that alerts are written in, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from oddflow.alerts import cef, ecs, eve, notice, ocsf, table
from oddflow.alerts.alert import Alert


class Format(Protocol):
    """How alerts are written; the modules of the formats are of this form.

    Both are pure: the same alert gives the same bytes, and nothing is kept between alerts, so that
    lines may be written in any order, into any number of files, and sent one by one.
    """

    def header(self) -> bytes:
        """What a file begins with; empty for most formats. No format ends with anything."""
        ...

    def line(self, alert: Alert) -> bytes:
        """One alert: one line with its end, whatever the values in it."""
        ...


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"eve": eve, "ecs": ecs, "ocsf": ocsf, "notice": notice, "cef": cef, "csv": table}
)
"""`eve` is the default."""

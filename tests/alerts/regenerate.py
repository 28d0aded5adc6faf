"""Write the golden files anew: `python -m tests.alerts.regenerate`; then read the difference."""

from __future__ import annotations

from pathlib import Path

from oddflow import __version__
from oddflow.alerts.formats import FORMATS, Format
from tests.alerts.samples import GOLDEN

FOLDER = Path(__file__).parent / "golden"
VERSION_MARK = b"@VERSION@"
"""Stands in the files for oddflow's version, so that a release does not change them."""


def content(form: Format) -> bytes:
    """A whole file of the fixed alerts."""
    return form.header() + b"".join(form.line(alert) for alert in GOLDEN)


def marked(data: bytes) -> bytes:
    """With the mark in place of the version, where it stands alone as one."""
    version = __version__.encode()
    for left, right in ((b'"', b'"'), (b"|", b"|")):
        data = data.replace(left + version + right, left + VERSION_MARK + right)
    return data


def main() -> None:
    for name, form in FORMATS.items():
        (FOLDER / f"{name}.txt").write_bytes(marked(content(form)))


if __name__ == "__main__":
    main()

"""A log, and somebody who follows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.following import Following


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "conn.log"


@pytest.fixture
def following(log: Path) -> Iterator[Following]:
    one = Following(log)
    yield one
    one.tail.close()

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def no_corpora(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODDFLOW_DATA", raising=False)


RowMaker = Callable[..., str]


@pytest.fixture(scope="session")
def row() -> RowMaker:
    """Makes a right row of 43 fields, some of them replaced by zero-based position."""

    def make(replaced: dict[int, str] | None = None, *, width: int = 43) -> str:
        fields = ["0", "tcp", "http", "SF", "181", "5450", *["0"] * 16, "8", "8"]
        fields += ["0.00", "0.00", "0.00", "0.00", "1.00", "0.00", "0.00", "9", "9"]
        fields += ["1.00", "0.00", "0.11", "0.00", "0.00", "0.00", "0.00", "0.00", "normal", "21"]
        for position, value in (replaced or {}).items():
            fields[position] = value
        return ",".join(fields[:width])

    return make

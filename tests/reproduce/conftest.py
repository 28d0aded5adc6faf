"""A toy corpus among the corpora of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from oddflow.evaluate.protocols import Protocol, official
from oddflow.reproduce.splits import SPLITS, split_of
from tests.toy import toy_corpus


def _toy_split(_data_dir: Path | None, *, name: str) -> Protocol:
    train = toy_corpus(400, 150, name="toy training")
    test = toy_corpus(100, 60, seed=1, name="toy test", attacks=("neptune", "mscan"))
    split = official(train, [test])
    return Protocol(name, split.train, split.known_attacks, split.test_sets, split.notes)


@pytest.fixture
def toy_splits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """("toy", "official") and ("toy", "random-split") are splits, of the same records."""
    split_of.cache_clear()
    for name in ("official", "random-split"):
        monkeypatch.setitem(SPLITS, ("toy", name), partial(_toy_split, name=name))
    yield
    split_of.cache_clear()

"""The automaton finds what a plain search finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oddflow.ingest.keywords import MAX_WORDS, automaton

words = st.lists(st.text("abn\n", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


@given(words, st.text("abnABN\n", max_size=40))
def test_it_finds_every_word_where_it_ends(names: list[str], text: str) -> None:
    machine = automaton([name.encode() for name in names])
    state = 0
    for i, byte in enumerate(text.encode()):
        state = machine.following[state, byte]
        ends = {j for j, name in enumerate(names) if text[: i + 1].lower().endswith(name)}
        assert {j for j in range(len(names)) if machine.found[state] >> j & 1} == ends


@pytest.mark.parametrize("bad", [[b""], [b"A"], [b"%d" % i for i in range(MAX_WORDS + 1)]])
def test_words_that_it_cannot_hold_are_refused(bad: list[bytes]) -> None:
    with pytest.raises(ValueError, match="small letters"):
        automaton(bad)

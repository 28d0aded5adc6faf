"""Many words looked for at once, each byte read once: the automaton of Aho and Corasick (1975)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_WORDS = 63
"""Words are bits of one number."""
N_BYTES = 256


class Automaton(NamedTuple):
    """What follows each state for each byte, and which words end there.

    Attributes:
        following: shape (states, 256).
        found: bit i set where word i ends, shape (states,).
    """

    following: NDArray[np.int16]
    found: NDArray[np.int64]

    def after(self, text: bytes) -> int:
        """The state after some bytes, from state 0."""
        state = 0
        for byte in text:
            state = int(self.following[state, byte])
        return state


def automaton(words: Sequence[bytes]) -> Automaton:
    """Build it; capital letters of the stream are taken for small ones.

    Raises:
        ValueError: too many words, an empty one, or one with capital letters.
    """
    if len(words) > MAX_WORDS or not all(words) or any(word != word.lower() for word in words):
        raise ValueError(f"expected up to {MAX_WORDS} words in small letters, received {words!r}")
    children: list[dict[int, int]] = [{}]
    found = [0]
    for i, word in enumerate(words):
        state = 0
        for byte in word:
            if byte not in children[state]:
                children[state][byte] = len(children)
                children.append({})
                found.append(0)
            state = children[state][byte]
        found[state] |= 1 << i
    following = _completed(children, found)
    for upper in range(ord("A"), ord("Z") + 1):
        following[:, upper] = following[:, upper + 32]
    return Automaton(following, np.array(found, dtype=np.int64))


def _completed(children: list[dict[int, int]], found: list[int]) -> NDArray[np.int16]:
    """Follow the longest end of what was read that is a beginning of a word."""
    following = np.zeros((len(children), N_BYTES), dtype=np.int16)
    fallback = [0] * len(children)
    for byte, child in children[0].items():
        following[0, byte] = child
    waiting = deque(children[0].values())
    while waiting:
        state = waiting.popleft()
        found[state] |= found[fallback[state]]
        following[state] = following[fallback[state]]
        for byte, child in children[state].items():
            fallback[child] = int(following[fallback[state], byte])
            following[state, byte] = child
            waiting.append(child)
    return following

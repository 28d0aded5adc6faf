"""The 13 content features of KDD from the payload of text protocols, as it comes. Compiled.

`oddflow.ingest.content_rules` has the words. What NSL-KDD's own records show is followed:
`logged_in` is 1 in ftp, telnet and mailboxes after a login that succeeded, and elsewhere wherever
both ends have sent payload; `num_outbound_cmds` and `is_host_login` stay 0, as there.

Payload is read where it lies beyond all that came before, and `MAX_BYTES` of each direction: words
in what was lost, or came out of order, are missed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled
from oddflow.core.connection import N_CONTENT
from oddflow.ingest.content_rules import OF_GUESTS, RULES, Content, Group
from oddflow.ingest.fields import Data
from oddflow.ingest.keywords import Automaton, automaton

MAX_BYTES = 1 << 16
"""Payload of each direction that is read."""
MOST = 1 << 20
"""No counter goes further."""
N_COLUMNS = len(Content)

Row = NDArray[np.int64]


class _Readers(NamedTuple):
    """Automata for what each end of each group of services says, one below another.

    Attributes:
        following: state and byte -> state, shape (states, 256).
        found: bit i set where the word of rule i ends, shape (states,).
        roots: state of each reader in which no word has begun, shape (readers,).
        starts: its state at the start of a line, shape (readers,).
        stays: reader and byte -> no word begins with it, shape (readers, 256).
    """

    following: NDArray[np.int16]
    found: NDArray[np.int64]
    roots: NDArray[np.int64]
    starts: NDArray[np.int64]
    stays: NDArray[np.bool_]


def _readers() -> _Readers:
    machines, masks = [], []
    for group in Group:
        for by_orig in (False, True):
            mine = [i for i, r in enumerate(RULES) if group in r.groups and r.by_orig == by_orig]
            machine = automaton([RULES[i].word for i in mine])
            machines.append(machine)
            masks.append(_renumbered(machine, mine))
    roots = np.cumsum([0, *(len(machine.found) for machine in machines[:-1])])
    placed = list(zip(machines, roots.tolist(), strict=True))
    return _Readers(
        np.concatenate([(one.following + root).astype(np.int16) for one, root in placed]),
        np.concatenate(masks),
        roots.astype(np.int64),
        np.array([one.after(b"\n") + root for one, root in placed], dtype=np.int64),
        np.stack([one.following[0] == 0 for one in machines]),
    )


def _renumbered(machine: Automaton, rules: list[int]) -> NDArray[np.int64]:
    """Words found, as bits of rules instead of words of this machine."""
    masks = np.zeros(len(machine.found), dtype=np.int64)
    for i, rule in enumerate(rules):
        masks |= ((machine.found >> i) & 1) << rule
    return masks


_FOLLOWING, _FOUND, _ROOTS, _STARTS, _STAYS = _readers()
_FEATURES = np.array([rule.feature.value for rule in RULES], dtype=np.int64)
_IS_FLAG = np.array([rule.is_flag for rule in RULES])
_IS_OF_GUESTS = np.isin(np.arange(len(RULES)), OF_GUESTS)
_HTTP = Group.HTTP.value
_HAS_LOGIN = np.isin([group.value for group in Group], [Group.FTP, Group.LOGIN, Group.MAILBOX])


@compiled
def begin_content(content: Row, group: int) -> None:
    """Before the first byte, which starts a line."""
    content[:] = 0
    content[Content.RESP_AT], content[Content.ORIG_AT] = _STARTS[2 * group], _STARTS[2 * group + 1]


@compiled
def read_content(content: Row, group: int, is_orig: bool, data: Data, start: int, end: int) -> None:
    """Read the payload `data[start:end]` of one end, which follows what was read of it before.

    Args:
        content: columns of `Content`, changed in place.
        group: `Group` of the service, not `NONE`.
        is_orig: the originator sent it.
        data: a buffer.
        start: where the payload starts.
        end: where it ends.
    """
    at = Content.ORIG_AT.value if is_orig else Content.RESP_AT.value
    read = Content.ORIG_READ.value if is_orig else Content.RESP_READ.value
    stop = min(end, start + MAX_BYTES - content[read])
    if stop <= start:
        return
    if is_orig and content[Content.ROOT_SHELL]:
        content[Content.NUM_ROOT] += _n_lines(data, start, stop)
    reader = 2 * group + (1 if is_orig else 0)
    content[at] = _scan(content, reader, content[at], data, start, stop)
    content[read] += stop - start


@compiled
def _scan(content: Row, reader: int, state: int, data: Data, start: int, stop: int) -> int:
    """Count the words in `data[start:stop]`; the state at its end."""
    root, i = _ROOTS[reader], start
    while i < stop:
        if state == root:  # most bytes begin no word
            while i < stop and _STAYS[reader, data[i]]:
                i += 1
            if i == stop:
                break
        state = int(_FOLLOWING[state, data[i]])
        if _FOUND[state] != 0:
            _count(content, _FOUND[state])
        i += 1
    return int(state)


@compiled
def _n_lines(data: Data, start: int, stop: int) -> int:
    n = 0
    for i in range(start, stop):
        n += 1 if data[i] == 10 else 0
    return n


@compiled
def _count(content: Row, found: int) -> None:
    for i in range(len(_FEATURES)):
        if (found >> i) & 1 == 0:
            continue
        if _IS_OF_GUESTS[i] and content[Content.IS_GUEST_LOGIN] == 0:
            continue
        feature = _FEATURES[i]
        content[feature] = 1 if _IS_FLAG[i] else min(content[feature] + 1, MOST)


@compiled
def finish_content(content: Row, group: int, is_both_ways: bool) -> None:
    """What can be said only at the end: whether a service without a login of its own let in."""
    if not _HAS_LOGIN[group] and is_both_ways:
        content[Content.LOGGED_IN] = 1
    if content[Content.NUM_ACCESS_FILES] > 0 or content[Content.NUM_COMPROMISED] > 0:
        content[Content.HOT] += content[Content.NUM_ACCESS_FILES]
        content[Content.HOT] += content[Content.NUM_COMPROMISED] if group == _HTTP else 0


assert Content.IS_GUEST_LOGIN == N_CONTENT - 1  # noqa: S101 - the features come first

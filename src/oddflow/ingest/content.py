"""The 13 content features of KDD from the payload of text protocols, as it comes. Compiled.

Lee and Stolfo (2000) name the features; the scripts that made them were not published, so that the
words below are our choice, as are the ports (`GROUPS`). What NSL-KDD's own records show is
followed: `logged_in` is 1 in ftp, telnet and mailboxes after a login that succeeded, and elsewhere
wherever both ends have sent payload; `num_outbound_cmds` and `is_host_login` stay 0, as there.

Payload is read where it lies beyond all that came before, and `MAX_BYTES` of each direction: words
in what was lost, or came out of order, are missed.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from oddflow.core.compiled import compiled
from oddflow.core.connection import N_CONTENT
from oddflow.ingest.fields import Data
from oddflow.ingest.keywords import automaton

MAX_BYTES = 1 << 16
"""Payload of each direction that is read."""

Row = NDArray[np.int64]


class Content(IntEnum):
    """Columns of a connection's content: the features in KDD's order, then what is remembered."""

    HOT = 0
    NUM_FAILED_LOGINS = 1
    LOGGED_IN = 2
    NUM_COMPROMISED = 3
    ROOT_SHELL = 4
    SU_ATTEMPTED = 5
    NUM_ROOT = 6
    NUM_FILE_CREATIONS = 7
    NUM_SHELLS = 8
    NUM_ACCESS_FILES = 9
    NUM_OUTBOUND_CMDS = 10
    IS_HOST_LOGIN = 11
    IS_GUEST_LOGIN = 12
    ORIG_AT = 13  # state of the automaton after what the originator sent
    RESP_AT = 14
    ORIG_READ = 15  # bytes
    RESP_READ = 16


N_COLUMNS = len(Content)


class Group(IntFlag):
    """Services that speak alike."""

    NONE = 0
    FTP = 1
    LOGIN = 2
    SMTP = 4
    HTTP = 8
    MAILBOX = 16


_PORTS = {
    Group.FTP: (21,),
    Group.LOGIN: (23, 513, 514),
    Group.SMTP: (25, 587),
    Group.HTTP: (80, 2784, 3128, 8000, 8001, 8080),
    Group.MAILBOX: (110, 143),
}
GROUPS = np.zeros(1 << 16, dtype=np.int64)
"""`Group` of each port of a responder; payload of others is not read."""
for _group, _ports in _PORTS.items():
    GROUPS[list(_ports)] = int(_group)


class Rule(NamedTuple):
    """What a word adds.

    word: small letters; a line break before it means the start of a line; by_orig: looked for in
    what the originator sends; groups: and with these services only; feature: a column of
    `Content`; is_flag: set to 1 instead of counted.
    """

    word: bytes
    by_orig: bool
    groups: Group
    feature: Content
    is_flag: bool = False


_ANY = Group.FTP | Group.LOGIN | Group.SMTP | Group.HTTP | Group.MAILBOX
_O, _R = True, False
_FTP, _LOGIN, _HTTP = Group.FTP, Group.LOGIN, Group.HTTP

RULES = (
    Rule(b"login incorrect", _R, _LOGIN, Content.NUM_FAILED_LOGINS),
    Rule(b"authentication failure", _R, _LOGIN, Content.NUM_FAILED_LOGINS),
    Rule(b"\n530 ", _R, _FTP, Content.NUM_FAILED_LOGINS),
    Rule(b"\n535 ", _R, Group.SMTP, Content.NUM_FAILED_LOGINS),
    Rule(b"\n-err", _R, Group.MAILBOX, Content.NUM_FAILED_LOGINS),
    Rule(b" no [authenticationfailed]", _R, Group.MAILBOX, Content.NUM_FAILED_LOGINS),
    Rule(b"\n230 ", _R, _FTP, Content.LOGGED_IN, is_flag=True),
    Rule(b"last login", _R, _LOGIN, Content.LOGGED_IN, is_flag=True),
    Rule(b"\n+ok logged in", _R, Group.MAILBOX, Content.LOGGED_IN, is_flag=True),
    Rule(b"ok logged in", _R, Group.MAILBOX, Content.LOGGED_IN, is_flag=True),
    Rule(b"not found", _R, _LOGIN, Content.NUM_COMPROMISED),
    Rule(b"no such file", _R, _LOGIN, Content.NUM_COMPROMISED),
    Rule(b"permission denied", _R, _LOGIN, Content.NUM_COMPROMISED),
    Rule(b"root@", _R, _LOGIN, Content.ROOT_SHELL, is_flag=True),
    Rule(b"\n# ", _R, _LOGIN, Content.ROOT_SHELL, is_flag=True),
    Rule(b"uid=0(root)", _R, _ANY, Content.ROOT_SHELL, is_flag=True),
    Rule(b"\nsu root", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\nsu -", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\nsu\r", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\nsudo ", _O, _LOGIN, Content.SU_ATTEMPTED),
    Rule(b"\ntouch ", _O, _LOGIN, Content.NUM_FILE_CREATIONS),
    Rule(b"\nmkdir ", _O, _LOGIN, Content.NUM_FILE_CREATIONS),
    Rule(b" > ", _O, _LOGIN, Content.NUM_FILE_CREATIONS),
    Rule(b"\nstor ", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"\nstou", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"\nappe ", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"\nmkd ", _O, _FTP, Content.NUM_FILE_CREATIONS),
    Rule(b"/bin/sh", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"/bin/bash", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"/bin/csh", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"cmd.exe", _O, _ANY, Content.NUM_SHELLS),
    Rule(b"/etc/passwd", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b"/etc/shadow", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b".rhosts", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b"hosts.equiv", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b".htpasswd", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b".htaccess", _O, _ANY, Content.NUM_ACCESS_FILES),
    Rule(b"../", _O, _HTTP | _FTP, Content.HOT),
    Rule(b"..%2f", _O, _HTTP, Content.HOT),
    Rule(b"/cgi-bin/phf", _O, _HTTP, Content.HOT),
    Rule(b"/" * 32, _O, _HTTP, Content.NUM_COMPROMISED),
    Rule(b"site exec", _O, _FTP, Content.HOT),
    Rule(b"\ncwd /etc", _O, _FTP, Content.HOT),
    Rule(b"\ncwd /bin", _O, _FTP, Content.HOT),
    Rule(b"\ngcc ", _O, _LOGIN, Content.HOT),
    Rule(b"\nperl -e", _O, _LOGIN, Content.HOT),
    Rule(b"\nchmod +s", _O, _LOGIN, Content.HOT),
    Rule(b"\nuser anonymous", _O, _FTP, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nuser ftp\r", _O, _FTP, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nuser guest", _O, _FTP, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nguest\r", _O, _LOGIN, Content.IS_GUEST_LOGIN, is_flag=True),
    Rule(b"\nretr ", _O, _FTP, Content.HOT),
    Rule(b"\nlist", _O, _FTP, Content.HOT),
)
"""The last two count in a guest's session alone, where KDD has the most hot indicators."""

_OF_GUESTS = (len(RULES) - 2, len(RULES) - 1)
_AUTOMATON = automaton([rule.word for rule in RULES])
_FOLLOWING, _FOUND = _AUTOMATON
_LINE_START = _AUTOMATON.after(b"\n")
_BY_ORIG = np.array([rule.by_orig for rule in RULES])
_GROUPS = np.array([int(rule.groups) for rule in RULES], dtype=np.int64)
_FEATURES = np.array([int(rule.feature) for rule in RULES], dtype=np.int64)
_IS_FLAG = np.array([rule.is_flag for rule in RULES])
_IS_OF_GUESTS = np.isin(np.arange(len(RULES)), _OF_GUESTS)
_OF_HTTP = int(Group.HTTP)
_WITH_LOGIN = int(Group.FTP | Group.LOGIN | Group.MAILBOX)
MOST = 1 << 20
"""No counter goes further."""


@compiled
def begin_content(content: Row) -> None:
    """Before the first byte, which starts a line."""
    content[:] = 0
    content[Content.ORIG_AT] = content[Content.RESP_AT] = _LINE_START


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
    state, was_root = content[at], content[Content.ROOT_SHELL]
    stop = min(end, start + MAX_BYTES - content[read])
    for i in range(start, stop):
        state = np.int64(_FOLLOWING[state, data[i]])
        if _FOUND[state] != 0:
            _count(content, group, is_orig, _FOUND[state])
        if is_orig and was_root and data[i] == 10:
            content[Content.NUM_ROOT] += 1
    content[at] = state
    content[read] += max(0, stop - start)


@compiled
def _count(content: Row, group: int, is_orig: bool, found: int) -> None:
    for i in range(len(_FEATURES)):
        if (found >> i) & 1 == 0 or _BY_ORIG[i] != is_orig or _GROUPS[i] & group == 0:
            continue
        if _IS_OF_GUESTS[i] and content[Content.IS_GUEST_LOGIN] == 0:
            continue
        feature = _FEATURES[i]
        content[feature] = 1 if _IS_FLAG[i] else min(content[feature] + 1, MOST)


@compiled
def finish_content(content: Row, group: int, is_both_ways: bool) -> None:
    """What can be said only at the end: whether a service without a login of its own let in."""
    if group & _WITH_LOGIN == 0 and is_both_ways:
        content[Content.LOGGED_IN] = 1
    if content[Content.NUM_ACCESS_FILES] > 0 or content[Content.NUM_COMPROMISED] > 0:
        content[Content.HOT] += content[Content.NUM_ACCESS_FILES]
        content[Content.HOT] += content[Content.NUM_COMPROMISED] if group == _OF_HTTP else 0


assert Content.IS_GUEST_LOGIN == N_CONTENT - 1  # noqa: S101 - the features come first
